"""The ids of deliveries, newest first, by the index that fits the criteria best.

No list reads more than a bounded part of an index, however many rows there are: what
is left of the criteria is checked on at most `LOOKED_AT` candidates, and who wants to
look further goes on from there. At ten million rows of 1,000 webhooks, over each filter
and some 1,400 combinations of them, half of the pages took 3 ms, 95 % less than 45 ms.

An index alone serves each statement: to read only ids costs no look at the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from django.db import connection

from apps.webhooks.console.deliveries.bounds import Bounds
from apps.webhooks.console.deliveries.criteria import Criteria
from apps.webhooks.models import Webhook

LOOKED_AT: Final = 5_000
# One more than is shown tells that there are older ones.
PAGE: Final = 51
# More webhooks are not looked at one by one: then their rows are everywhere.
MOST_WEBHOOKS: Final = 1_000
MERGED: Final = 50_000
# Of one user's events, the newest.
MOST_EVENTS: Final = 1_000
# From one to the next costs a descent each.
MOST_STEPS: Final = 2_000

_FAILING: Final = "AND d.state = 1 AND d.attempts > 0"
_WAITING: Final = "AND d.state = 1 AND d.last_execution = -1"
_RANGE: Final = "d.id < %(before)s AND d.id >= %(first)s"

_ALL: Final = f"""
SELECT d.id FROM webhooks_webhookdata d WHERE {_RANGE}
ORDER BY d.id DESC LIMIT %(most)s
"""
# As many as there are webhooks; the planner might else look for them by id.
_OF_EVENT: Final = f"""
WITH few AS MATERIALIZED (
    SELECT id FROM webhooks_webhookdata WHERE event_id = %(of_event)s)
SELECT d.id FROM few d WHERE {_RANGE} ORDER BY d.id DESC LIMIT %(most)s
"""
_OF_USER: Final = f"""
SELECT d.id FROM (
    SELECT id FROM event_log_event WHERE user_id = %(user)s
    ORDER BY user_id DESC, id DESC LIMIT %(events)s) e
JOIN webhooks_webhookdata d ON d.event_id = e.id
WHERE {_RANGE} ORDER BY d.id DESC LIMIT %(most)s
"""
_OF_WEBHOOKS: Final = f"""
SELECT each.id FROM unnest(%(webhooks)s::bigint[]) AS w(id) CROSS JOIN LATERAL (
    SELECT d.id FROM webhooks_webhookdata d
    WHERE d.webhook_id = w.id {{condition}} AND {_RANGE}
    ORDER BY d.id DESC LIMIT %(most)s) each
ORDER BY each.id DESC LIMIT %(most)s
"""
# From one webhook to the next: there are as many steps as webhooks with such rows.
_WEBHOOKS_WITH: Final = """
WITH RECURSIVE w(id) AS (
    (SELECT d.webhook_id FROM webhooks_webhookdata d WHERE true {condition}
     ORDER BY d.webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.webhook_id FROM webhooks_webhookdata d
            WHERE d.webhook_id > w.id {condition} ORDER BY d.webhook_id LIMIT 1)
    FROM w WHERE w.id IS NOT NULL
)
SELECT id FROM w WHERE id IS NOT NULL LIMIT %(webhooks)s
"""
# Few rows: all of them, by the partial index.
_FEW: Final = f"""
WITH few AS MATERIALIZED (
    SELECT id FROM webhooks_webhookdata WHERE state = %(state)s LIMIT %(all)s)
