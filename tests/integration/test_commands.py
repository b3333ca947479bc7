"""The commands `flush` and `emit`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.event_log.models import Event
from apps.webhooks.models import FlusherExecution, Lease
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
