from django.db import migrations, models
from django.db.models import Q

# Each by itself: what is built or dropped while it is in use has no transaction. What
# an interruption left is built again.
REBUILD = (
    'DROP INDEX CONCURRENTLY IF EXISTS event_of_user_new',
    'CREATE INDEX CONCURRENTLY event_of_user_new'
    ' ON event_log_event (user_id, id) WHERE user_id IS NOT NULL',
    'DROP INDEX CONCURRENTLY IF EXISTS event_of_user',
    'ALTER INDEX event_of_user_new RENAME TO event_of_user',
)


class Migration(migrations.Migration):
    """The index of a user's events is no way to look up an event by its id alone."""

    atomic = False

    dependencies = [
        ('event_log', '0009_resource'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Either index serves the former release as well.
            database_operations=[
                migrations.RunSQL(each, migrations.RunSQL.noop) for each in REBUILD
            ],
            state_operations=[
                migrations.RemoveIndex('event', 'event_of_user'),
                migrations.AddIndex(
                    'event',
                    models.Index(
                        fields=['user', 'id'],
                        name='event_of_user',
                        condition=Q(user__isnull=False),
                    ),
                ),
            ],
        ),
    ]
