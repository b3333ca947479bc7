"""Payloads: bank data of persons, read with a permission of its own.

`read_payload` is the only way to them in the console, so that nobody reads one
without leaving a trace.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.console.registry import may
from apps.webhooks.models import WebhookData
from apps.webhooks.target import Content

PERMISSION: Final = "webhooks.view_payload"


def read_payload(reader: User | AnonymousUser, data_id: int) -> Content | None:
    """What a delivery tells; None once retention or erasure has removed it.

    Raises `PermissionDenied` for who may not read it. Reading is put on record.
    """
    if not may(reader, PERMISSION):
        raise PermissionDenied
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
