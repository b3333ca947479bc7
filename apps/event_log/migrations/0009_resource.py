from django.db import migrations, models


class Migration(migrations.Migration):
    """Null at first: no row is written anew."""

    dependencies = [
        ('event_log', '0008_autovacuum'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='resource',
            field=models.BigIntegerField(null=True),
        ),
    ]
