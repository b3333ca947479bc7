"""Passes over what is old, in batches that are each a transaction of milliseconds.

A pass walks over a kind of rows by their ids; what is removed is not met again. Where
it is stands in the database: a task carries nothing, and whoever comes next goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.metrics.process import figures
from apps.webhooks.models import PurgePass
from apps.webhooks.retention.kinds import KINDS, Kind

logger = logging.getLogger(__name__)

# Other tasks of the worker's queue wait meanwhile; the next turn comes behind them.
TURN_SECONDS: Final = 2.0
# Times what a batch took. Deliveries commit many times a second, and what a batch has
# written goes to the disk with the next of them, before it is acknowledged.
REST: Final = 3


class Batch(NamedTuple):
    """`last`: the last id that was looked at, None if there was none left."""

    last: int | None
    removed: int
    is_last: bool


def horizons() -> dict[Kind, datetime]:
    """Before when rows are old; what is kept for ever is not there."""
    now = timezone.now()
    return {
        kind: now - timedelta(days=days)
        for kind in KINDS
        if (days := int(getattr(settings, kind.setting))) > 0
    }


def purge_turn(stopping: Callable[[], bool]) -> bool:
    """Go on with the passes that are due, for a while; True if there is more to do.

    Most of the time is left to deliveries, whose database it is.
    """
    end = time.monotonic() + TURN_SECONDS
    apart = timedelta(seconds=settings.WEBHOOKS_PURGE_PERIOD / 2)
    for kind, horizon in horizons().items():
        is_open = _open(kind, apart=apart)
        while is_open:
            began = time.monotonic()
            is_open = not purge_batch(kind, horizon).is_last
            if is_open and (began > end or stopping()):
                return True
            time.sleep((time.monotonic() - began) * REST)
    return False


def purge_now(kind: Kind, horizon: datetime) -> Iterator[int]:
    """A whole pass at once: how many rows each batch removed."""
    _open(kind, apart=timedelta(0))
    is_open = True
    while is_open:
        batch = purge_batch(kind, horizon)
        is_open = not batch.is_last
        yield batch.removed


def count_old(kind: Kind, horizon: datetime) -> int:
    """How many rows a pass would remove now."""
    batch = _batch(kind.counting, kind, horizon, after=0)
    count = batch.removed
    while not batch.is_last and batch.last is not None:
        batch = _batch(kind.counting, kind, horizon, after=batch.last)
        count += batch.removed
    return count


def purge_batch(kind: Kind, horizon: datetime) -> Batch:
    """Remove a batch, and note where the pass is, in one transaction."""
    with transaction.atomic():
        _do_not_wait_for_the_disk()
        # Two that are at it take turns.
        going_on = PurgePass.objects.select_for_update().get(pk=kind.name)
        batch = _batch(kind.removing, kind, horizon, after=going_on.reached)
        going_on.removed += batch.removed
        if batch.last is not None:
            going_on.reached = batch.last
        if batch.is_last:
            going_on.ended_at = timezone.now()
        going_on.save()
    if batch.removed and (kept := figures()):
        kept.purged.labels(kind.name).inc(batch.removed)
    if batch.is_last and going_on.removed:
        logger.info(
            "Old %s were removed: %s.",
            kind.name,
            going_on.removed,
            extra={"purged": kind.name, "rows": going_on.removed},
        )
    return batch


def _open(kind: Kind, *, apart: timedelta) -> bool:
    """Begin a pass if the last one ended so long ago; False if none goes on then."""
    with transaction.atomic():
        PurgePass.objects.get_or_create(pk=kind.name, defaults={"reached": 0})
        going_on = PurgePass.objects.select_for_update().get(pk=kind.name)
        now = timezone.now()
        if going_on.ended_at is not None and going_on.ended_at <= now - apart:
            going_on.reached = going_on.removed = 0
            going_on.began_at, going_on.ended_at = now, None
            going_on.save()
        return going_on.ended_at is None


def _do_not_wait_for_the_disk() -> None:
    """If this transaction is lost, so is the note of it: the pass does it again."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _batch(statement: str, kind: Kind, horizon: datetime, *, after: int) -> Batch:
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {"after": after, "horizon": horizon, "most": kind.most}
        )
        last, looked_at, removed, is_any_old = cursor.fetchone()
    return Batch(last, removed, looked_at < kind.most or not is_any_old)
