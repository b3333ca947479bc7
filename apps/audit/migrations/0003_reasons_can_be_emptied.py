"""Erasing a person takes out why something was done; the trigger lets nothing else by."""

from __future__ import annotations

from django.db import migrations

LET_BY = """
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.reason = ''
        AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit trail is neither changed nor deleted.'
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
KEEP = """
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is neither changed nor deleted.'
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_role")]
    operations = [migrations.RunSQL(LET_BY, KEEP)]
