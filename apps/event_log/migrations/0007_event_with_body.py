from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """What retention reads by; built while events are emitted."""

    atomic = False

    dependencies = [
        ('event_log', '0006_body_removed_at'),
    ]

    operations = [
        # What an interruption left is built again.
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS event_with_body',
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(
                fields=['id'],
                name='event_with_body',
                condition=Q(body_removed_at__isnull=True),
            ),
        ),
    ]
