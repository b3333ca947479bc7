"""What is left of the connections of users who are deleted: no credentials."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from apps.connections.models import Connection


def erase_connections(users: Collection[int], *, now: datetime) -> None:
    """Delete the connections of users silently, in the caller's transaction."""
    Connection.objects.filter(user__in=users, deleted_at__isnull=True).update(
        deleted_at=now, fields=None, next_sync_at=None
    )
