"""Deliveries with access tokens: they wait for one, and never for its server."""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.auth_providers import tokens
from apps.auth_providers.models import AuthProvider, OAuthToken
from apps.auth_providers.oauth import TokenDoor
from apps.auth_providers.providers import rotate_secret
from apps.receiver.server import Receiver
from apps.webhooks.conf import EngineSettings, transport_policy
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine import leases
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.tokens import ask, token_waits
from apps.webhooks.management.commands.flush import here
from apps.webhooks.models import DeliveryAttempt, Lease, WebhookData
from tests.conftest import LOOPBACK
from tests.make import make_provider, make_user, make_webhook
from tests.token_server import TokenServer, failure, token

pytestmark = pytest.mark.django_db
DELIVERED = WebhookData.State.DELIVERED
TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def door(deadline: float = 5.0) -> TokenDoor:
    policy = dataclasses.replace(transport_policy(), addresses=LOOPBACK)
    return TokenDoor(policy=policy, user_agent="test/1", deadline=deadline)


def renew(provider: int) -> None:
    tokens.renew(provider, door())


@pytest.fixture
def run(make_pump) -> Callable[..., None]:
    """A pump until idle; what it asks for is fetched, then another one."""

    def run(rounds: int = 2) -> None:
        for _ in range(rounds):
            asked: list[int] = []
            make_pump(renew_token=asked.append).run()
            for provider in asked:
                renew(provider)

    return run


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


def sent_tokens(receiver: Receiver) -> list[str | None]:
    return [each.headers.get("authorization") for each in receiver.record.deliveries()]


def change(provider: AuthProvider, **fields: Any) -> None:
    OAuthToken.objects.filter(provider=provider).update(**fields)


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def statuses() -> list[int | None]:
    found = DeliveryAttempt.objects.order_by("id").values_list("status", flat=True)
    return list(found)


def test_a_delivery_carries_the_providers_token_and_no_users(receiver, server, run):
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    emit("CONNECTION_SYNCED", {"a": 1}, user=make_user(token="of-the-user").pk)
    run()
    assert sent_tokens(receiver) == ["Bearer token-1"]
    (delivery,) = receiver.record.deliveries()
    assert "bi-signature" not in delivery.headers
    assert statuses() == [204]


def test_one_token_serves_many_deliveries(receiver, server, run):
    provider = server.provider()
    for path in ("/a", "/b", "/c"):
        make_webhook(receiver.url(path), auth_provider=provider)
    emit_rows(10)
    run(3)
    assert sent_tokens(receiver) == ["Bearer token-1"] * 30
    assert server.total == 1


def test_without_a_token_nothing_is_sent_nor_charged(receiver, server, run_pump):
    webhook = make_webhook(receiver.url("/"), auth_provider=server.provider())
    emit_rows(3)
    run_pump()
    lease = Lease.objects.get()
    assert receiver.record.total == DeliveryAttempt.objects.count() == 0
    assert (lease.token, lease.consecutive_failures, lease.served_at) == (0, 0, None)
    assert not leases.is_waiting()
    wait = token_waits([webhook.pk])[webhook.pk]
    assert (wait.reason, wait.error, wait.failures) == ("missing", "", 0)
    assert wait.since == WebhookData.objects.order_by("id")[0].created_at


def test_a_failing_token_server_charges_no_attempts_and_recovers(receiver, server, run):
    server.answer = lambda form, number: failure(503)
    provider = server.provider()
    webhook = make_webhook(receiver.url("/"), auth_provider=provider)
    emit_rows(5)
    for expected in (1, 2, 3):
        run(3)
        assert server.total == expected
        wait = token_waits([webhook.pk])[webhook.pk]
        assert (wait.error, wait.failures) == ("status_503", expected)
        change(provider, next_try_at=ago(1))
    assert DeliveryAttempt.objects.count() == Lease.objects.get().consecutive_failures
    assert receiver.record.total == 0
    server.answer = lambda form, number: token("at-last")
    run(2)
    assert sent_tokens(receiver) == ["Bearer at-last"] * 5
    assert token_waits([webhook.pk]) == {}


