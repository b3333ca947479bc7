"""Emission: in the caller's transaction, once, and held for temporary users."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.event_log.catalogue import UnknownEvent
from apps.event_log.models import Event
from apps.webhooks.emit import (
    Emission,
    IdempotencyConflict,
    PayloadTooLarge,
    UnknownUser,
    emit,
    emit_many,
)
from apps.webhooks.formats.json_body import InvalidJson
from apps.webhooks.holds import drop_expired_users
from apps.webhooks.models import WebhookData
from apps.webhooks.users import NotTemporary, create_user, make_permanent
from tests.make import make_user, make_webhook

HELD, PENDING = WebhookData.State.HELD, WebhookData.State.PENDING
CANCELLED = WebhookData.State.CANCELLED
URL = "https://example.org/hook"


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0..count-1)` at once; results or exceptions in order."""
    results: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except ValueError as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def told() -> set[int]:
    return set(WebhookData.objects.values_list("webhook_id", flat=True))


@pytest.mark.django_db
def test_each_subscribed_webhook_is_told_once():
    wanted = {make_webhook(URL).pk for _ in range(3)}
    make_webhook(URL, "USER_CREATED")
    make_webhook(None)
    make_webhook(URL, deleted_at=timezone.now())
    assert emit("CONNECTION_SYNCED", {"a": 1}).webhooks == 3
    assert told() == wanted


@pytest.mark.django_db
def test_a_webhook_of_one_user_is_told_of_no_other():
    user, other = make_user(), make_user()
    own = make_webhook(URL, user=user)
    everyone = make_webhook(URL)
    emit("CONNECTION_SYNCED", {}, user=other.pk)
    assert told() == {everyone.pk}
    emit("CONNECTION_SYNCED", {})
    assert told() == {everyone.pk}
    emit("CONNECTION_SYNCED", {}, user=user.pk)
    assert told() == {everyone.pk, own.pk}


@pytest.mark.django_db
def test_one_event_costs_one_statement_however_many_webhooks(
    django_assert_num_queries,
):
    for _ in range(50):
        make_webhook(URL)
    user = make_user()
    # The configuration is remembered for a second.
    emit("CONNECTION_SYNCED", {})
    with django_assert_num_queries(1):
        assert emit("CONNECTION_SYNCED", {}, user=user.pk).webhooks == 50