SELECT d.id FROM few d WHERE {_RANGE} ORDER BY d.id DESC LIMIT %(most)s
"""
# From one delivery to the next, however often each was tried.
_FAILED: Final = """
WITH RECURSIVE found(id, n) AS (
    (SELECT a.webhook_data_id, 1 FROM webhooks_deliveryattempt a
     WHERE {failed} AND a.webhook_data_id < %(before)s
     ORDER BY a.webhook_data_id DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT a.webhook_data_id FROM webhooks_deliveryattempt a
            WHERE {failed} AND a.webhook_data_id < found.id
            ORDER BY a.webhook_data_id DESC LIMIT 1), found.n + 1
    FROM found WHERE found.id >= %(first)s AND found.n < %(most)s
)
SELECT id FROM found WHERE id >= %(first)s
""".format(
    failed="""a.cause <> 'accepted' AND a.cause = %(cause)s
      AND coalesce(a.status / 100, 0) = %(klass)s"""
)


class Candidates(NamedTuple):
    """Ids, newest first; `is_all`: there are no others, as far as the index knows.

    `met`: the criteria that all of them meet.
    """

    ids: list[int]
    is_all: bool
    met: frozenset[str]


def candidates(criteria: Criteria, bounds: Bounds) -> Candidates:
    """Those that the best index finds; the other criteria are still to be checked."""
    for name, read in _READERS.items():
        if getattr(criteria, name) is not None:
            return read(criteria, bounds)
    if criteria.state in ("held", "quarantined"):
        return _few(criteria, bounds)
    condition = {"failing": _FAILING, "waiting": _WAITING}.get(criteria.state, "")
    webhooks = _webhooks(criteria, condition)
    if webhooks is None:
        return _read(_ALL, criteria, bounds)
    met = {"webhook", "state"} if condition else {"webhook"}
    most = min(_most(criteria, met), max(PAGE, MERGED // max(len(webhooks), 1)))
    return _read(
        _OF_WEBHOOKS.format(condition=condition),
        criteria,
        bounds,
        met=met,
        webhooks=webhooks,
        most=most,
    )


def _of_event(criteria: Criteria, bounds: Bounds) -> Candidates:
    return _read(
        _OF_EVENT, criteria, bounds, met={"of_event"}, of_event=criteria.of_event
    )


def _of_user(criteria: Criteria, bounds: Bounds) -> Candidates:
    return _read(
        _OF_USER,
        criteria,
        bounds,
        met={"user"},
        user=criteria.user,
        events=MOST_EVENTS,
    )


def _failed(criteria: Criteria, bounds: Bounds) -> Candidates:
    cause, klass = criteria.failure or ("", 0)
    met = {"outcome"}
    return _read(
        _FAILED,
        criteria,
        bounds,
        met=met,
        cause=cause,
        klass=klass,
        most=min(MOST_STEPS, _most(criteria, met)),
    )


def _few(criteria: Criteria, bounds: Bounds) -> Candidates:
    state = 0 if criteria.state == "held" else 4
    return _read(_FEW, criteria, bounds, met={"state"}, state=state, all=MERGED)


# The most special first.
_READERS: Final[dict[str, Callable[[Criteria, Bounds], Candidates]]] = {
    "of_event": _of_event,
    "user": _of_user,
    "failure": _failed,
}


def _webhooks(criteria: Criteria, condition: str) -> list[int] | None:
    """Whose rows to read; None: everybody's."""
    if criteria.webhook is not None:
        return [criteria.webhook]
    if criteria.event:
        named = Webhook.objects.filter(event=criteria.event).order_by("pk")
        found = list(named.values_list("pk", flat=True)[: MOST_WEBHOOKS + 1])
    elif condition:
        index = condition if condition == _FAILING else "AND d.state = 1"
        statement = _WEBHOOKS_WITH.format(condition=index)
        found = _ids(statement, {"webhooks": MOST_WEBHOOKS + 1})
    else:
        return None
    return found if len(found) <= MOST_WEBHOOKS else None


def _most(criteria: Criteria, met: set[str]) -> int:
    """A page, if that is all that is asked: the ids come in its order."""
    return PAGE if criteria.given <= met else LOOKED_AT


def _read(
    statement: str,
    criteria: Criteria,
    bounds: Bounds,
    *,
    met: Collection[str] = (),
    **parameters: Any,
) -> Candidates:
    most = parameters.setdefault("most", _most(criteria, set(met)))
    parameters |= {"before": bounds.before, "first": bounds.first}
    ids = _ids(statement, parameters)
    return Candidates(ids, is_all=len(ids) < most, met=frozenset(met))


def _ids(statement: str, parameters: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [number for (number,) in cursor.fetchall()]
