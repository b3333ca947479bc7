from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while emissions go on; what an interruption left is built again."""

    atomic = False

    dependencies = [
        ('webhooks', '0006_replay'),
    ]

    operations = [
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS webhookdata_quarantined',
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name='webhookdata',
            index=models.Index(condition=models.Q(('state', 4)), fields=['webhook'], name='webhookdata_quarantined'),
        ),
    ]
