"""Pausing a webhook: nothing is sent, nothing is lost, and it ends by itself."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.audit.models import AuditEntry
from apps.webhooks.console.conditions import Kind, conditions_of
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms, is_waiting
from apps.webhooks.flusher import flush
from apps.webhooks.models import Replay, Webhook, WebhookData
from apps.webhooks.pauses import pause_webhook as pause_by
from apps.webhooks.pauses import resume_webhook
from apps.webhooks.registrations import Refused, delete_webhook
from apps.webhooks.replay.filters import Filters
from apps.webhooks.replays import Order, start_replay
from apps.webhooks.schedule import flusher_now
from tests.integration.api_client import make_client
from tests.integration.test_pump import ENGINE
from tests.make import make_webhook
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db
State = WebhookData.State
TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)
HOUR = timedelta(hours=1)


def pause_webhook(webhook: int, **options) -> Webhook:
    return pause_by(webhook, actor="command:ada", **options)


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


def end_the_pause(webhook: Webhook) -> None:
    """As if it had been until a second ago, by the database's clock."""
    ended = Now() - timedelta(seconds=1)
    began = Now() - timedelta(seconds=2)
    Webhook.objects.filter(pk=webhook.pk).update(paused_at=began, paused_until=ended)


def condition(webhook: Webhook):
    rows = Webhook.objects.filter(pk=webhook.pk)
    (found,) = conditions_of(rows, flusher_now())
    return found


def test_while_paused_all_is_kept_and_once_resumed_all_goes_out(receiver, run_pump):
    webhook, other = make_webhook(receiver.url("/a")), make_webhook(receiver.url("/b"))
    pause_webhook(webhook.pk, note="their migration")
    emit_rows(3)
    run_pump()
    assert [each.target for each in receiver.record.deliveries()] == ["/b"] * 3
    waiting = WebhookData.objects.filter(webhook=webhook)
    assert set(waiting.values_list("state", "attempts")) == {(State.PENDING, 0)}
    assert not is_waiting()
    resume_webhook(webhook.pk)
    run_pump()
    assert not WebhookData.objects.exclude(state=State.DELIVERED).exists()
    assert len(receiver.record.deliveries()) == 6
    assert Webhook.objects.get(pk=other.pk).paused_at is None


