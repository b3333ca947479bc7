"""The audit trail, and the trigger that keeps it as it was written."""

from __future__ import annotations

import django.db.models.functions.datetime
from django.db import migrations, models

# A row is written once. Whoever may drop the trigger may change the rows: keep that
# right from the account that the service uses, where that matters.
KEEP = """
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is neither changed nor deleted.'
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_keep();
"""
UNKEEP = """
DROP TRIGGER audit_keep ON audit_auditentry;
DROP FUNCTION audit_keep();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("actor_kind", models.CharField(max_length=8)),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_label", models.CharField(default="", max_length=64)),
                ("action", models.CharField(max_length=40)),
                ("target_kind", models.CharField(max_length=20)),
                ("target_id", models.BigIntegerField(null=True)),
                ("old", models.JSONField(default=dict)),
                ("new", models.JSONField(default=dict)),
                ("reason", models.CharField(default="", max_length=500)),
                ("address", models.CharField(default="", max_length=45)),
                ("request_id", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "indexes": [
                    models.Index(fields=["at"], name="audit_at"),
                    models.Index(fields=["target_kind", "target_id"], name="audit_target"),
                    models.Index(fields=["actor_kind", "actor_id"], name="audit_actor"),
                ],
            },
        ),
        migrations.RunSQL(KEEP, UNKEEP),
    ]
