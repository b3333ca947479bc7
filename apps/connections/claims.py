"""Who may synchronise a connection now.

A claim is a token in the connection's row. Whoever takes the next one displaces the
holder: every phase begins with `hold`, which locks the row and finds out. So two
beats, or a beat and a user, never synchronise a connection at the same time, and a
holder that was only slow tells nothing after its successor has begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.connections.models import Connection
from apps.event_log.models import EndUser

# Longer than a task or a request may run: past that, its process is dead.
LEASE: Final = timedelta(minutes=5)


class Busy(Exception):
    """Somebody is synchronising the connection."""


class UpToDate(Exception):
    """The connection was synchronised a moment ago."""


class Displaced(Exception):
    """The claim is no longer good: another was taken, or the connection deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to synchronise. `began`: when the synchronisation did, the first time.

    `attempt` counts from 1; above that it is being repeated.
    """

    connection: int
    user: int
    token: int
    number: int
    attempt: int
    began: datetime


def lock_temporary(user: int) -> None:
    """Lock a temporary user before its connections, as whoever drops it does.

    Emitting locks it anyway, and in the other order they would wait for each other.
    """
    users = EndUser.objects.filter(pk=user, permanent_at__isnull=True)
    users.select_for_update(no_key=True).values_list("pk").first()


def live() -> QuerySet[Connection]:
    """Connections that are not deleted, nor their users."""
    return Connection.objects.filter(
        deleted_at__isnull=True, user__deleted_at__isnull=True
    )


def claim(
    connection: int, *, now: datetime, apart: timedelta = timedelta(0)
) -> Claim | None:
    """Claim this one; None if there is no such. Raises `Busy` or `UpToDate`.

    Up to date is what was synchronised within `apart`, whole, and well.
    """
    with transaction.atomic():
        rows = live().select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=connection).first()
        if row is None:
            return None
        if row.syncing_until is not None and row.syncing_until > now:
            raise Busy
        if apart and row.synced_at is not None and row.synced_at > now - apart:
            raise UpToDate
        return _take(row, now)


def claim_due(*, now: datetime, only_interrupted: bool = False) -> Claim | None:
    """Claim the one that has been due the longest and that nobody else looks at."""
    interrupted = Q(sync_began_at__isnull=False, syncing_until__lte=now)
    due = Q(sync_began_at__isnull=True, next_sync_at__lte=now)
    with transaction.atomic():
        rows = live().select_for_update(of=("self",), no_key=True, skip_locked=True)
        wanted = rows.filter(interrupted if only_interrupted else interrupted | due)
        row = wanted.order_by("next_sync_at", "pk").first()
        return None if row is None else _take(row, now)


def hold(claim: Claim, *, now: datetime) -> Connection:
    """The connection, locked for the caller's transaction; raises `Displaced`."""
    lock_temporary(claim.user)
    rows = live().select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=claim.connection, sync_token=claim.token).first()
    if row is None or row.sync_began_at is None:
        raise Displaced
    row.syncing_until = now + LEASE
    row.save(update_fields=["syncing_until"])
    return row


def release(claim: Claim, *, now: datetime) -> None:
    """Let somebody repeat what did not end, without waiting for the lease."""
    Connection.objects.filter(
        pk=claim.connection, sync_token=claim.token, sync_began_at__isnull=False
    ).update(syncing_until=now)


def _take(row: Connection, now: datetime) -> Claim:
    """A new synchronisation, or the interrupted one once more."""
    if row.sync_began_at is None:
        row.sync_number += 1
        row.sync_began_at, row.sync_attempts = now, 0
    row.sync_attempts += 1
    row.sync_token += 1
    row.syncing_until = now + LEASE
    row.save(
        update_fields=[
            "sync_number",
            "sync_began_at",
            "sync_attempts",
            "sync_token",
            "syncing_until",
        ]
    )
    return Claim(
        connection=row.pk,
        user=row.user_id,
        token=row.sync_token,
        number=row.sync_number,
        attempt=row.sync_attempts,
        began=row.sync_began_at,
    )