def test_it_ends_by_itself(receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    pause_webhook(webhook.pk, until=timezone.now() + HOUR, note="night")
    emit_rows(1)
    run_pump()
    assert receiver.record.deliveries() == []
    found = condition(webhook)
    assert (found.kind, found.until is None) == (Kind.PAUSED, False)
    assert "night" in found.why
    end_the_pause(webhook)
    assert is_waiting()
    run_pump()
    assert len(receiver.record.deliveries()) == 1
    assert condition(webhook).kind is Kind.HEALTHY


def test_a_pump_that_has_its_lease_gives_it_back_when_it_would_renew_it():
    webhook = make_webhook("https://receiver.example/")
    emit_rows(20)
    lanes = Lanes(TERMS, ENGINE)
    lanes.acquire(0.0)
    lanes.read()
    pause_webhook(webhook.pk)
    lanes.renew()
    assert lanes.pick(100, 10**6) == []
    assert lanes.give_back(0.0) == 1
    assert not is_waiting()
    resume_webhook(webhook.pk)
    lanes.acquire(0.0)
    lanes.read()
    assert len(lanes.pick(100, 10**6)) == 1


def test_the_flusher_leaves_it_alone_and_afterwards_all_goes_out(receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(sequence=[503])
    emit_rows(3)
    run_pump()
    refused = len(receiver.record.deliveries())
    pause_webhook(webhook.pk)
    emit_rows(2)
    for _execution in range(2):
        flush(webhook.pk)
        begin_execution()
        run_pump()
    assert len(receiver.record.deliveries()) == refused
    resume_webhook(webhook.pk)
    run_pump()
    assert set(WebhookData.objects.values_list("state", flat=True)) == {State.DELIVERED}


def test_a_replay_waits_for_it(receiver, take_turn, run_pump):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(1)
    run_pump()
    pause_webhook(webhook.pk)
    replay = start_replay(
        Filters(webhook=webhook.pk, states=("delivered",)),
        Order(actor="test", reason="", rate=500),
    )
    take_turn()
    replay.refresh_from_db()
    assert (replay.state, replay.delivered) == (Replay.State.RUNNING, 0)
    resume_webhook(webhook.pk)
    Replay.objects.update(standing={})
    take_turn()
    replay.refresh_from_db()
    assert (replay.state, replay.delivered) == (Replay.State.DONE, 1)


def test_told_again_it_changes_the_end_and_the_note_and_is_on_record():
    webhook = make_webhook("https://receiver.example/")
    began = pause_webhook(webhook.pk, note="one").paused_at
    until = datetime.now(UTC) + HOUR
    again = pause_webhook(webhook.pk, until=until, note="two")
    assert (again.paused_at, again.paused_until) == (began, until)
    resume_webhook(webhook.pk)
    rows = AuditEntry.objects.order_by("pk").values_list("action", "reason")
    assert list(rows) == [
        ("webhook.pause", "one"),
        ("webhook.pause", "two"),
        ("webhook.resume", ""),
    ]


def test_what_is_refused():
    webhook = make_webhook("https://receiver.example/")
    for refused in (
        {"until": timezone.now() - HOUR},
        {"note": "a" * 501},
        {"note": "two\nlines"},
    ):
        with pytest.raises(Refused):
            pause_webhook(webhook.pk, **refused)
    delete_webhook(webhook.pk)
    with pytest.raises(Refused, match="is deleted"):
        pause_webhook(webhook.pk)
    with pytest.raises(Refused, match="no webhook 404"):
        resume_webhook(404)
    assert Webhook.objects.get(pk=webhook.pk).paused_at is None


def test_the_api_pauses_and_resumes():
    webhook = make_webhook("https://receiver.example/")
    client, url = make_client(Scope.CONFIG), f"/webhooks/{webhook.pk}"
    until = "2099-01-01T00:00:00Z"
    body = {"until": until, "note": "move"}
    assert client.call("POST", f"{url}/pause", body).status == 200
    told = client.call("GET", url).body
    assert told["paused"] is not None
    assert told["paused_by"].startswith("api:token")
    assert (told["paused_until"], told["pause_note"]) == (
        "2099-01-01T00:00:00.000Z",
        "move",
    )
    for wrong in ({"until": "2001-01-01"}, {"until": 7}, {"note": 7}, {"unknown": 1}):
        assert client.call("POST", f"{url}/pause", wrong).status == 400
    assert client.call("POST", f"{url}/resume").body["paused"] is None
    assert client.call("POST", "/webhooks/404/pause").status == 404


def test_a_pause_that_is_over_is_none():
    webhook = make_webhook("https://receiver.example/")
    pause_webhook(webhook.pk, until=timezone.now() + HOUR)
    end_the_pause(webhook)
    told = make_client(Scope.CONFIG).call("GET", f"/webhooks/{webhook.pk}").body
    assert (told["paused"], told["paused_until"]) == (None, None)
    assert pause_webhook(webhook.pk).paused_until is None


def test_the_commands_pause_and_resume():
    webhook = make_webhook("https://receiver.example/")
    output = io.StringIO()
    end = "2099-01-01"
    call_command("pause", str(webhook.pk), "--until", end, note="move", stdout=output)
    webhook.refresh_from_db()
    assert (webhook.pause_note, webhook.paused_by[:8]) == ("move", "command:")
    call_command("webhooks", format="json", stdout=output)
    call_command("resume", str(webhook.pk), stdout=output)
    paused, listed, resumed = output.getvalue().splitlines()
    assert paused == f"Webhook {webhook.pk} is paused until {end}T00:00:00.000Z."
    assert [row["paused"] for row in json.loads(listed)] == [True]
    assert resumed == f"Webhook {webhook.pk} is resumed."
    with pytest.raises(CommandError, match="in the future"):
        call_command("pause", str(webhook.pk), "--until", "2001-01-01")
    with pytest.raises(CommandError, match="no webhook 404"):
        call_command("resume", "404")


def test_an_operator_pauses_and_resumes_on_pages():
    webhook = make_webhook("https://receiver.example/")
    emit_rows(2)
    operator = client_of_role("Operator")
    pause, resume = (
        reverse(f"admin:webhook_{word}", args=[webhook.pk])
        for word in ("pause", "resume")
    )
    data = {"until": "2099-01-01T00:00", "note": "move"}
    operator.post(pause, data, secure=True)
    webhook.refresh_from_db()
    assert webhook.paused_until == datetime(2099, 1, 1, tzinfo=UTC)
    page = operator.get(resume, secure=True).content.decode()
    assert "move" in page
    assert "2099" in page
    refused = operator.post(pause, {"until": "2001-01-01"}, secure=True)
    assert refused.status_code == 422
    assert "must be in the future" in refused.content.decode()
    operator.post(resume, secure=True)
    webhook.refresh_from_db()
    assert webhook.paused_at is None
    assert client_of_role("Viewer").get(pause, secure=True).status_code == 403