@pytest.mark.django_db
def test_payload_text_is_stored_as_given():
    emit("CONNECTION_SYNCED", b' {"n": 1.10, "s": "\xc3\xa9\\u00e9", "e": 1E2} ')
    event = Event.objects.get()
    assert event.payload == '{"n": 1.10, "s": "é\\u00e9", "e": 1E2}'
    assert event.payload_size == len(event.payload.encode())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "payload", "error"),
    [
        ("NO_SUCH_EVENT", {}, UnknownEvent),
        ("connection_synced", {}, UnknownEvent),
        ("CONNECTION_SYNCED", b"[]", InvalidJson),
        ("CONNECTION_SYNCED", b'"text"', InvalidJson),
        ("CONNECTION_SYNCED", b"{", InvalidJson),
        ("CONNECTION_SYNCED", b"", InvalidJson),
        ("CONNECTION_SYNCED", b'{"a": NaN}', InvalidJson),
        ("CONNECTION_SYNCED", b'{"a": 1, "a": 2}', InvalidJson),
        ("CONNECTION_SYNCED", b'{"a": "\\u0000"}', InvalidJson),
        ("CONNECTION_SYNCED", b'{"a": "\\ud800"}', InvalidJson),
        ("CONNECTION_SYNCED", b'{"a": "\xff"}', InvalidJson),
        ("CONNECTION_SYNCED", b'{"id_webhook_data": 1}', InvalidJson),
        ("CONNECTION_SYNCED", {"id_webhook_data": 1}, InvalidJson),
        ("CONNECTION_SYNCED", {"a": "\x00"}, InvalidJson),
        ("CONNECTION_SYNCED", {"a": "\ud800"}, InvalidJson),
        ("CONNECTION_SYNCED", {"a": float("nan")}, InvalidJson),
        ("CONNECTION_SYNCED", {"a": object()}, InvalidJson),
        ("CONNECTION_SYNCED", b'{"a":' * 1000 + b"1" + b"}" * 1000, InvalidJson),
        ("CONNECTION_SYNCED", b'{"a":"' + b"x" * 2000 + b'"}', PayloadTooLarge),
        ("CONNECTION_SYNCED", {"a": "x" * 2000}, PayloadTooLarge),
    ],
)
def test_bad_input_is_refused_and_writes_nothing(settings, event, payload, error):
    make_webhook(URL)
    settings.WEBHOOKS_MAX_PAYLOAD_BYTES = 1000 if error is PayloadTooLarge else 10**6
    with pytest.raises(error):
        emit(event, payload)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_unknown_user_is_refused():
    with pytest.raises(UnknownUser):
        emit("CONNECTION_SYNCED", {}, user=404)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_many_are_emitted_in_order_or_not_at_all():
    make_webhook(URL)
    emissions = [
        Emission(event="CONNECTION_SYNCED", payload=b'{"n":%d}' % n) for n in range(50)
    ]
    emitted = emit_many(emissions)
    assert [each.event for each in emitted] == sorted(each.event for each in emitted)
    payloads = Event.objects.order_by("id").values_list("payload", flat=True)
    assert list(payloads) == [f'{{"n":{n}}}' for n in range(50)]
    with pytest.raises(UnknownEvent):
        emit_many([*emissions, Emission(event="WHAT", payload=b"{}")])
    assert Event.objects.count() == 50
    assert emit_many([]) == []


@pytest.mark.django_db
def test_the_same_key_and_event_is_the_same_emission():
    make_webhook(URL)
    first = emit("CONNECTION_SYNCED", b'{"a":1}', idempotency_key="k")
    again = emit("CONNECTION_SYNCED", b'{"a":1}', idempotency_key="k")
    assert (again.event, again.webhooks) == (first.event, first.webhooks)
    assert (first.repeated, again.repeated) == (False, True)
    assert Event.objects.count() == WebhookData.objects.count() == 1
    other = emit("CONNECTION_SYNCED", b'{"a":1}', idempotency_key="k", source="other")
    assert not other.repeated


@pytest.mark.django_db
def test_the_same_key_for_something_else_is_a_conflict():
    user = make_user()
    emit("CONNECTION_SYNCED", b'{"a":1}', idempotency_key="k")
    for event, payload, who in [
        ("CONNECTION_SYNCED", b'{"a":2}', None),
        ("CONNECTION_DELETED", b'{"a":1}', None),
        ("CONNECTION_SYNCED", b'{"a":1}', user.pk),
    ]:
        with pytest.raises(IdempotencyConflict):
            emit(event, payload, user=who, idempotency_key="k")
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_a_key_may_come_twice_in_one_bulk():
    one = Emission(event="CONNECTION_SYNCED", payload=b"{}", idempotency_key="k")
    two = Emission(event="CONNECTION_SYNCED", payload=b"{}")
    first, plain, again = emit_many([one, two, one])
    assert first.event == again.event != plain.event
    assert again.repeated


@pytest.mark.django_db(transaction=True)
def test_sixteen_racers_with_one_key_emit_once():
    for _ in range(3):
        make_webhook(URL)

    def race(_: int) -> int:
        return emit("CONNECTION_SYNCED", b"{}", idempotency_key="k").event

    assert len(set(in_threads(16, race))) == 1
    assert Event.objects.count() == 1
    assert WebhookData.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_emitted():
    make_webhook(URL)
    with transaction.atomic():
        emit("CONNECTION_SYNCED", {})
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not WebhookData.objects.exists()


