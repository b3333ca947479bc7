"""Additional members of the bodies: what a webhook adds, and what it added.

Safe while the service runs: the columns have defaults of the database's own, so
workers of the previous release go on writing rows.
"""

from __future__ import annotations

from django.db import migrations, models

# Whatever else stood there would stop every emission of the webhook's event.
CREATE = """
ALTER TABLE webhooks_webhook ADD CONSTRAINT webhook_add_to_data_is_object
    CHECK (jsonb_typeof(add_to_data) = 'object')
"""
DROP = "ALTER TABLE webhooks_webhook DROP CONSTRAINT webhook_add_to_data_is_object"


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0004_alerts")]
    operations = [
        migrations.AddField(
            model_name="webhook",
            name="add_to_data",
            field=models.JSONField(blank=True, default=dict, db_default={}),
        ),
        migrations.RunSQL(CREATE, DROP),
        migrations.AddField(
            model_name="webhookdata",
            name="extra",
            field=models.TextField(null=True),
        ),
    ]
