"""The commands `flush` and `emit`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.event_log.models import Event
from apps.webhooks import tasks
from apps.webhooks.emit import emit
from apps.webhooks.models import FlusherExecution, Lease, Replay
from tests.make import make_webhook

URL = "https://example.org/hook"


def run(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_flush_begins_an_execution():
    said = run("flush")
    assert str(FlusherExecution.objects.get().pk) in said
    assert "a moment ago" in run("flush")
    assert FlusherExecution.objects.count() == 1


@pytest.mark.django_db
def test_flush_of_one_webhook_concerns_no_other():
    one, other = make_webhook(URL), make_webhook(URL)
    run("flush", "--webhook", str(one.pk))
    execution = FlusherExecution.objects.get()
    assert execution.webhook_id == one.pk
    assert Lease.objects.get(pk=one.pk).flushed_execution == execution.pk
    assert Lease.objects.get(pk=other.pk).flushed_execution == -1
    with pytest.raises(CommandError, match="no webhook 404"):
        run("flush", "--webhook", "404")


@pytest.mark.django_db
def test_emit_prints_what_it_emitted(tmp_path):
    make_webhook(URL)
    payload = tmp_path / "payload.json"
    payload.write_text('{"connection": {"id": 1}}')
    said = run("emit", "CONNECTION_SYNCED", "--payload", str(payload), "--json")
    event = Event.objects.get()
    assert json.loads(said.splitlines()[0])["id_event"] == event.pk
    assert event.payload == '{"connection": {"id": 1}}'


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["NO_SUCH_EVENT"],
        ["CONNECTION_SYNCED", "--payload", "/no/such/file"],
        ["CONNECTION_SYNCED", "--user", "404"],
    ],
)
def test_emit_refuses_in_a_sentence(arguments):
    with pytest.raises(CommandError):
        run("emit", *arguments)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_replay_plans_then_sends_from_here(receiver, monkeypatch, transport):
    monkeypatch.setattr(tasks, "transport", lambda: transport)
    webhook = make_webhook(receiver.url("/"))
    for number in range(3):
        emit("CONNECTION_SYNCED", {"id": number})
    planned = json.loads(run("replay", "--dry-run", "--format", "json"))
    assert (planned["count"], planned["seconds"]) == (3, 0.1)
    choice = ["--webhook", str(webhook.pk), "--rate", "500", "--reason", "was down"]
    said = run("replay", *choice, "--here")
    assert "state done, total 3, delivered 3, failed 0" in said
    replay = Replay.objects.get()
    assert replay.reason == "was down"
    assert replay.actor.startswith("command:")
    assert "state done" in run("replay", "--show", str(replay.pk))
    with pytest.raises(CommandError, match="nothing"):
        run("replay", *choice)


@pytest.mark.django_db
def test_replay_can_be_steered_from_the_command_line():
    make_webhook(URL)
    emit("CONNECTION_SYNCED", {"id": 1})
    number = str(json.loads(run("replay", "--detach", "--format", "json"))["replay"])
    assert "state paused" in run("replay", "--pause", number)
    assert "state running" in run("replay", "--resume", number)
    assert "state cancelled" in run("replay", "--cancel", number)
    with pytest.raises(CommandError, match="cancelled"):
        run("replay", "--resume", number)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rate", "0"], "rate"),
        (["--event", "NO_SUCH"], "NO_SUCH"),
        (["--backfill"], "--since"),
        (["--show", "404"], "no replay 404"),
        (["--since", "yesterday"], "--since"),
    ],
)
def test_replay_refuses_in_a_sentence(arguments, words):
    with pytest.raises(CommandError, match=words):
        run("replay", *arguments)


@pytest.mark.django_db
def test_replay_ends_badly_unless_all_was_accepted(receiver, monkeypatch, transport):
    monkeypatch.setattr(tasks, "transport", lambda: transport)
    make_webhook(receiver.url("/"))
    receiver.behave(sequence=[500])
    emit("CONNECTION_SYNCED", {"id": 1})
    with pytest.raises(SystemExit) as ended:
        run("replay", "--here")
    assert ended.value.code == 1