@pytest.mark.django_db
def test_a_temporary_user_is_told_of_once_permanent():
    make_webhook(URL, "USER_CREATED")
    user = create_user(permanent=False)
    assert WebhookData.objects.get().state == HELD
    make_permanent(user.pk)
    assert WebhookData.objects.get().state == PENDING
    with pytest.raises(NotTemporary):
        make_permanent(user.pk)


@pytest.mark.django_db
def test_a_temporary_user_that_expires_takes_its_events_along():
    make_webhook(URL, "USER_CREATED")
    user = create_user(permanent=False)
    assert drop_expired_users() == 0
    user.expires_at = timezone.now()
    user.save()
    assert drop_expired_users() == 1
    assert WebhookData.objects.get().state == CANCELLED
    user.refresh_from_db()
    assert (user.deleted_at is None, user.token) == (False, None)
    with pytest.raises(NotTemporary):
        make_permanent(user.pk)


@pytest.mark.django_db(transaction=True)
def test_no_event_is_left_held_by_a_race_with_becoming_permanent():
    """D-22: an emission either sees the permanent user, or is released with it."""
    make_webhook(URL)
    for _ in range(30):
        user = make_user(permanent=False)
        moment = random.randrange(2)

        def race(number: int, user: int = user.pk, moment: int = moment) -> object:
            if number == moment:
                make_permanent(user)
                return None
            return emit("CONNECTION_SYNCED", {}, user=user)

        in_threads(3, race)
    assert set(WebhookData.objects.values_list("state", flat=True)) == {PENDING}
    assert WebhookData.objects.count() == 60


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "payload", "user", "error"),
    [
        ("NONE", b"{}", None, UnknownEvent),
        ("USER_CREATED", b"[]", None, InvalidJson),
        ("USER_CREATED", b"{}", 404, UnknownUser),
    ],
)
def test_a_refusal_leaves_the_callers_transaction_usable(event, payload, user, error):
    with transaction.atomic():
        with pytest.raises(error):
            emit(event, payload, user=user)
        emit("USER_CREATED", b"{}")
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_a_conflict_leaves_the_callers_transaction_usable():
    emit("USER_CREATED", b"{}", idempotency_key="k")
    with transaction.atomic():
        with pytest.raises(IdempotencyConflict):
            emit_many(
                [
                    Emission(event="USER_CREATED", payload=b"{}"),
                    Emission(
                        event="USER_CREATED", payload=b'{"a":1}', idempotency_key="k"
                    ),
                ]
            )
        emit("USER_CREATED", b"{}")
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_what_happens_to_a_temporary_user_that_is_gone_is_told_to_nobody():
    make_webhook(URL)
    user = make_user(permanent=False)
    user.deleted_at = timezone.now()
    user.save()
    emit("CONNECTION_SYNCED", b"{}", user=user.pk)
    assert WebhookData.objects.get().state == WebhookData.State.CANCELLED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "emissions",
    [
        [Emission(event="CONNECTION_DELETED", payload=b"{}")],
        [Emission(event="CONNECTION_DELETED", payload=b"{}", idempotency_key="k")],
        [Emission(event="CONNECTION_DELETED", payload=b"{}")] * 3,
    ],
    ids=["one", "with a key", "several"],
)
def test_one_statement_is_a_transaction_by_itself(emissions):
    make_webhook(URL, event="CONNECTION_DELETED")
    with CaptureQueriesContext(connection) as queries:
        emit_many(emissions)
    assert len(queries) == 1, [query["sql"] for query in queries]
    assert WebhookData.objects.count() == len(emissions)


@pytest.mark.django_db(transaction=True)
def test_of_several_with_keys_none_is_written_if_one_is_in_conflict():
    emit("CONNECTION_DELETED", {}, idempotency_key="used")
    new = Emission(event="CONNECTION_DELETED", payload=b"{}", idempotency_key="new")
    used = Emission(event="USER_DELETED", payload=b"{}", idempotency_key="used")
    with pytest.raises(IdempotencyConflict):
        emit_many([new, used])
    assert Event.objects.count() == 1