def test_a_token_is_asked_for_once_until_the_message_must_be_lost(server):
    provider = server.provider()
    make_webhook("http://127.0.0.1/", auth_provider=provider)
    assert ask() == []
    emit_rows(1)
    assert [ask() for _ in range(3)] == [[provider.pk], [], []]
    change(provider, asked_until=ago(1))
    assert ask() == [provider.pk]


def test_nobody_asks_for_a_token_that_nobody_uses(server):
    provider = server.provider()
    webhook = make_webhook("http://127.0.0.1/", auth_provider=provider)
    renew(provider.pk)
    change(provider, renew_at=ago(1), expires_at=ago(0))
    assert ask() == []
    emit_rows(1)
    webhook.deleted_at = ago(0)
    webhook.save()
    assert ask() == []


def test_a_token_in_use_is_renewed_before_it_ends(receiver, server, run, run_pump):
    server.answer = lambda form, number: token(f"t{number}", expires_in=1000)
    provider = server.provider()
    make_webhook(receiver.url("/"), auth_provider=provider)
    emit_rows(1)
    run()
    assert server.total == 1
    change(provider, renew_at=ago(1))
    emit_rows(1)
    run(1)
    assert sent_tokens(receiver) == ["Bearer t1", "Bearer t1"]
    assert server.total == 2
    emit_rows(1)
    run_pump()
    assert sent_tokens(receiver)[2] == "Bearer t2"


def test_an_expired_token_is_not_sent(receiver, server, run, run_pump):
    server.answer = lambda form, number: token(f"t{number}", expires_in=1000)
    provider = server.provider()
    webhook = make_webhook(receiver.url("/"), auth_provider=provider)
    emit_rows(1)
    run()
    change(provider, renew_at=ago(5), expires_at=ago(2))
    emit_rows(2)
    run_pump()
    assert receiver.record.total == 1
    wait = token_waits([webhook.pk])[webhook.pk]
    assert wait.reason == "expired"
    change(provider, asked_until=None)
    run()
    assert sent_tokens(receiver) == ["Bearer t1", "Bearer t2", "Bearer t2"]


def test_a_lane_ends_with_its_token(server):
    provider = server.provider()
    for path in "abc":
        make_webhook(f"http://127.0.0.1/{path}", auth_provider=provider)
    other = make_webhook("http://127.0.0.1/d")
    server.answer = lambda form, number: token("t", expires_in=50)
    renew(provider.pk)
    emit_rows(1)
    lanes = Lanes(TERMS, EngineSettings())
    lanes.acquire(100.0)
    lanes.read()
    assert len(lanes) == 4
    assert lanes.give_back(145.0) == 0
    lanes.give_back(150.0)
    assert [lane.registration.id for lane, _ in lanes.pick(10, 1000)] == [other.pk]


def test_a_401_has_the_token_renewed_once(receiver, server, run, run_pump):
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    receiver.behave(sequence=[401])
    emit_rows(1)
    run(2)
    assert statuses() == [401]
    assert Lease.objects.get().consecutive_failures == 1
    assert server.total == 2
    begin_execution()
    run_pump()
    assert statuses() == [401, 204]
    assert sent_tokens(receiver) == ["Bearer token-1", "Bearer token-2"]


def test_what_waits_behind_a_401_goes_out_with_the_next_token(receiver, server, run):
    make_webhook(receiver.url("/"), auth_provider=server.provider(), max_in_flight=1)
    receiver.behave(sequence=[401])
    emit_rows(4)
    run(3)
    assert statuses() == [401, 204, 204, 204]
    assert sent_tokens(receiver) == ["Bearer token-1", *["Bearer token-2"] * 3]


def test_a_receiver_that_refuses_every_token_makes_no_storm(receiver, server, run):
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    receiver.behave(status=401)
    emit_rows(40)
    run(6)
    assert statuses() == [401] * 10
    assert server.total == 2
    assert Lease.objects.get().cut_off_at is not None


def test_a_401_without_oauth_asks_for_nothing(receiver, server, run):
    make_webhook(receiver.url("/"))
    receiver.behave(status=401)
    emit_rows(3)
    run()
    assert statuses() == [401] * 3
    assert server.total == 0


