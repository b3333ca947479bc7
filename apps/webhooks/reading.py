"""Reading what a delivery tells: bank data of persons, so that each look is on record.

The one way to it for the console and the API.
"""

from __future__ import annotations

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.models import WebhookData
from apps.webhooks.target import Content


def read_content(data_id: int) -> Content | None:
    """What there is to send; None once retention or erasure has removed it."""
    with transaction.atomic():
        record(Action.DELIVERY_READ, data_id)
        row = WebhookData.objects.select_related("event").get(pk=data_id)
    event = row.event
    if event.cfonb is not None:
        return Content(event.cfonb.encode("ascii"), is_cfonb=True)
    if event.payload is None:
        return None
    extra = None if row.extra is None else row.extra.encode()
    return Content(event.payload.encode(), extra=extra)
