from django.db import migrations, models


class Migration(migrations.Migration):
    """Null at first: no row is written anew."""

    dependencies = [
        ('webhooks', '0009_roles'),
    ]

    operations = [
        migrations.AddField(
            model_name='deliveryattempt',
            name='certificate_ends_at',
            field=models.DateTimeField(null=True),
        ),
    ]
