from django.db import migrations, models
from django.db.models import Q

# Each by itself: what is built or dropped while it is in use has no transaction. What
# an interruption left is built again.
REBUILD = (
    'DROP INDEX CONCURRENTLY IF EXISTS webhookdata_of_webhook_new',
    'CREATE INDEX CONCURRENTLY webhookdata_of_webhook_new'
    ' ON webhooks_webhookdata (webhook_id, id) WHERE webhook_id IS NOT NULL',
    'DROP INDEX CONCURRENTLY IF EXISTS webhookdata_of_webhook',
    'ALTER INDEX webhookdata_of_webhook_new RENAME TO webhookdata_of_webhook',
)


class Migration(migrations.Migration):
    """The index of a webhook's list is no way to look up a row by its id alone."""

    atomic = False

    dependencies = [
        ('webhooks', '0016_pauses'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Either index serves the former release as well.
            database_operations=[
                migrations.RunSQL(each, migrations.RunSQL.noop) for each in REBUILD
            ],
            state_operations=[
                migrations.RemoveIndex('webhookdata', 'webhookdata_of_webhook'),
                migrations.AddIndex(
                    'webhookdata',
                    models.Index(
                        fields=['webhook', 'id'],
                        name='webhookdata_of_webhook',
                        condition=Q(webhook__isnull=False),
                    ),
                ),
            ],
        ),
    ]
