from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while attempts are recorded; what an interruption left is built again."""

    atomic = False

    dependencies = [
        ('webhooks', '0007_quarantined_index'),
    ]

    operations = [
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS attempt_failed',
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name='deliveryattempt',
            index=models.Index(condition=models.Q(('cause', 'accepted'), _negated=True), fields=['id'], name='attempt_failed'),
        ),
    ]
