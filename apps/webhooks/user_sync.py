"""USER_SYNCED, the deprecated one: after several connections of a user (contract, 1.1).

It is told once each of the user's connections has been synchronised since the last
one, but for those that wait for the user, and there are at least two. It repeats what
the CONNECTION_SYNCED since then have said, one entry for each.
"""

from __future__ import annotations

import logging
from typing import Final

from django.db import transaction

from apps.connections.claims import live, lock_temporary
from apps.connections.models import Connection
from apps.connections.resources import user_object
from apps.event_log.models import EndUser, Event
from apps.webhooks.emit import PayloadTooLarge, emit
from apps.webhooks.formats.json_body import dump, raw_member
from apps.webhooks.models import Webhook
from apps.webhooks.pushes import SOURCE, event_key
from apps.webhooks.schema_check import PayloadInvalid

logger = logging.getLogger(__name__)

SEVERAL: Final = 2
# Of one connection, when another keeps it waiting: the newest.
MOST_ENTRIES: Final = 10


def tell_user_synced(user: int, *, origin: str) -> None:
    """Tell it if it is time to."""
    with transaction.atomic():
        lock_temporary(user)
        rows = live().filter(user=user).select_for_update(of=("self",), no_key=True)
        connections = list(rows.order_by("pk"))
        fresh = [row for row in connections if row.sync_number > row.told_number]
        if len(fresh) < SEVERAL or any(_is_awaited(row) for row in connections):
            return
        events = _events(fresh)
        for row in fresh:
            row.told_number = row.sync_number
            row.save(update_fields=["told_number"])
        if events and Webhook.objects.filter(
            event="USER_SYNCED", deleted_at__isnull=True, url__isnull=False
        ):
            _tell(user, events, origin)


def _is_awaited(row: Connection) -> bool:
    """Synchronised just now, or soon for the first time since."""
    if row.sync_began_at is not None:
        return True
    return row.sync_number == row.told_number and row.next_sync_at is not None


def _events(fresh: list[Connection]) -> list[str]:
    """The payloads of the CONNECTION_SYNCED since, the oldest first."""
    keys = [
        event_key(row.pk, number, "CONNECTION_SYNCED")
        for row in fresh
        for number in range(
            max(row.told_number, row.sync_number - MOST_ENTRIES) + 1,
            row.sync_number + 1,
        )
    ]
    events = Event.objects.filter(source=SOURCE, idempotency_key__in=keys)
    payloads = events.order_by("pk").values_list("payload", flat=True)
    return [payload for payload in payloads if payload is not None]


def _tell(user: int, events: list[str], origin: str) -> None:
    owner = dump(user_object(EndUser.objects.defer("token").get(pk=user)))
    entries = [raw_member(text.encode(), "connection") or b"{}" for text in events]
    payload = b'{"user":%s,"connections":[%s]}' % (owner, b",".join(entries))
    try:
        emit("USER_SYNCED", payload, user, origin=origin, source=SOURCE)
    except (PayloadTooLarge, PayloadInvalid) as error:
        # Deprecated for the first reason. For the second: it repeats what was told
        # before schemas were enforced. CONNECTION_SYNCED has told it all.
        logger.warning(
            "USER_SYNCED of user %s is left out: %s",
            user,
            error,
            extra={"id_user": user},
        )
