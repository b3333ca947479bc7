"""Beginning, pausing and ending replays: for the console, the API and commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.models import Replay, WebhookData
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import MOST_IDS, STATES, Filters
from apps.webhooks.replay.plan import (
    LEAST_RATE,
    MISSED,
    MOST_ITEMS,
    MOST_RATE,
    SENDABLE,
)
from apps.webhooks.tasks import post_replay

_STEERED: Final[dict[str, Action]] = {
    Replay.State.PAUSED: Action.REPLAY_PAUSE,
    Replay.State.RUNNING: Action.REPLAY_RESUME,
}
_CHOOSE: Final = """
INSERT INTO webhooks_replayitem (replay_id, webhook_data_id, webhook_id, was)
SELECT %(replay)s, d.id, d.webhook_id, d.state {chosen} ORDER BY d.id LIMIT {most}
"""
_FILL_IN: Final = """
WITH data AS (
    INSERT INTO webhooks_webhookdata (webhook_id, event_id, state)
    SELECT w.id, e.id, {planned} {missed} ORDER BY e.id LIMIT {most}
    ON CONFLICT (event_id, webhook_id) DO NOTHING
    RETURNING id, webhook_id, state
)
INSERT INTO webhooks_replayitem (replay_id, webhook_data_id, webhook_id, was)
SELECT %(replay)s, id, webhook_id, state FROM data ORDER BY id
"""
_PURGED: Final = """
SELECT max(e.body_removed_at) FROM webhooks_webhookdata d
JOIN event_log_event e ON e.id = d.event_id
WHERE e.body_removed_at IS NOT NULL AND
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a replay, why, and how fast: requests a second."""

    actor: str
    reason: str
    rate: float


class NothingToSend(Refused):
    """Nothing is chosen that could be sent."""


def start_replay(filters: Filters, order: Order) -> Replay:
    """Send all that is chosen now, each once; raises `Refused` if that is nothing."""
    check_filters(filters)
    condition, parameters = filters.conditions
    statement = _CHOOSE.format(chosen=SENDABLE + condition, most=MOST_ITEMS + 1)
    recorded = filters.as_json()
    try:
        return _started(Action.REPLAY_START, statement, parameters, recorded, order)
    except NothingToSend as nothing:
        raise _why_nothing(condition, parameters) from nothing


def start_backfill(
    webhook: int, since: datetime, until: datetime, order: Order
) -> Replay:
    """Tell a webhook of the events that were before it, each once, oldest first.

    What is not accepted is retried by the flusher from then on, as ever.
    """
    statement = _FILL_IN.format(
        planned=int(WebhookData.State.PLANNED), missed=MISSED, most=MOST_ITEMS + 1
    )
    bounds: dict[str, Any] = {"webhook": webhook, "since": since, "until": until}
    recorded = {
        "backfill": webhook,
        "since": since.isoformat(),
        "until": until.isoformat(),
    }
    return _started(Action.REPLAY_BACKFILL, statement, bounds, recorded, order)


def check_filters(filters: Filters) -> None:
    """Raise `Refused` for what could choose nothing, or too much."""
    for state in filters.states:
        if state not in STATES:
            raise Refused(
                "invalidValue", "states", f"There is no state {state[:80]!r}."
            )
    if not filters.states:
        raise Refused("invalidValue", "states", "Name at least one state.")
    if len(filters.ids) > MOST_IDS:
        raise Refused("invalidValue", "ids", f"At most {MOST_IDS:,} ids at a time.")


def check_order(order: Order) -> None:
    """Raise `Refused` for a rate out of bounds."""
    if not LEAST_RATE <= order.rate <= MOST_RATE:
        raise Refused(
            "invalidValue", "rate", f"rate must be {LEAST_RATE:g} to {MOST_RATE:g}."
        )


def pause_replay(replay_id: int) -> Replay:
    """Send nothing more for now; what is in flight is still recorded."""
    return _changed(replay_id, Replay.State.PAUSED)


def resume_replay(replay_id: int) -> Replay:
    """Go on with what is waiting, with fresh counters."""
    return _changed(replay_id, Replay.State.RUNNING)


def cancel_replay(replay_id: int) -> Replay:
    """Send nothing more, for good; data that a backfill made is cancelled soon."""
    with transaction.atomic():
        replay = _locked(replay_id)
        if replay.state not in (Replay.State.RUNNING, Replay.State.PAUSED):
            raise _over(replay)
        replay.state, replay.ended_at = Replay.State.CANCELLED, timezone.now()
        replay.save(update_fields=["state", "ended_at"])
        record(Action.REPLAY_CANCEL, replay_id)
        transaction.on_commit(post_replay, robust=True)
    return replay


def _why_nothing(condition: str, parameters: dict[str, Any]) -> NothingToSend:
    """What is chosen may have been there, and have no bodies any more."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGED + condition, parameters)
        (last,) = cursor.fetchone()
    why = f": its bodies were purged, the last on {last:%Y-%m-%d}" if last else ""
    return NothingToSend("conflict", "", f"There is nothing to send{why}.")


def _started(
    action: Action,
    statement: str,
    parameters: dict[str, Any],
    filters: dict[str, Any],
    order: Order,
) -> Replay:
    check_order(order)
    with transaction.atomic():
        replay = Replay.objects.create(
            filters=filters, rate=order.rate, actor=order.actor, reason=order.reason
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, {**parameters, "replay": replay.pk})
            total = cursor.rowcount
        if not total:
            raise NothingToSend("conflict", "", "There is nothing to send.")
        if total > MOST_ITEMS:
            raise Refused(
                "invalidValue", "", f"A replay has at most {MOST_ITEMS:,} items."
            )
        Replay.objects.filter(pk=replay.pk).update(total=total)
        new = {"filters": filters, "rate": order.rate, "total": total}
        record(action, replay.pk, new=new, reason=order.reason)
        transaction.on_commit(post_replay, robust=True)
    replay.refresh_from_db()
    return replay


def _changed(replay_id: int, state: str) -> Replay:
    """Another state for a replay that has not ended; the same again is no error."""
    with transaction.atomic():
        replay = _locked(replay_id)
        if replay.state not in (Replay.State.RUNNING, Replay.State.PAUSED):
            raise _over(replay)
        if replay.state != state:
            Replay.objects.filter(pk=replay_id).update(
                state=state, remark="", standing={}
            )
        record(_STEERED[state], replay_id)
        transaction.on_commit(post_replay, robust=True)
    replay.refresh_from_db()
    return replay


def _locked(replay_id: int) -> Replay:
    replay = Replay.objects.select_for_update().filter(pk=replay_id).first()
    if replay is None:
        raise Refused("notFound", "id", f"There is no replay {replay_id}.")
    return replay


def _over(replay: Replay) -> Refused:
    return Refused("conflict", "state", f"The replay is {replay.state}.")
