"""The commands `flush` and `emit`."""

from __future__ import annotations

import io
import json
import time

import pytest
from django.core.management import CommandError, call_command

from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.webhooks import tasks
from apps.webhooks.emit import emit
from apps.webhooks.management.commands import flush, replay
from apps.webhooks.models import FlusherExecution, Lease, Replay, WebhookData
from apps.webhooks.registrations import delete_webhook
from tests.make import make_user, make_webhook

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
    said = run(
        "emit", "CONNECTION_SYNCED", "--payload", str(payload), "--format", "json"
    )
    event = Event.objects.get()
    assert json.loads(said)["id_event"] == event.pk
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
def test_replay_takes_every_filter():
    webhook, user = make_webhook(URL), make_user()
    one = emit("CONNECTION_SYNCED", {"connection": {"id": 7}}, user.pk)
    data = str(WebhookData.objects.get(event=one.event).pk)
    emit("CONNECTION_SYNCED", {"connection": {"id": 8}})
    counts = {
        ("--webhook", str(webhook.pk)): 2, ("--webhook", "404"): 0,
        ("--event", "USER_CREATED"): 0, ("--user", str(user.pk)): 1,
        ("--connection", "7"): 1, ("--state", "never_attempted"): 2,
        ("--state", "failed"): 0, ("--since", "2040-01-01"): 0,
        ("--until", "2040-01-01"): 2, ("--id", data): 1,
        ("--id", data, "--connection", "8"): 0,
    }  # fmt: skip
    for choice, count in counts.items():
        said = run("replay", *choice, "--dry-run", "--format", "json")
        assert json.loads(said)["count"] == count, choice
    new = [
        "--backfill",
        "--webhook",
        str(make_webhook(URL).pk),
        "--since",
        "2026-01-01",
    ]
    said = run("replay", *new, "--dry-run", "--format", "json")
    assert json.loads(said)["count"] == 2
    assert not Replay.objects.exists()


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
    assert ended.value.code == 3


@pytest.mark.django_db
def test_emit_says_who_would_be_told_and_emits_nothing():
    webhook, _ = make_webhook(URL), make_webhook(URL, "USER_CREATED")
    said = run("emit", "CONNECTION_SYNCED", "--dry-run", "--format", "json")
    assert json.loads(said)["webhooks"] == [webhook.pk]
    assert "Nothing is emitted" in run("emit", "CONNECTION_SYNCED", "--dry-run")
    assert not Event.objects.exists()
    with pytest.raises(CommandError, match="404"):
        run("emit", "CONNECTION_SYNCED", "--dry-run", "--user", "404")


@pytest.mark.django_db
def test_trigger_emits_the_sample_with_changes():
    webhook = make_webhook(URL)
    changes = ["--set", "connection.id=7", "--set", "user.signin=never"]
    planned = json.loads(
        run("trigger", "CONNECTION_SYNCED", *changes, "--dry-run", "--format", "json")
    )
    assert planned["webhooks"] == [webhook.pk]
    assert not Event.objects.exists()
    assert "emitted" in run("trigger", "CONNECTION_SYNCED", *changes)
    payload = json.loads(Event.objects.get().payload or "")
    assert payload == planned["payload"]
    assert (payload["connection"]["id"], payload["user"]["signin"]) == (7, "never")
    for words in (["NO_SUCH"], ["USER_CREATED", "--set", "no.such=1"]):
        with pytest.raises(CommandError):
            run("trigger", *words)


@pytest.mark.django_db
@pytest.mark.parametrize("event", CATALOGUE)
def test_trigger_knows_every_event(event):
    assert "would be" in run("trigger", event, "--dry-run")


@pytest.mark.django_db
def test_webhooks_are_listed_with_their_health(receiver, run_pump):
    well, ill = make_webhook(receiver.url("/well")), make_webhook(receiver.url("/ill"))
    disabled = make_webhook(URL, "USER_CREATED")
    delete_webhook(disabled.pk)
    receiver.behave("/ill", status=500)
    for number in range(12):
        emit("CONNECTION_SYNCED", {"id": number})
    run_pump()
    rows = json.loads(run("webhooks", "--format", "json"))
    found = {row["id"]: row for row in rows}
    assert list(found) == [well.pk, ill.pk]
    assert (found[well.pk]["accepted"], found[well.pk]["waiting"]) == (1.0, 0)
    assert (found[ill.pk]["warning"], found[ill.pk]["waiting"]) == ("cut_off", 12)
    head, line = run("webhooks", "--troubled").splitlines()
    assert head.split("\t")[0] == "id"
    assert line.split("\t")[:3] == [str(ill.pk), "CONNECTION_SYNCED", ill.url]
    assert len(run("webhooks", "--all").splitlines()) == 4
    assert len(run("webhooks", "--event", "USER_CREATED").splitlines()) == 1
    with pytest.raises(CommandError, match="NO_SUCH"):
        run("webhooks", "--event", "NO_SUCH")
    foreseen = json.loads(run("flush", "--dry-run", "--format", "json"))
    assert foreseen == {"dry_run": True, "cut_off": 1, "unsent": 12}
    of_one = run("flush", "--dry-run", "--webhook", str(well.pk))
    assert of_one == "Nothing is begun: 0 deliveries are unsent, 0 webhooks cut off.\n"
    assert not FlusherExecution.objects.exists()


@pytest.mark.django_db
def test_flush_sends_from_here(receiver, monkeypatch, transport):
    monkeypatch.setattr(flush, "transport", lambda: transport)
    make_webhook(receiver.url("/"))
    emit("CONNECTION_SYNCED", {"id": 1})
    said = json.loads(run("flush", "--here", "--format", "json"))
    assert said == {"execution": FlusherExecution.objects.get().pk}
    assert len(receiver.record.deliveries()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--here"]])
def test_replay_can_be_interrupted(options, monkeypatch, capsys):
    make_webhook(URL)
    emit("CONNECTION_SYNCED", {"id": 1})

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "run_replay", interrupt)
    monkeypatch.setattr(time, "sleep", interrupt)
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("replay", *options, "--format", "json", stdout=output)
    assert ended.value.code == 130
    said = json.loads(output.getvalue())
    assert said["state"] == ("paused" if options else "running")
    assert (said["waiting"], said["cancelled"]) == (1, 0)
    assert f"replay --{'resume' if options else 'pause'}" in capsys.readouterr().err
