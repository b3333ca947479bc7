"""What is left of the connections of users who are gone: no credentials, or nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from apps.connections.models import Account, Connection, Subscription


def erase_connections(users: Collection[int], *, now: datetime) -> None:
    """Delete the connections of users silently, in the caller's transaction."""
    Connection.objects.filter(user__in=users, deleted_at__isnull=True).update(
        deleted_at=now, fields=None, next_sync_at=None
    )


def forget_connections(users: Collection[int], *, now: datetime) -> list[int]:
    """Likewise, and leave nothing of what was found behind them but numbers: theirs."""
    erase_connections(users, now=now)
    of_users = Connection.objects.filter(user__in=users)
    Account.objects.filter(connection__in=of_users).delete()
    Subscription.objects.filter(connection__in=of_users).delete()
    of_users.update(fields=None, error_message=None)
    return list(of_users.values_list("pk", flat=True))
