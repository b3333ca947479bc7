"""Replays: chosen, counted, sent again at a rate, paused, cancelled, added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.api_tokens.models import Scope
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.settle import Settlement
from apps.webhooks.models import (
    DeliveryAttempt,
    HealthBucket,
    Lease,
    Replay,
    ReplayItem,
    WebhookData,
)
from apps.webhooks.registrations import Refused, delete_webhook
from apps.webhooks.replay import items
from apps.webhooks.replay.filters import Filters
from apps.webhooks.replay.plan import plan, plan_backfill
from apps.webhooks.replay.results import Result, record
from apps.webhooks.replays import (
    Order,
    cancel_replay,
    pause_replay,
    resume_replay,
    start_backfill,
    start_replay,
)
from tests.integration.api_client import make_client
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db
State = WebhookData.State
ORDER = Order(actor="test", reason="the receiver was down", rate=500)
YEAR = timedelta(days=365)


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


def settlement(data: int, webhook: int, *, accepted: bool) -> Settlement:
    return Settlement(
        data=data, webhook=webhook, token=0, execution=0, number=1, accepted=accepted,
        started_us=0, cause="accepted" if accepted else "status", status=200,
        dns_us=None, connect_us=None, tls_us=None, first_byte_us=None, total_us=1,
        peer=None, body_bytes=1, sent_bytes=1,
    )  # fmt: skip


def counts(replay: Replay) -> tuple[str, int, int, int, int]:
    replay.refresh_from_db()
    return (
        replay.state, replay.total, replay.delivered, replay.failed, replay.skipped,
    )  # fmt: skip


def test_what_failed_is_sent_again_marked_and_with_the_same_id(
    receiver, run_pump, take_turn
):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    emit_rows(3)
    run_pump()
    receiver.behave()
    first = receiver.record.deliveries()
    health = list(HealthBucket.objects.values())
    lease = Lease.objects.values().get(webhook=webhook)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    assert take_turn() is False
    again = receiver.record.deliveries()[len(first) :]
    assert {each.id_in_body for each in again} == {each.id_in_body for each in first}
    assert all(each.genuine for each in again)
    assert {each.headers["x-webhook-attempt-kind"] for each in again} == {"replay"}
    assert {each.headers["x-webhook-attempt"] for each in again} == {"2"}
    assert {each.body for each in again} == {each.body for each in first}
    assert counts(replay) == ("done", 3, 3, 0, 0)
    assert replay.ended_at is not None
    assert set(WebhookData.objects.values_list("state", flat=True)) == {State.DELIVERED}
    assert DeliveryAttempt.objects.filter(kind=1).count() == 3
    # Neither health nor the cutoff's counters know of it.
    assert list(HealthBucket.objects.values()) == health
    assert Lease.objects.values().get(webhook=webhook) == lease


def test_what_was_delivered_can_be_sent_again(receiver, run_pump, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(2)
    run_pump()
    before = list(WebhookData.objects.order_by("id").values("state", "delivered_at"))
    replay = start_replay(Filters(webhook=webhook.pk, states=("delivered",)), ORDER)
    receiver.behave(sequence=(500,))
    take_turn()
    assert counts(replay) == ("done", 2, 1, 1, 0)
    after = list(WebhookData.objects.order_by("id").values("state", "delivered_at"))
    assert after == before


def test_each_item_is_tried_once_and_the_flusher_goes_on(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(4)
    receiver.behave(sequence=(500, 500))
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    take_turn()
    assert counts(replay) == ("done", 4, 2, 2, 0)
    pending = WebhookData.objects.filter(state=State.PENDING)
    assert [(row.attempts, row.last_execution) for row in pending] == [(1, 0)] * 2


def test_what_a_replay_has_in_hand_no_pump_takes(receiver, run_pump, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(3)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    items.hold(list(WebhookData.objects.values_list("pk", flat=True)))
    run_pump()
    assert receiver.record.deliveries() == []
    take_turn()
    assert counts(replay) == ("done", 3, 3, 0, 0)


def test_what_came_of_an_item_is_counted_once():
    webhook = make_webhook("https://a.example/")
    emit_rows(2)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    data = WebhookData.objects.order_by("id")[0].pk
    for accepted in (False, True):
        result = Result(True, settlement(data, webhook.pk, accepted=accepted))
        assert record(replay.pk, [result]) == {data}
    assert counts(replay) == ("running", 2, 0, 1, 0)
    assert WebhookData.objects.get(pk=data).state == State.DELIVERED
    assert DeliveryAttempt.objects.count() == 2


def test_who_has_been_taken_for_dead_sends_nothing_more(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(2)
    start_replay(Filters(webhook=webhook.pk), ORDER)
    dead = items.claim()
    assert dead is not None
    assert items.renew(dead)
    Replay.objects.update(leased_until=datetime.now(UTC) - timedelta(seconds=1))
    other = items.claim()
    assert other is not None
    assert not items.renew(dead)
    items.put_down(dead, "{}")
    assert items.renew(other)


def test_a_receiver_that_fails_stops_it_until_it_is_resumed(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(15)
    receiver.behave(status=500)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    take_turn()
    assert counts(replay) == ("paused", 15, 0, 10, 0)
    assert replay.remark == f"Webhook {webhook.pk}: 10 consecutive failures."
    assert items.claim() is None
    receiver.behave()
    resume_replay(replay.pk)
    take_turn()
    assert counts(replay) == ("done", 15, 5, 10, 0)


def test_two_timeouts_stop_it_even_in_different_turns(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"), deadline=1)
    emit_rows(3)
    receiver.behave(hang=True)
    replay = start_replay(
        Filters(webhook=webhook.pk), Order(actor="test", reason="", rate=1)
    )
    while Replay.objects.get(pk=replay.pk).state == "running":
        take_turn()
    assert counts(replay) == ("paused", 3, 0, 2, 0)
    assert "2 timeouts" in replay.remark


def test_one_failing_webhook_does_not_stop_the_others(receiver, take_turn):
    make_webhook(receiver.url("/"))
    make_webhook("http://127.0.0.1:9/")
    emit_rows(20)
    replay = start_replay(Filters(), ORDER)
    while Replay.objects.get(pk=replay.pk).state == "running":
        take_turn()
    assert counts(replay) == ("paused", 40, 20, 10, 0)


def test_what_was_accepted_or_cancelled_since_is_skipped(receiver, run_pump, take_turn):
    webhook, other = make_webhook(receiver.url("/")), make_webhook(receiver.url("/b"))
    emit_rows(2)
    replay = start_replay(Filters(), ORDER)
    delete_webhook(other.pk)
    run_pump()
    take_turn()
    assert counts(replay) == ("done", 4, 0, 0, 4)
    assert len(receiver.record.deliveries()) == 2
    assert not DeliveryAttempt.objects.filter(webhook=webhook, kind=1).exists()


def test_a_pause_ends_the_turn_and_what_waits_is_kept(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(5)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    pause_replay(replay.pk)
    assert items.claim() is None
    assert counts(replay) == ("paused", 5, 0, 0, 0)
    resume_replay(replay.pk)
    take_turn()
    assert counts(replay) == ("done", 5, 5, 0, 0)


def test_a_cancelled_replay_sends_nothing_more(receiver):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(5)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    cancel_replay(replay.pk)
    assert items.claim() is None
    with pytest.raises(Refused, match="cancelled"):
        resume_replay(replay.pk)
    assert ReplayItem.objects.filter(replay=replay, state=0).count() == 5
    replay.refresh_from_db()
    assert (replay.cancelled, replay.waiting) == (5, 0)


def test_the_rate_is_kept(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(30)
    order = Order(actor="test", reason="", rate=2)
    replay = start_replay(Filters(webhook=webhook.pk), order)
    assert take_turn() is True
    assert 1 <= replay_delivered(replay) <= 5


def replay_delivered(replay: Replay) -> int:
    replay.refresh_from_db()
    return replay.delivered


def test_a_worker_that_dies_leaves_it_to_another(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(2)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    assert items.claim() is not None
    assert items.claim() is None
    assert not items.are_running()
    past = datetime.now(UTC) - timedelta(seconds=1)
    Replay.objects.update(leased_until=past)
    assert items.are_running()
    take_turn()
    assert counts(replay) == ("done", 2, 2, 0, 0)


def test_a_worker_that_ends_stops_after_what_is_in_flight(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(2)
    replay = start_replay(Filters(webhook=webhook.pk), ORDER)
    assert take_turn(stopping=lambda: True) is True
    assert counts(replay) == ("running", 2, 0, 0, 0)


def test_a_new_webhook_is_told_of_the_past(receiver, run_pump, take_turn):
    old = make_webhook(receiver.url("/old"))
    emit_rows(3)
    run_pump()
    new = make_webhook(receiver.url("/new"))
    now = datetime.now(UTC)
    planned = plan_backfill(new.pk, now - YEAR, now + YEAR)
    assert planned.count == 3
    replay = start_backfill(new.pk, now - YEAR, now + YEAR, ORDER)
    # Nobody but the replay sends them.
    run_pump()
    assert len(receiver.record.deliveries()) == 3
    receiver.behave(sequence=(500,))
    take_turn()
    assert counts(replay) == ("done", 3, 2, 1, 0)
    (failed,) = WebhookData.objects.filter(webhook=new).exclude(state=State.DELIVERED)
    assert failed.state == State.PENDING
    assert plan_backfill(new.pk, now - YEAR, now + YEAR).count == 0
    assert plan_backfill(old.pk, now - YEAR, now + YEAR).count == 0


def test_what_a_cancelled_backfill_made_is_cancelled(receiver):
    make_webhook(receiver.url("/old"))
    emit_rows(2)
    new = make_webhook(receiver.url("/new"))
    now = datetime.now(UTC)
    replay = start_backfill(new.pk, now - YEAR, now + YEAR, ORDER)
    cancel_replay(replay.pk)
    items.drop_cancelled()
    states = WebhookData.objects.filter(webhook=new).values_list("state", flat=True)
    assert set(states) == {State.CANCELLED}


def test_a_backfill_of_a_webhook_that_is_deleted_leaves_nothing(receiver, take_turn):
    make_webhook(receiver.url("/old"))
    emit_rows(2)
    new = make_webhook(receiver.url("/new"))
    now = datetime.now(UTC)
    replay = start_backfill(new.pk, now - YEAR, now + YEAR, ORDER)
    delete_webhook(new.pk)
    take_turn()
    assert counts(replay) == ("done", 2, 0, 0, 2)
    states = WebhookData.objects.filter(webhook=new).values_list("state", flat=True)
    assert set(states) == {State.CANCELLED}


def test_the_filters_choose():
    user = make_user()
    one, two = make_webhook("https://a.example/"), make_webhook("https://b.example/")
    payloads = [
        b'{"connection": {"id": 7}}', b'{"id_connection": 7}', b'{"id": 7}',
        b'{"x": 1}',
    ]  # fmt: skip
    emit_many(
        [
            Emission(event="CONNECTION_SYNCED", payload=each, user=user.pk)
            for each in payloads
        ]
    )
    emit_rows(1)
    WebhookData.objects.filter(webhook=two).update(attempts=3)
    ids = tuple(WebhookData.objects.order_by("id").values_list("id", flat=True))
    now = datetime.now(UTC)
    chosen = {
        "all": Filters(),
        "webhook": Filters(webhook=one.pk),
        "event": Filters(event="USER_CREATED"),
        "user": Filters(user=user.pk),
        "connection": Filters(connection=7, webhook=one.pk),
        "failed": Filters(states=("failed",)),
        "never": Filters(states=("never_attempted",), webhook=two.pk),
        "ids": Filters(ids=ids[:3]),
        "past": Filters(until=now - YEAR),
        "now": Filters(since=now - YEAR, until=now + YEAR),
    }
    found = {name: plan(filters).count for name, filters in chosen.items()}
    assert found == {
        "all": 10, "webhook": 5, "event": 0, "user": 8, "connection": 3, "failed": 5,
        "never": 0, "ids": 3, "past": 0, "now": 10,
    }  # fmt: skip


def test_a_plan_says_how_much_and_how_long():
    make_webhook("https://a.example/")
    emit_rows(100)
    planned = plan(Filters())
    assert (planned.count, planned.size, planned.seconds(50)) == (100, 200, 2)
    assert planned.oldest is not None
    assert planned.newest is not None
    assert planned.oldest <= planned.newest


def test_nothing_to_send_is_refused_and_leaves_nothing():
    make_webhook("https://a.example/")
    with pytest.raises(Refused, match="nothing"):
        start_replay(Filters(), ORDER)
    assert not Replay.objects.exists()


@pytest.mark.parametrize(
    ("filters", "order", "words"),
    [
        (Filters(states=("held",)), ORDER, "no state"),
        (Filters(states=()), ORDER, "at least one"),
        (Filters(ids=tuple(range(10_001))), ORDER, "10,000"),
        (Filters(), Order(actor="a", reason="", rate=0), "rate"),
        (Filters(), Order(actor="a", reason="", rate=501), "rate"),
    ],
)
def test_what_makes_no_sense_is_refused(filters, order, words):
    with pytest.raises(Refused, match=words):
        start_replay(filters, order)


def test_the_api_plans_begins_steers_and_tells(receiver, take_turn):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(3)
    api = make_client(Scope.CONFIG)
    path = f"/webhooks/{webhook.pk}/recover"
    planned = api.call("POST", path, {"dry_run": True, "rate": 2})
    assert planned.status == 200
    assert (planned.body["count"], planned.body["estimated_seconds"]) == (3, 1.5)
    assert not Replay.objects.exists()
    begun = api.call("POST", path, {"reason": "down", "rate": 500})
    assert (begun.status, begun.body["waiting"]) == (202, 3)
    one = f"/replays/{begun.body['id']}"
    assert api.call("POST", f"{one}/pause").body["state"] == "paused"
    assert api.call("POST", f"{one}/resume").body["state"] == "running"
    take_turn()
    ended = api.call("GET", one).body
    assert (ended["state"], ended["delivered"], ended["waiting"]) == ("done", 3, 0)
    assert ended["cancelled"] == 0
    assert ended["reason"] == "down"
    assert ended["actor"].startswith("api:token ")
    assert api.call("POST", f"{one}/cancel").code == "conflict"
    assert api.call("GET", "/replays").body["replays"] == [ended]
    data = WebhookData.objects.order_by("id")[0].pk
    again = api.call("POST", f"/webhooks/{webhook.pk}/data/{data}/resend", {})
    assert (again.status, again.body["total"]) == (202, 1)
    take_turn()
    sent = [each.id_in_body for each in receiver.record.deliveries()]
    assert sent.count(data) == 2


def test_the_api_takes_every_filter():
    user = make_user()
    webhook = make_webhook("https://a.example/")
    payload = b'{"connection": {"id": 7}}'
    emit_many([Emission(event="CONNECTION_SYNCED", payload=payload, user=user.pk)])
    emit_rows(1)
    first, second = WebhookData.objects.order_by("id").values_list("pk", flat=True)
    WebhookData.objects.filter(pk=second).update(attempts=1)
    api = make_client(Scope.CONFIG)
    chosen: dict[str, dict[str, Any]] = {
        "nothing": {}, "webhook": {"id_webhook": webhook.pk}, "no": {"id_webhook": 404},
        "event": {"event": "USER_CREATED"}, "user": {"id_user": user.pk},
        "connection": {"id_connection": 7}, "never": {"states": ["never_attempted"]},
        "failed": {"states": ["failed"]}, "ids": {"ids": [first, second, 404]},
        "since": {"min_date": "2040-01-01"}, "until": {"max_date": "2040-01-01"},
        "all": {"id_user": user.pk, "ids": [second]},
    }  # fmt: skip
    found = {
        name: api.call("POST", "/replays", {**given, "dry_run": True}).body["count"]
        for name, given in chosen.items()
    }
    assert found == {
        "nothing": 2, "webhook": 2, "no": 0, "event": 0, "user": 1, "connection": 1,
        "never": 1, "failed": 1, "ids": 2, "since": 0, "until": 2, "all": 0,
    }  # fmt: skip
    assert not Replay.objects.exists()


def test_the_api_tells_a_new_webhook_of_the_past():
    make_webhook("https://old.example/")
    emit_rows(3)
    new = make_webhook("https://new.example/")
    api = make_client(Scope.CONFIG)
    path = f"/webhooks/{new.pk}/backfill"
    given = {"min_date": "2026-01-01"}
    assert api.call("POST", path, {"dry_run": True}).code == "missingParameter"
    assert api.call("POST", path, {**given, "dry_run": True}).body["count"] == 3
    begun = api.call("POST", path, {**given, "reason": "it is new"})
    assert (begun.status, begun.body["total"]) == (202, 3)
    assert begun.body["filters"]["backfill"] == new.pk
    assert api.call("POST", path, given).code == "conflict"
    one = f"/replays/{begun.body['id']}/cancel"
    ended = api.call("POST", one).body
    assert (ended["state"], ended["cancelled"], ended["waiting"]) == ("cancelled", 3, 0)


def test_replays_need_the_configuration_token():
    for scope in (Scope.EMIT, Scope.USERS):
        assert make_client(scope).call("POST", "/replays", {}).status == 403
