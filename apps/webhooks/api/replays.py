"""`/replays`: sending again, a plan first, then a run that can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.event_log.catalogue import event_name
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.deliveries import check_owned
from apps.webhooks.api.parameters import (
    MAX_ID,
    Page,
    moment,
    parameters,
    refuse_unknown,
)
from apps.webhooks.formats.instants import instant
from apps.webhooks.models import Replay, Webhook
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import ANY_STATE, DEFAULT_STATES, MOST_IDS, Filters
from apps.webhooks.replay.plan import DEFAULT_RATE, Plan, plan, plan_backfill
from apps.webhooks.replays import (
    Order,
    cancel_replay,
    check_filters,
    check_order,
    pause_replay,
    resume_replay,
    start_backfill,
    start_replay,
)

REASON_CHARACTERS: Final = 500
_STEERING: Final[dict[str, Callable[[int], Replay]]] = {
    "pause": pause_replay,
    "resume": resume_replay,
    "cancel": cancel_replay,
}


class ReplaysView(ApiView):
    """All replays."""

    def get(self, request: Request) -> Response:
        """The newest first."""
        page = Page.of(request)
        return page.reply("replays", Replay.objects.all(), replay_resource, "-pk")

    def post(self, request: Request) -> Response:
        """Begin one; with `dry_run` only say what it would be."""
        given = parameters(request)
        order, dry_run = _order(request, given)
        filters = _filters(given)
        refuse_unknown(given)
        if dry_run:
            return _planned(plan(filters), order)
        return _begun(start_replay(filters, order))


class ReplayView(ApiView):
    """One replay."""

    def get(self, request: Request, id_replay: int) -> Response:
        """How far it is."""
        refuse_unknown(parameters(request))
        replay = Replay.objects.filter(pk=id_replay).first()
        if replay is None:
            raise Refused("notFound", "id", f"There is no replay {id_replay}.")
        return Response(replay_resource(replay))


class SteeringView(ApiView):
    """An operator's word to a replay."""

    def post(self, request: Request, id_replay: int, word: str) -> Response:
        """Pause it, let it go on, or end it for good."""
        refuse_unknown(parameters(request))
        return Response(replay_resource(_STEERING[word](id_replay)))


class RecoveryView(ApiView):
    """What a webhook has not accepted."""

    def post(self, request: Request, id_webhook: int) -> Response:
        """Send all of it again, from `min_date` to `max_date`."""
        _webhook(id_webhook)
        given = parameters(request)
        order, dry_run = _order(request, given)
        since, until = _between(given)
        refuse_unknown(given)
        filters = Filters(webhook=id_webhook, since=since, until=until)
        if dry_run:
            return _planned(plan(filters), order)
        return _begun(start_replay(filters, order))


class BackfillView(ApiView):
    """What happened before a webhook was."""

    def post(self, request: Request, id_webhook: int) -> Response:
        """Tell it of the events from `min_date` to `max_date`, or to now."""
        _webhook(id_webhook)
        given = parameters(request)
        order, dry_run = _order(request, given)
        since, until = _between(given)
        refuse_unknown(given)
        if since is None:
            raise Refused("missingParameter", "min_date", "min_date is missing.")
        until = until or timezone.now()
        if dry_run:
            return _planned(plan_backfill(id_webhook, since, until), order)
        return _begun(start_backfill(id_webhook, since, until, order))


class ResendView(ApiView):
    """One webhook data."""

    def post(self, request: Request, id_webhook: int, id_data: int) -> Response:
        """Send it again, whether it was accepted or not."""
        check_owned(id_webhook, id_data)
        given = parameters(request)
        order, dry_run = _order(request, given)
        refuse_unknown(given)
        filters = Filters(webhook=id_webhook, ids=(id_data,), states=ANY_STATE)
        if dry_run:
            return _planned(plan(filters), order)
        return _begun(start_replay(filters, order))


