"""One synchronisation: what a connector yields becomes state and events.

Each phase is a transaction of its own: ACCOUNTS_FETCHED is to be told before
transactions are processed (contract, 1.1), and no transaction is open while the
connector talks to a bank. What a phase changes and what it tells are committed
together. A process that dies in between leaves a synchronisation that is repeated
under its number; the events' keys have that number, so what was told is not told
again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.connections.claims import Claim, Displaced, release
from apps.connections.connectors.base import Ended, Phase
from apps.connections.plugin import connector
from apps.connections.progress import Found, Progress
from apps.event_log.models import Event
from apps.webhooks.conf import autosync_settings
from apps.webhooks.emit import Emission, PayloadTooLarge, emit_many
from apps.webhooks.formats.cfonb import CfonbError
from apps.webhooks.formats.json_body import InvalidJson
from apps.webhooks.pushes import SOURCE, event_key
from apps.webhooks.schema_check import PayloadInvalid
from apps.webhooks.sync_phases import Told, take
from apps.webhooks.user_sync import tell_user_synced

logger = logging.getLogger(__name__)

# What ends its process so often would do so for ever.
MAX_ATTEMPTS: Final = 3
FAILED: Final = Ended(state="bug", message="The synchronisation failed.")
# A phase that cannot be told: the connector's mistake, or more than may be sent.
_UNTELLABLE: Final = (PayloadTooLarge, PayloadInvalid, CfonbError, InvalidJson)


def synchronise(claim: Claim, *, origin: str) -> None:
    """Synchronise what was claimed, to its end; a failure is a state, too.

    One that is displaced stops silently. An exception is the connector's: the
    synchronisation is then left to be repeated.
    """
    progress = Progress.of(claim)
    try:
        _to_the_end(progress, origin)
    except Displaced:
        logger.info(
            "Connection %s is synchronised elsewhere.",
            claim.connection,
            extra={"id_connection": claim.connection},
        )
    finally:
        release(claim, now=timezone.now())
    tell_user_synced(progress.connection.user_id, origin=origin)


def _to_the_end(progress: Progress, origin: str) -> None:
    """All phases, whatever comes of one: the last is an `Ended`."""
    try:
        for phase in _phases(progress):
            _do(progress, phase, origin)
            if isinstance(phase, Ended):
                return
    except _UNTELLABLE as error:
        logger.error(
            "Connection %s: %s",
            progress.claim.connection,
            error,
            extra={"id_connection": progress.claim.connection},
        )
        progress.accounts = Found(highest=progress.accounts.highest)
        progress.subscriptions = Found(highest=progress.subscriptions.highest)
    _do(progress, FAILED, origin)


def _phases(progress: Progress) -> Iterator[Phase]:
    if progress.claim.attempt > MAX_ATTEMPTS:
        return iter([FAILED])
    return connector().synchronise(
        progress.facts(frozenset(settings.WEBHOOKS_SYNC_FEATURES)),
        since=progress.connection.last_update_at,
        now=progress.claim.began.astimezone(settings.PAYLOAD_ZONE),
    )


def _do(progress: Progress, phase: Phase, origin: str) -> None:
    """What a phase changes and what it tells, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        progress.hold(now)
        told = take(progress, phase, now)
        if origin != Event.Origin.SYNC or autosync_settings().send_update:
            emit_many(_untold(progress, told), origin=origin, source=SOURCE)


def _untold(progress: Progress, told: list[Told]) -> list[Emission]:
    """Emissions of what was not told when this was last tried.

    The first telling counts, even if a bank says something else the second time;
    the connection's row is locked, so that nobody tells it meanwhile.
    """
    claim = progress.claim
    keys = [
        event_key(claim.connection, claim.number, each[0], each[1]) for each in told
    ]
    before: set[str | None] = set()
    if claim.attempt > 1:
        events = Event.objects.filter(source=SOURCE, idempotency_key__in=keys)
        before.update(events.values_list("idempotency_key", flat=True))
    return [
        Emission(
            event=name,
            payload=payload,
            user=progress.connection.user_id,
            idempotency_key=key,
        )
        for key, (name, _, payload) in zip(keys, told, strict=True)
        if key not in before
    ]
