from django.db import migrations, models


class Migration(migrations.Migration):
    """Null at first: no row is written anew."""

    dependencies = [
        ('event_log', '0005_erasure'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='body_removed_at',
            field=models.DateTimeField(null=True),
        ),
    ]
