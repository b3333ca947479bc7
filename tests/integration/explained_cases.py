"""Rows to be explained: one function for each case, by the name of its golden text.

Ids are always the same, so that texts are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db.models.functions import Now
from django.utils import timezone

from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.configuration.store import change
from apps.event_log.models import EndUser, Event
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.heartbeats import note
from apps.webhooks.models import (
    DeliveryAttempt,
    Heartbeat,
    Lease,
    Replay,
    ReplayItem,
    Webhook,
    WebhookData,
)

State = WebhookData.State
NAME: Final = "CONNECTION_SYNCED"
WEBHOOK, EVENT, DATA, USER, REPLAY = 3, 41, 12, 5, 7
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CASES: Final[dict[str, Callable[[], None]]] = {}


def case(make: Callable[[], None]) -> Callable[[], None]:
    """Under its own name."""
    CASES[make.__name__.replace("_", " ")] = make
    return make


def webhook(pk: int = WEBHOOK, **fields: Any) -> Webhook:
    """To which everything is sent, an hour old."""
    fields.setdefault("url", "https://receiver.example/hook")
    fields.setdefault("created_at", timezone.now() - 60 * MINUTE)
    return Webhook.objects.create(pk=pk, event=fields.pop("event", NAME), **fields)


def event(pk: int = EVENT, **fields: Any) -> Event:
    """Of five minutes ago."""
    fields = {"payload": "{}", "created_at": timezone.now() - 5 * MINUTE, **fields}
    return Event.objects.create(
        pk=pk, name=NAME, payload_sha256=b"", payload_size=2, **fields
    )


def user(pk: int = USER, **fields: Any) -> EndUser:
    """Permanent, unless told otherwise."""
    fields.setdefault("permanent_at", timezone.now())
    return EndUser.objects.create(pk=pk, token=None, **fields)


def delivery(
    state: int = State.PENDING,
    *,
    to: Webhook | None = None,
    of: Event | None = None,
    pk: int = DATA,
    **fields: Any,
) -> WebhookData:
    """Never attempted, unless told otherwise; a worker is there."""
    note("worker", ["pump"])
    return WebhookData.objects.create(
        pk=pk, webhook=to or webhook(), event=of or event(), state=state, **fields
    )


def failed(
    cause: str = "status", status: int | None = 503, **fields: Any
) -> WebhookData:
    """Refused in the execution that is the current one."""
    execution = begin_execution() or 0
    row = delivery(attempts=2, last_execution=execution, **fields)
    attempted(row, cause, status, execution)
    return row


def attempted(
    row: WebhookData, cause: str, status: int | None, execution: int = 0
) -> None:
    """Its last attempt."""
    DeliveryAttempt.objects.create(
        webhook_data=row, webhook_id=row.webhook_id, number=row.attempts, token=1,
        execution=execution, started_at=timezone.now(), cause=cause, status=status,
        total_us=1, body_bytes=2, sent_bytes=2,
    )  # fmt: skip


def lease(**fields: Any) -> None:
    """As engine/settle.py leaves it."""
    Lease.objects.filter(webhook=WEBHOOK).update(**fields)


def replay(row: WebhookData, state: str, **fields: Any) -> None:
    """That has the row too, and has not sent it yet."""
    made = Replay.objects.create(
        pk=REPLAY, state=state, filters={}, rate=50, actor="ada", total=1, **fields
    )
    ReplayItem.objects.create(
        replay=made, webhook_data=row, webhook_id=row.webhook_id, was=row.state
    )


def oauth(**token: Any) -> Webhook:
    """A webhook whose token cannot be used."""
    provider = AuthProvider.objects.create(
        pk=2, type="oauth", name="ACME", config=json.dumps({"url": "https://a.example"})
    )
    OAuthToken.objects.filter(pk=provider.pk).update(**token)
    return webhook(auth_provider=provider)


@case
def delivered() -> None:
    delivery(State.DELIVERED, attempts=3, delivered_at=timezone.now())


@case
def delivered_to_the_webhook_of_one_user() -> None:
    told = webhook(user=user())
    delivery(
        State.DELIVERED, to=told, of=event(user_id=USER), attempts=1,
        delivered_at=timezone.now(),
    )  # fmt: skip


@case
def held_for_a_temporary_user() -> None:
    user(permanent_at=None, expires_at=timezone.now() + MINUTE)
    delivery(State.HELD, of=event(user_id=USER))


@case
def cancelled_with_a_user_who_never_was_permanent() -> None:
    user(permanent_at=None, deleted_at=timezone.now())
    delivery(State.CANCELLED, of=event(user_id=USER))


@case
def cancelled_for_its_webhook_is_disabled() -> None:
    delivery(State.CANCELLED, to=webhook(deleted_at=timezone.now()))


@case
def cancelled_for_its_webhook_was_disabled_once() -> None:
    delivery(State.CANCELLED)


@case
def cancelled_for_the_person_was_erased() -> None:
    user(deleted_at=timezone.now(), erased_at=timezone.now())
    purged = event(user_id=USER, payload=None, body_removed_at=timezone.now())
    delivery(State.CANCELLED, of=purged)


@case
def cancelled_for_it_outlived_its_time() -> None:
    change({"webhooks.time_to_live": "2"}, actor="ada")
    delivery(State.CANCELLED, created_at=timezone.now() - 3 * DAY, attempts=2)


@case
def cancelled_with_the_replay_that_planned_it() -> None:
    replay(delivery(State.CANCELLED), Replay.State.CANCELLED)


@case
def quarantined() -> None:
    delivery(State.QUARANTINED)


@case
def planned_by_a_replay() -> None:
    replay(delivery(State.PLANNED), Replay.State.RUNNING)


@case
def planned_by_a_replay_that_is_paused() -> None:
    replay(delivery(State.PLANNED), Replay.State.PAUSED)


@case
def about_to_be_sent() -> None:
    delivery()


@case
def about_to_be_sent_as_a_file() -> None:
    delivery(of=event(cfonb="0130004"))


@case
def no_worker_has_been_heard_of() -> None:
    delivery()
    heard_at = timezone.now() - timedelta(seconds=1000, milliseconds=1)
    Heartbeat.objects.update(heard_at=heard_at)


@case
def in_flight() -> None:
    delivery()
    lease(leased_until=Now() + MINUTE, holder="pump")


@case
def behind_others_for_the_last_one_failed() -> None:
    first = delivery(pk=DATA - 1)
    delivery(to=first.webhook, of=event(EVENT + 1))
    lease(leased_until=Now() + MINUTE, consecutive_failures=1, execution=0)


@case
def its_pump_has_died() -> None:
    delivery()
    lease(leased_until=Now() - MINUTE, holder="pump")


@case
def cut_off_by_failures() -> None:
    row = failed("tls", None)
    lease(
        cut_off_at=Now(), execution=row.last_execution, consecutive_failures=10,
        timeouts=1,
    )  # fmt: skip


@case
def cut_off_by_timeouts_before_it_was_attempted() -> None:
    execution = begin_execution() or 0
    delivery()
    lease(cut_off_at=Now(), execution=execution, consecutive_failures=2, timeouts=2)


@case
def resting_for_the_receiver_asked_for_it() -> None:
    failed(status=429)
    lease(rest_until=Now() + 10 * MINUTE)


@case
def refused_and_waiting_for_the_flusher() -> None:
    failed(status=404)


@case
def refused_and_in_a_replay_that_has_stopped() -> None:
    stopped = {str(WEBHOOK): {"stopped": "2 timeouts"}}
    replay(failed("timeout", None), Replay.State.RUNNING, standing=stopped)


@case
def refused_so_long_ago_that_the_attempts_are_purged() -> None:
    execution = begin_execution() or 0
    delivery(attempts=500, last_execution=execution)


@case
def without_a_token_for_its_server_refuses() -> None:
    told = oauth(
        state="failing", failures=3, last_error="invalid_client",
        next_try_at=Now() + MINUTE,
    )  # fmt: skip
    delivery(to=told)


@case
def without_a_token_for_it_has_expired() -> None:
    delivery(to=oauth(access_token="t", expires_at=Now() - MINUTE))


@case
def without_a_url() -> None:
    delivery(to=webhook(url=None))


@case
def paused_until_an_instant() -> None:
    now = timezone.now()
    failed(
        to=webhook(
            paused_at=now, paused_until=now + 60 * MINUTE, paused_by="console:ada",
            pause_note="their migration",
        )
    )  # fmt: skip


@case
def paused_until_it_is_resumed() -> None:
    delivery(to=webhook(paused_at=timezone.now(), paused_by="command:ada"))


@case
def paused_once() -> None:
    now = timezone.now()
    delivery(
        to=webhook(
            paused_at=now - 2 * MINUTE, paused_until=now - MINUTE, paused_by="ada"
        )
    )  # fmt: skip


@case
def event_of_which_some_were_told() -> None:
    now = timezone.now()
    of = event(user_id=user().pk)
    row = delivery(State.DELIVERED, of=of, attempts=1, delivered_at=now)
    failed(status=500, pk=row.pk + 1, to=webhook(4), of=of)
    webhook(20, user=user(6))
    webhook(21, url=None)
    webhook(22, deleted_at=now - 10 * MINUTE)
    webhook(23, created_at=now)
    webhook(24)
    webhook(25, event="USER_CREATED")


@case
def event_of_which_nobody_was_told() -> None:
    event(payload=None, body_removed_at=timezone.now())
    webhook(event="USER_CREATED")
