"""Payloads: bank data of persons, read with a permission of its own.

`read_payload` is the only way to them in the console.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied

from apps.webhooks.console.registry import may
from apps.webhooks.reading import read_content
from apps.webhooks.target import Content

PERMISSION: Final = "webhooks.view_payload"


def read_payload(reader: User | AnonymousUser, data_id: int) -> Content | None:
    """What a delivery tells; None once retention or erasure has removed it.

    Raises `PermissionDenied` for who may not read it. Reading is put on record.
    """
    if not may(reader, PERMISSION):
        raise PermissionDenied
    return read_content(data_id)
