import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while events happen; what an interruption left is built again."""

    atomic = False

    dependencies = [
        ('event_log', '0003_users_and_clients'),
    ]

    operations = [
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS event_of_user',
            migrations.RunSQL.noop,
        ),
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(fields=['user', 'id'], name='event_of_user'),
        ),
        migrations.AlterField(
            model_name='event',
            name='user',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='event_log.enduser'),
        ),
    ]