def replay_resource(replay: Replay) -> dict[str, Any]:
    """A Replay, and what came of it so far."""
    return {
        "id": replay.pk,
        "state": replay.state,
        "remark": replay.remark or None,
        "filters": replay.filters,
        "rate": replay.rate,
        "actor": replay.actor,
        "reason": replay.reason or None,
        "total": replay.total,
        "delivered": replay.delivered,
        "failed": replay.failed,
        "skipped": replay.skipped,
        "cancelled": replay.cancelled,
        "waiting": replay.waiting,
        "created": instant(replay.created_at),
        "ended": instant(replay.ended_at) if replay.ended_at else None,
    }


def _begun(replay: Replay) -> Response:
    return Response(replay_resource(replay), 202)


def _planned(planned: Plan, order: Order) -> Response:
    return Response(
        {
            "count": planned.count,
            "oldest": instant(planned.oldest) if planned.oldest else None,
            "newest": instant(planned.newest) if planned.newest else None,
            "bytes": planned.size,
            "estimated_seconds": round(planned.seconds(order.rate), 1),
        }
    )


def _order(request: Request, given: dict[str, Any]) -> tuple[Order, bool]:
    """Who wants it, why and how fast; and whether it is only to be planned."""
    rate = given.pop("rate", DEFAULT_RATE)
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise Refused("invalidValue", "rate", "rate must be a number.")
    reason = given.pop("reason", None)
    reason = "" if reason is None else reason
    if not isinstance(reason, str) or len(reason) > REASON_CHARACTERS:
        raise Refused(
            "invalidValue",
            "reason",
            f"reason is text of up to {REASON_CHARACTERS} characters.",
        )
    dry_run = given.pop("dry_run", False)
    if not isinstance(dry_run, bool):
        raise Refused("invalidValue", "dry_run", "dry_run must be true or false.")
    actor = f"api:token {caller_of(request).token}"
    order = Order(actor=actor, reason=reason, rate=float(rate))
    check_order(order)
    return order, dry_run


def _filters(given: dict[str, Any]) -> Filters:
    event = given.pop("event", None)
    if event is not None and not isinstance(event, str):
        raise Refused("invalidValue", "event", "event must be a name.")
    since, until = _between(given)
    filters = Filters(
        webhook=_id(given, "id_webhook"),
        event=None if event is None else event_name(event),
        user=_id(given, "id_user"),
        connection=_id(given, "id_connection"),
        states=_states(given),
        since=since,
        until=until,
        ids=_ids(given),
    )
    check_filters(filters)
    return filters


def _between(given: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    dates = {"min_date": 0, "max_date": 1}
    for name in dates:
        if not isinstance(given.get(name), str | None):
            raise Refused("invalidValue", name, f"{name} must be a date.")
    since, until = (moment(name, given.pop(name, None), dates[name]) for name in dates)
    return since, until


def _states(given: dict[str, Any]) -> tuple[str, ...]:
    states = given.pop("states", None)
    if states is None:
        return DEFAULT_STATES
    if not isinstance(states, list) or not all(
        isinstance(each, str) for each in states
    ):
        raise Refused("invalidValue", "states", "states is a list of names.")
    return tuple(dict.fromkeys(states))


def _ids(given: dict[str, Any]) -> tuple[int, ...]:
    ids = given.pop("ids", None)
    if ids is None:
        return ()
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        raise Refused("invalidValue", "ids", f"ids is a list of 1 to {MOST_IDS} ids.")
    return tuple(_checked_id(each, "ids") for each in ids)


def _id(given: dict[str, Any], name: str) -> int | None:
    value = given.pop(name, None)
    return None if value is None else _checked_id(value, name)


def _checked_id(value: object, name: str) -> int:
    if type(value) is int and 0 < value <= MAX_ID:
        return value
    raise Refused("invalidValue", name, f"{name} must be an id.")


def _webhook(id_webhook: int) -> None:
    if not Webhook.objects.filter(pk=id_webhook).exists():
        raise Refused("notFound", "id", f"There is no webhook {id_webhook}.")
