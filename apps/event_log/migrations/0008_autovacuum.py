from django.db import migrations

# As in webhooks 0015; bodies of more than 2 KB are beside the table, and retention
# empties both.
SET = """
ALTER TABLE event_log_event SET (autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.01,
    toast.autovacuum_vacuum_scale_factor = 0.01)
"""
RESET = """
ALTER TABLE event_log_event RESET (autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor,
    toast.autovacuum_vacuum_scale_factor)
"""


class Migration(migrations.Migration):
    """Storage parameters: no lock that an emission would wait for."""

    dependencies = [
        ('event_log', '0007_event_with_body'),
    ]

    operations = [migrations.RunSQL(SET, RESET)]
