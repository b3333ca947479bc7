"""Every webhook has a lease row from its first moment, however it was inserted."""

from __future__ import annotations

from django.db import migrations

CREATE = """
CREATE FUNCTION webhooks_add_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhooks_lease (webhook_id, holder) VALUES (NEW.id, '');
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_add_lease AFTER INSERT ON webhooks_webhook
    FOR EACH ROW EXECUTE FUNCTION webhooks_add_lease();
"""
DROP = """
DROP TRIGGER webhooks_add_lease ON webhooks_webhook;
DROP FUNCTION webhooks_add_lease();
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
