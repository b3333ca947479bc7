"""Erasing a person: what is left of it, and what happens meanwhile."""

from __future__ import annotations

import io
import json
import subprocess
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.api_tokens.codes import issue_code
from apps.api_tokens.models import ApiToken, Scope, TemporaryCode
from apps.audit.models import AuditEntry
from apps.connections.models import Account, Connection
from apps.event_log.models import EndUser, Erasure, Event, UserConfig
from apps.event_log.user_config import change_config
from apps.webhooks.connections import connect
from apps.webhooks.console.platform.user_states import ERASED
from apps.webhooks.emit import UnknownUser, emit
from apps.webhooks.erasure import AGAIN, continue_erasures
from apps.webhooks.models import DeliveryAttempt, WebhookData
from apps.webhooks.replay.filters import Filters
from apps.webhooks.replays import Order, start_replay
from apps.webhooks.users import create_user, delete_user, erase_user
from tests.integration.api_client import ApiClient, make_client
from tests.make import make_user, make_webhook
from tests.roles import client_of_role
from webhooks_project.embedded.programs import SERVER, installed

CANARY = "Canary-7f3a91"
State = WebhookData.State


# As a dump has bytes, which answers are.
CANARY_BYTES = CANARY.encode().hex()


def dump() -> str:
    """The whole database, as an operator dumps it."""
    given = connection.get_connection_params()
    program = (installed() / SERVER).with_name("pg_dump")
    command = [program, "-h", given["host"], "-U", given["user"], given["dbname"]]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return done.stdout


def refused_once(receiver, run_pump) -> EndUser:
    """A person of whom something is kept in each place that there is."""
    make_webhook(receiver.url("/"), add_to_data={"who": "name"})
    make_webhook(receiver.url("/gone"), event="USER_DELETED")
    user = create_user()
    change_config(user.pk, {"name": CANARY})
    connect(user.pk, id_connector=40, login=CANARY)
    Account.objects.update(name=CANARY, iban=CANARY)
    Connection.objects.update(error_message=CANARY)
    issue_code(user.pk, timezone.now() + timedelta(hours=1))
    receiver.behave(status=500, body=CANARY, headers={"X-Echo": CANARY})
    emit("CONNECTION_SYNCED", {"n": CANARY}, user.pk, idempotency_key=CANARY)
    run_pump()
    order = Order(actor="somebody", reason=f"for {CANARY}", rate=10.0)
    start_replay(Filters(user=user.pk), order)
    return user


@pytest.mark.django_db(transaction=True)
def test_a_dump_tells_nothing_of_an_erased_person(receiver, run_pump):
    user = refused_once(receiver, run_pump)
    other = make_user()
    emit("CONNECTION_SYNCED", {"n": "somebody else"}, other.pk)
    before = dump()
    # Payloads, their additions and the configuration they are of, an idempotency key,
    # an account, a connection's error, answers, why it was replayed, and the audit.
    assert before.count(CANARY) >= 12
    assert before.count(CANARY_BYTES) >= 2
    said = io.StringIO()
    call_command(
        "forget_user", str(user.pk), "--reason=article 17", "--format=json", stdout=said
    )
    after = dump()
    assert CANARY not in after
    assert CANARY_BYTES not in after
    assert "somebody else" in after
    found = json.loads(said.getvalue())
    assert found["erased"]
    assert found["unsent"] >= 1
    assert found["answers"] >= 1
    user.refresh_from_db()
    assert user.token is None
    assert user.deleted_at
    assert user.erased_at
    assert not ApiToken.objects.filter(user=user.pk).exists()
    assert not TemporaryCode.objects.exists()
    assert not UserConfig.objects.exists()
    # What is left proves what was sent when, and that it was erased.
    assert DeliveryAttempt.objects.filter(status=500).exists()
    assert Event.objects.exclude(user=other.pk).values_list("payload_sha256").exists()
    states = WebhookData.objects.exclude(event__user=other.pk).values_list("state")
    assert {state for (state,) in states} == {State.CANCELLED}
    assert AuditEntry.objects.filter(action="replay.start", new__total=2).exists()
    entry = AuditEntry.objects.get(action="user.erase")
    assert (entry.target_id, entry.reason) == (user.pk, "article 17")
    assert entry.new == {name: found[name] for name in ("events", "unsent", "answers")}


@pytest.mark.django_db
def test_nothing_is_sent_of_an_erased_person_and_nothing_taken_in(receiver, run_pump):
    user = refused_once(receiver, run_pump)
    count = len(receiver.record.deliveries())
    delete_user(user.pk)
    erase_user(user.pk)
    call_command("flush")
    run_pump()
    assert len(receiver.record.deliveries()) == count
    with pytest.raises(UnknownUser):
        emit("CONNECTION_SYNCED", {}, user.pk)


