"""What is old is removed, and what may still be sent is not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.event_log.models import Event
from apps.webhooks.emit import emit
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.management.commands import purge as purge_command
from apps.webhooks.models import (
    DeliveryAttempt,
    FlusherExecution,
    PurgePass,
    Replay,
    ReplayItem,
    WebhookData,
)
from apps.webhooks.registrations import Refused
from apps.webhooks.replay.filters import ANY_STATE, Filters
from apps.webhooks.replays import Order, cancel_replay, start_replay
from apps.webhooks.retention import passes
from apps.webhooks.retention.kinds import KINDS, Kind
from apps.webhooks.retention.passes import purge_now, purge_turn
from tests.make import make_user, make_webhook

State = WebhookData.State
ORDER = Order(actor="somebody", reason="", rate=10.0)
EVENT = "CONNECTION_SYNCED"


def told(receiver, run_pump, *, status: int = 204, times: int = 1) -> list[int]:
    """Webhook data of events that have been attempted once each."""
    receiver.behave(status=status)
    before = WebhookData.objects.count()
    for number in range(times):
        emit(EVENT, {"n": number})
    run_pump()
    return list(WebhookData.objects.order_by("pk").values_list("pk", flat=True))[
        before:
    ]


def age(days: int) -> None:
    """Let everything that there is be so many days older."""
    by = timedelta(days=days)
    Event.objects.update(created_at=F("created_at") - by)
    WebhookData.objects.update(
        created_at=F("created_at") - by, delivered_at=F("delivered_at") - by
    )
    DeliveryAttempt.objects.update(started_at=F("started_at") - by)
    FlusherExecution.objects.update(started_at=F("started_at") - by)


def purge() -> None:
    """All passes, as if the last ones had been long ago."""
    PurgePass.objects.update(ended_at=timezone.now() - timedelta(days=1))
    assert not purge_turn(lambda: False)


def bodies() -> list[bool]:
    """Of each event, whether its body is there."""
    events = Event.objects.order_by("pk")
    return [payload is not None for payload in events.values_list("payload", flat=True)]


@pytest.fixture
def webhook(receiver):
    return make_webhook(receiver.url("/"), add_to_data={"who": "name"})


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_bodies_go_first_then_attempts_then_rows(receiver, run_pump):
    (data,) = told(receiver, run_pump)
    WebhookData.objects.update(extra='{"who":"somebody"}')
    age(29)
    purge()
    assert bodies() == [True]
    age(2)
    purge()
    event = Event.objects.get()
    assert (event.payload, event.cfonb) == (None, None)
    assert event.body_removed_at is not None
    assert event.payload_sha256
    assert WebhookData.objects.get(pk=data).extra is None
    assert DeliveryAttempt.objects.count() == 1
    age(60)
    purge()
    assert not DeliveryAttempt.objects.exists()
    assert WebhookData.objects.get().attempts == 1
    age(275)
    purge()
    assert not WebhookData.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_what_is_unsent_is_kept_whatever_its_age(receiver, run_pump):
    refused, held, quarantined, planned = told(receiver, run_pump, status=500, times=4)
    for data, state in (
        (held, State.HELD), (quarantined, State.QUARANTINED), (planned, State.PLANNED)
    ):  # fmt: skip
        WebhookData.objects.filter(pk=data).update(state=state)
    begin_execution()
    run_pump()
    assert WebhookData.objects.get(pk=refused).attempts == 2
    age(1000)
    purge()
    assert bodies() == [True] * 4
    assert WebhookData.objects.count() == 4
    # Why it is unsent is known: the last attempt of each.
    kept = DeliveryAttempt.objects.order_by("webhook_data")
    assert list(kept.values_list("webhook_data", "number")) == [
        (refused, 2), (held, 1), (quarantined, 1), (planned, 1)
    ]  # fmt: skip
    # Late, but accepted: it goes a month after that.
    receiver.behave(status=204)
    begin_execution()
    run_pump()
    purge()
    assert bodies() == [True] * 4
    age(31)
    purge()
    assert bodies() == [False, True, True, True]


@pytest.mark.django_db
def test_a_body_waits_for_the_last_webhook_that_is_told(receiver, run_pump):
    make_webhook(receiver.url("/good"))
    make_webhook(receiver.url("/bad"))
    receiver.behave("/bad", status=500)
    emit(EVENT, {})
    run_pump()
    age(40)
    purge()
    assert bodies() == [True]
    WebhookData.objects.filter(state=State.PENDING).update(state=State.CANCELLED)
    purge()
    assert bodies() == [False]


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_what_waits_in_a_replay_is_kept_until_it_has_ended(receiver, run_pump):
    data = told(receiver, run_pump)
    age(1000)
    replay = start_replay(Filters(ids=tuple(data), states=ANY_STATE), ORDER)
    purge()
    assert bodies() == [True]
    Replay.objects.update(state=Replay.State.PAUSED)
    purge()
    assert bodies() == [True]
    assert WebhookData.objects.exists()
    cancel_replay(replay.pk)
    purge()
    assert not Event.objects.exists()
    assert not ReplayItem.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_a_replay_says_that_bodies_were_purged(receiver, run_pump):
    data = told(receiver, run_pump)
    age(31)
    purge()
    chosen = Filters(ids=tuple(data), states=ANY_STATE)
    today = timezone.now().strftime("%Y-%m-%d")
    with pytest.raises(Refused) as refused:
        start_replay(chosen, ORDER)
    assert refused.value.sentence == (
        f"There is nothing to send: its bodies were purged, the last on {today}."
    )
    with pytest.raises(Refused) as refused:
        start_replay(Filters(ids=(data[0] + 1,)), ORDER)
    assert refused.value.sentence == "There is nothing to send."


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_turns_go_on_where_the_last_one_was(receiver, run_pump, monkeypatch):
    told(receiver, run_pump, times=5)
    age(31)
    small = [replace(kind, most=2) for kind in KINDS]
    monkeypatch.setattr(passes, "KINDS", small)
    monkeypatch.setattr(passes, "TURN_SECONDS", -1.0)
    left = []
    while purge_turn(lambda: False):
        left.append(sum(bodies()))
    assert left[:2] == [3, 1]
    assert sum(bodies()) == 0
    # Within half a period nothing begins again, and two beats are harmless.
    age(31)
    told(receiver, run_pump)
    age(31)
    assert not purge_turn(lambda: False)
    assert sum(bodies()) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_nothing_is_removed_where_it_is_kept_for_ever(receiver, run_pump, settings):
    settings.WEBHOOKS_KEEP_BODIES_DAYS = 0
    settings.WEBHOOKS_KEEP_ATTEMPTS_DAYS = 0
    settings.WEBHOOKS_KEEP_DELIVERIES_DAYS = 0
    told(receiver, run_pump)
    age(10_000)
    purge()
    assert bodies() == [True]
    assert DeliveryAttempt.objects.exists()
    assert not PurgePass.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_the_command_counts_removes_and_leaves_a_trace(receiver, run_pump):
    begin_execution()
    told(receiver, run_pump, times=2)
    emit(EVENT, {}, make_user().pk)
    age(100)
    begin_execution()
    WebhookData.objects.filter(event__user__isnull=False).update(state=State.HELD)
    expected = {"bodies": 2, "attempts": 2, "deliveries": 0, "events": 0}
    expected["executions"] = 1
    for option, done in (("--dry-run", False), ("--format=json", True)):
        said = io.StringIO()
        call_command("purge", option, "--format=json", stdout=said)
        assert json.loads(said.getvalue()) == {"removed": done, **expected}
    assert sorted(bodies()) == [False, False, True]
    entries = AuditEntry.objects.filter(action="data.purge").order_by("pk")
    assert [entry.new for entry in entries] == [
        {"bodies": 2}, {"attempts": 2}, {"executions": 1}
    ]  # fmt: skip
    said = io.StringIO()
    call_command("purge", "--only=bodies", stdout=said)
    assert said.getvalue().startswith("0 bodies from before ")


@pytest.mark.django_db
@pytest.mark.usefixtures("webhook")
def test_interrupted_the_command_leaves_a_trace_of_what_is_done(
    receiver, run_pump, monkeypatch, capsys
):
    told(receiver, run_pump, times=2)
    age(100)

    def interrupted(kind: Kind, horizon: datetime) -> Iterator[int]:
        yield from purge_now(kind, horizon)
        raise KeyboardInterrupt

    monkeypatch.setattr(purge_command, "purge_now", interrupted)
    with pytest.raises(SystemExit) as ended:
        call_command("purge")
    assert ended.value.code == 130
    assert capsys.readouterr().err.endswith("Interrupted.\n")
    assert bodies() == [False, False]
    assert AuditEntry.objects.get(action="data.purge").new == {"bodies": 2}
