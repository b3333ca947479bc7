from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """In which replays a delivery is; built while replays run."""

    atomic = False

    dependencies = [
        ('webhooks', '0012_heartbeats'),
    ]

    operations = [
        # What an interruption left is built again.
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS replayitem_of_data',
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name='replayitem',
            index=models.Index(fields=['webhook_data'], name='replayitem_of_data'),
        ),
    ]
