"""Erasing a person: nothing by which an end user could be told is kept.

Rows stay, as proof of what was sent when; what they said goes. It is done in batches,
and once more some minutes later: what a pump had read before is answered until then,
and an answer may repeat what it was told (docs/retention.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from apps.api_tokens.models import forget_tokens_of
from apps.audit.actions import Action
from apps.audit.trail import forget_reasons, record
from apps.auth_providers.refusal import Refused
from apps.connections.erasure import forget_connections
from apps.event_log.models import EndUser, Erasure
from apps.event_log.user_config import erase_config

EVENTS_AT_ONCE: Final = 500
# One tick erases so much of so many people; the rest is for the next, in seconds.
BATCHES_AT_ONCE: Final = 20
PEOPLE_AT_ONCE: Final = 10
# Longer than a pump's run, its longest request, and what it tries to record it.
AGAIN: Final = timedelta(minutes=5)
# Held, pending, quarantined, planned: what may still be sent.
_UNSENT: Final = "(0, 1, 4, 5)"
_PART: Final = """
SELECT id FROM event_log_event WHERE user_id = %s AND id > %s ORDER BY id LIMIT %s
"""
_TELLING: Final = f"""
webhooks_webhookdata d WHERE d.event_id = ANY(%(events)s)
AND (d.extra IS NOT NULL OR d.state IN {_UNSENT})
"""
# Whoever waits for a row that settlement has, while it waits for another of ours,
# would be ended: rows that are locked are taken the next time.
_CANCEL: Final = f"""
WITH mine AS MATERIALIZED (SELECT d.id FROM {_TELLING} FOR NO KEY UPDATE SKIP LOCKED)
UPDATE webhooks_webhookdata d SET extra = NULL,
    state = CASE WHEN d.state IN {_UNSENT} THEN 3 ELSE d.state END
FROM mine WHERE d.id = mine.id
"""
_IS_LEFT: Final = f"SELECT EXISTS (SELECT 1 FROM {_TELLING})"
_ANSWERS: Final = """
UPDATE webhooks_deliveryattempt a SET response_headers = '', response_excerpt = ''
FROM webhooks_webhookdata d
WHERE d.event_id = ANY(%(events)s) AND a.webhook_data_id = d.id
  AND (a.response_headers <> '' OR a.response_excerpt <> '')
"""
_BODIES: Final = """
UPDATE event_log_event SET payload = NULL, cfonb = NULL, idempotency_key = NULL,
    resource = NULL,
    body_removed_at = coalesce(body_removed_at, clock_timestamp())
WHERE id = ANY(%(events)s)
  AND (payload IS NOT NULL OR cfonb IS NOT NULL OR idempotency_key IS NOT NULL
       OR resource IS NOT NULL)
"""
_DELIVERIES: Final = """
SELECT id FROM webhooks_webhookdata WHERE event_id = ANY(%(events)s)
"""
_REPLAYS: Final = """
UPDATE webhooks_replay SET reason = '' WHERE id IN (
    SELECT replay_id FROM webhooks_replayitem WHERE webhook_data_id = ANY(%s))
AND reason <> '' RETURNING id
"""
_FOUND: Final = f"""
SELECT count(DISTINCT e.id), count(DISTINCT d.id) FILTER (WHERE d.state IN {_UNSENT}),
    count(a.id) FILTER (WHERE a.response_headers <> '' OR a.response_excerpt <> '')
FROM event_log_event e
LEFT JOIN webhooks_webhookdata d ON d.event_id = e.id
LEFT JOIN webhooks_deliveryattempt a ON a.webhook_data_id = d.id
WHERE e.user_id = %s
"""


def what_is_known(user_id: int) -> dict[str, int]:
    """How much there is of a person: events, what is unsent of them, answers kept.

    Raises `Refused` if there never was such a user.
    """
    if not EndUser.objects.filter(pk=user_id).exists():
        raise Refused("notFound", "id_user", f"There is no user {user_id}.")
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [user_id])
        events, unsent, answers = cursor.fetchone()
    return {"events": events, "unsent": unsent, "answers": answers}


def begin_erasure(user_id: int, *, reason: str = "") -> EndUser:
    """Erase all that is not of an event, at once; `continue_erasure` does the rest.

    Nobody is told: USER_DELETED, if it is unsent, is cancelled like all else. Whoever
    was erased before is erased again. Raises `Refused` if there never was such a user.
    """
    with transaction.atomic():
        found = what_is_known(user_id)
        users = EndUser.objects.defer("token").select_for_update(no_key=True)
        user = users.get(pk=user_id)
        now = timezone.now()
        user.deleted_at = user.deleted_at or now
        user.erased_at = user.erased_at or now
        user.token = None
        user.save(update_fields=["deleted_at", "erased_at", "token"])
        _forget_person(user_id, now=now)
        # Due at once: should this process die, the sweep goes on.
        Erasure.objects.update_or_create(
            user_id=user_id, defaults={"due_at": now, "reached": 0}
        )
        record(Action.USER_ERASE, user_id, new=found, reason=reason)
    return user


def continue_erasure(user_id: int) -> bool:
    """Erase a batch of a person's events; False once this pass is done."""
    erasure = Erasure.objects.filter(user=user_id).first()
    if erasure is None or erasure.due_at > timezone.now():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PART, [user_id, erasure.reached, EVENTS_AT_ONCE])
        events = [event for (event,) in cursor.fetchall()]
        if events and _erase(cursor, events):
            Erasure.objects.filter(user=user_id).update(reached=events[-1])
    if not events:
        _end_pass(user_id)
    return bool(events)


def continue_erasures(now: datetime) -> None:
    """A tick: what was begun and is left, a bounded part of it."""
    due = Erasure.objects.filter(due_at__lte=now).order_by("due_at")
    for user_id in list(due.values_list("pk", flat=True)[:PEOPLE_AT_ONCE]):
        for _ in range(BATCHES_AT_ONCE):
            if not continue_erasure(user_id):
                break


def _erase(cursor: Any, events: list[int]) -> bool:
    """False if something is being recorded just now, and the batch is to be redone."""
    part = {"events": events}
    for statement in (_CANCEL, _ANSWERS, _BODIES):
        cursor.execute(statement, part)
    _forget_why(cursor, events)
    cursor.execute(_IS_LEFT, part)
    return not cursor.fetchone()[0]


def _forget_why(cursor: Any, events: list[int]) -> None:
    """Why somebody sent, read or stopped something may name whom it was about."""
    cursor.execute(_DELIVERIES, {"events": events})
    deliveries = [delivery for (delivery,) in cursor.fetchall()]
    cursor.execute(_REPLAYS, [deliveries])
    forget_reasons("replay", [replay for (replay,) in cursor.fetchall()])
    forget_reasons("delivery", deliveries)
    forget_reasons("event", events)


def _forget_person(user_id: int, *, now: datetime) -> None:
    """All that is of no event."""
    forget_tokens_of([user_id])
    erase_config([user_id])
    forget_reasons("user", [user_id])
    forget_reasons("connection", forget_connections([user_id], now=now))


def _end_pass(user_id: int) -> None:
    """Once more later, or never again."""
    with transaction.atomic():
        _forget_person(user_id, now=timezone.now())
    passes = Erasure.objects.filter(user=user_id)
    if passes.filter(user__erased_at__gt=timezone.now() - AGAIN).exists():
        passes.update(due_at=timezone.now() + AGAIN, reached=0)
    else:
        passes.delete()