@pytest.mark.django_db(transaction=True)
def test_200_deliveries_over_three_pumps_make_one_token_request(
    receiver, server, make_pump
):
    """The token has expired; three pumps look for work at once."""
    provider = server.provider()
    for number in range(10):
        make_webhook(receiver.url(f"/{number}"), auth_provider=provider)
    emit_rows(20)
    server.answer = lambda form, number: token(f"t{number}", expires_in=1000)
    change(
        provider,
        access_token="old",
        serial=7,
        renew_at=ago(9),
        expires_at=ago(1),
        refreshed_at=ago(999),
    )
    with Control() as post:
        pumps = [make_pump(f"pump {n}", renew_token=post) for n in range(3)]
        serve(pumps, lambda: not WebhookData.objects.exclude(state=DELIVERED).exists())
    assert server.total == 1
    assert sent_tokens(receiver) == ["Bearer t1"] * 200
    assert DeliveryAttempt.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_a_token_server_that_hangs_delays_nobody_else(receiver, server, make_pump):
    server.hang = True
    for number in range(3):
        make_webhook(receiver.url(f"/oauth/{number}"), auth_provider=server.provider())
        make_webhook(receiver.url(f"/healthy/{number}"))
    emit_rows(10)
    healthy = WebhookData.objects.filter(webhook__auth_provider__type="hmac_signature")
    with Control(deadline=1.0) as post:
        pump = make_pump(renew_token=post)
        serve([pump], lambda: not healthy.exclude(state=DELIVERED).exists())
        assert server.arrived.wait(10)
        # Not one of them has been answered, or given up.
        assert not OAuthToken.objects.filter(failures__gt=0).exists()
    assert receiver.record.total == 30
    assert not DeliveryAttempt.objects.filter(cause="timeout").exists()


def test_without_celery_a_flush_fetches_the_token_itself(receiver, server, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    emit_rows(2)
    here(threading.Event())
    assert sent_tokens(receiver) == ["Bearer token-1"] * 2


def test_no_secret_is_recorded_or_logged(receiver, server, run, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = lambda form, number: token(
        f"t0k3n-{number}", refresh_token="r3fresh"
    )
    make_webhook(receiver.url("/"), auth_provider=server.provider())
    receiver.behave(sequence=[401, 500])
    emit_rows(3)
    run(3)
    assert statuses() == [401, 500, 204]
    ours = [each for each in caplog.records if not each.name.startswith("django.db")]
    said = "\n".join(each.getMessage() for each in ours)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a::text || l::text || t::text || p::text "
            "FROM webhooks_deliveryattempt a JOIN webhooks_lease l USING (webhook_id) "
            "CROSS JOIN auth_providers_oauthtoken t "
            "CROSS JOIN auth_providers_authprovider p"
        )
        said += str(cursor.fetchall())
    for secret in ("t0k3n", "r3fresh", "s3cret"):
        assert secret not in said


def test_a_rotated_secret_signs_from_its_time_on(receiver, run_pump):
    provider = make_provider()
    make_webhook(receiver.url("/"), auth_provider=provider)
    rotate_secret(provider, datetime.now(UTC) + timedelta(hours=1))
    emit_rows(1)
    run_pump()
    receiver.trust("/", rotate_secret(provider, None))
    emit_rows(1)
    run_pump()
    assert [each.genuine for each in receiver.record.deliveries()] == [True, True]


class Control:
    """What the `control` queue is: it renews tokens, one after the other."""

    def __init__(self, deadline: float = 5.0) -> None:
        self._posted: queue.Queue[int | None] = queue.Queue()
        self._door = door(deadline)
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Callable[[int], None]:
        self._thread.start()
        return self._posted.put

    def __exit__(self, *error: object) -> None:
        self._posted.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (provider := self._posted.get()) is not None:
            tokens.renew(provider, self._door)
        connection.close()


def serve(pumps: list[Any], done: Callable[[], bool]) -> None:
    """Run pumps at once, again and again until it is done."""
    end = time.monotonic() + 30

    def work(pump: Any) -> None:
        while not done() and time.monotonic() < end:
            pump.run()
        connection.close()

    threads = [threading.Thread(target=work, args=[pump]) for pump in pumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done()
