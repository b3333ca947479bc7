from django.db import migrations

# By default a table of ten million rows is vacuumed and analysed once two million have
# changed. An unsent row is one of the newest and changes within milliseconds: the
# planner should know, and what deliveries leave behind should be small whenever it is
# cleared away. A lease changes with every run of a pump, in a table of some pages.
OPTIONS = {
    'webhooks_webhookdata': """autovacuum_vacuum_scale_factor = 0.01,
        autovacuum_vacuum_insert_scale_factor = 0.02,
        autovacuum_analyze_scale_factor = 0.01""",
    'webhooks_deliveryattempt': """autovacuum_vacuum_scale_factor = 0.01,
        autovacuum_vacuum_insert_scale_factor = 0.02,
        autovacuum_analyze_scale_factor = 0.02""",
    'webhooks_lease': """autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = 1000""",
}


class Migration(migrations.Migration):
    """Storage parameters: no lock that a delivery would wait for."""

    dependencies = [
        ('webhooks', '0014_purge_passes'),
    ]

    operations = [
        migrations.RunSQL(
            f'ALTER TABLE {table} SET ({options})',
            f'ALTER TABLE {table} RESET ('
            + ', '.join(each.split('=')[0].strip() for each in options.split(','))
            + ')',
        )
        for table, options in OPTIONS.items()
    ]
