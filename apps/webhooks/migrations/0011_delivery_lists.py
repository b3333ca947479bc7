from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

INDEXES = {
    'deliveryattempt': [
        models.Index(fields=['webhook_data', 'id'], name='attempt_of_delivery'),
        models.Index(
            'cause',
            Coalesce(F('status') / 100, 0),
            'webhook_data',
            name='attempt_outcome',
            condition=~Q(cause='accepted'),
        ),
    ],
    'webhookdata': [
        models.Index(fields=['webhook', 'id'], name='webhookdata_of_webhook'),
        models.Index(
            fields=['webhook', 'id'],
            name='webhookdata_failing',
            condition=Q(state=1, attempts__gt=0),
        ),
    ],
}


def build(model, index):
    """What an interruption left is built again."""
    return [
        migrations.RunSQL(
            f'DROP INDEX CONCURRENTLY IF EXISTS {index.name}', migrations.RunSQL.noop
        ),
        AddIndexConcurrently(model_name=model, index=index),
    ]


class Migration(migrations.Migration):
    """What the console's lists read by; built while deliveries are recorded."""

    atomic = False

    dependencies = [
        ('webhooks', '0010_certificate_ends'),
    ]

    operations = [
        *(
            operation
            for model, indexes in INDEXES.items()
            for index in indexes
            for operation in build(model, index)
        ),
        RemoveIndexConcurrently(model_name='deliveryattempt', name='attempt_of_data'),
    ]