@pytest.mark.django_db
def test_what_was_in_flight_is_erased_some_minutes_later(receiver, run_pump):
    user = refused_once(receiver, run_pump)
    erase_user(user.pk)
    late = DeliveryAttempt.objects.all()[0]
    DeliveryAttempt.objects.filter(pk=late.pk).update(
        response_headers=CANARY, response_excerpt=CANARY.encode()
    )
    continue_erasures(timezone.now())
    assert Erasure.objects.filter(user=user.pk, due_at__gt=timezone.now()).exists()
    EndUser.objects.update(erased_at=timezone.now() - AGAIN)
    Erasure.objects.update(due_at=timezone.now() - AGAIN)
    continue_erasures(timezone.now())
    late.refresh_from_db()
    assert (late.response_headers, bytes(late.response_excerpt)) == ("", b"")
    assert not Erasure.objects.exists()


@pytest.mark.django_db
def test_it_goes_on_in_batches_where_it_was_interrupted(monkeypatch):
    monkeypatch.setattr("apps.webhooks.erasure.EVENTS_AT_ONCE", 2)
    monkeypatch.setattr("apps.webhooks.users.BATCHES_AT_ONCE", 1)
    make_webhook("https://example.org/hook")
    user = make_user()
    for number in range(5):
        emit("CONNECTION_SYNCED", {"n": number}, user.pk)
    erase_user(user.pk)
    left = Event.objects.filter(payload__isnull=False)
    assert left.count() == 3
    continue_erasures(timezone.now())
    assert left.count() == 0
    assert not WebhookData.objects.exclude(state=State.CANCELLED).exists()


@pytest.mark.django_db
def test_a_dry_run_counts_and_an_unknown_user_is_refused():
    user = make_user()
    emit("CONNECTION_SYNCED", {}, user.pk)
    said = io.StringIO()
    call_command("forget_user", str(user.pk), "--dry-run", stdout=said)
    assert "would be erased: 1 events" in said.getvalue()
    assert Event.objects.get().payload == "{}"
    with pytest.raises(CommandError, match="no user 404") as refused:
        call_command("forget_user", "404")
    assert refused.value.returncode == 1


@pytest.mark.django_db
def test_the_command_goes_on_where_the_first_batches_end(monkeypatch):
    monkeypatch.setattr("apps.webhooks.erasure.EVENTS_AT_ONCE", 2)
    monkeypatch.setattr("apps.webhooks.users.BATCHES_AT_ONCE", 1)
    user = make_user()
    for number in range(5):
        emit("CONNECTION_SYNCED", {"n": number}, user.pk)
    said = io.StringIO()
    call_command("forget_user", str(user.pk), "--format", "json", stdout=said)
    found = {"events": 5, "unsent": 0, "answers": 0}
    assert json.loads(said.getvalue()) == {"user": user.pk, "erased": True, **found}
    assert not Event.objects.filter(payload__isnull=False).exists()


@pytest.mark.django_db
def test_the_api_erases_and_does_it_again():
    users = make_client(Scope.USERS)
    user = create_user()
    reply = users.call("DELETE", f"/users/{user.pk}?erase=1")
    assert reply.status == 200
    assert reply.body["erased"]
    assert reply.body["deleted"]
    assert users.call("DELETE", f"/users/{user.pk}?erase=1").status == 200
    assert users.call("DELETE", f"/users/{user.pk}").status == 404
    assert users.call("DELETE", f"/users/{user.pk + 1}?erase=1").status == 404
    refused = users.call("DELETE", f"/users/{user.pk}?erase=perhaps")
    assert (refused.status, refused.code) == (400, "invalidValue")


@pytest.mark.django_db
def test_an_administrator_erases_in_the_console_who_types_the_number():
    user = make_user()
    make_webhook("https://example.org/hook")
    emit("CONNECTION_SYNCED", {"n": CANARY}, user.pk)
    url = reverse("admin:user_erase", args=[user.pk])
    client = client_of_role("Administrator")
    page = client.get(url, secure=True)
    assert page.context["known"] == {"events": 1, "unsent": 1, "answers": 0}
    for number in ("", f"{user.pk + 1}"):
        assert client.post(url, {"number": number}, secure=True).status_code == 422
    assert Event.objects.get().payload is not None
    sent = {"number": f"{user.pk}", "reason": "article 17"}
    reply = client.post(url, sent, secure=True, follow=True)
    (said,) = map(str, reply.context["messages"])
    assert said == (
        f"User {user.pk} is erased: 1 event, 1 unsent delivery, 0 answers of receivers."
    )
    assert Event.objects.get().payload is None
    assert WebhookData.objects.get().state == State.CANCELLED
    assert AuditEntry.objects.get(action="user.erase").reason == "article 17"
    assert reply.context["badge"] == ERASED
    assert url not in reply.content.decode()


@pytest.mark.django_db
def test_somebody_erases_themselves():
    user = create_user()
    token = EndUser.objects.get(pk=user.pk).token
    own = ApiClient(token=token)
    assert own.call("DELETE", "/users/me?erase").status == 200
    assert own.call("GET", "/users/me").status == 401
