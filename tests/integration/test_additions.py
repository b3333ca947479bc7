"""What a webhook adds to its bodies: from a user's configuration to the receiver."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.configuration.store import change
from apps.event_log.models import EndUser, Event, UserConfig
from apps.event_log.user_config import change_config, config_of
from apps.receiver.record import Delivery
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.statements import Statement
from apps.webhooks.engine.unsent import INLINE_BYTES
from apps.webhooks.fan_out import EMIT, EXTRA, MEMBERS
from apps.webhooks.formats.json_body import parse_strict, splice_id
from apps.webhooks.models import DeliveryAttempt, Webhook, WebhookData
from apps.webhooks.users import create_user, delete_user, make_permanent
from tests.integration.test_emit import in_threads
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db
URL: Final = "https://example.org/hook"
EVENT: Final = "CONNECTION_SYNCED"
AWKWARD: Final = {
    "plain": "Paris 7",
    "empty": "",
    "quotes": 'a "quoted" \\"twice\\" {"a":[1,"}"]}',
    "unicode": "é€😀 שלום \u2028\u2029\ufeff\ufffd\U0010ffff",
    "control": "".join(map(chr, range(1, 32))) + "\x7f\x85",
    "backslash": "\\u0041\\",
    "number": "1.10",
    "long": "é" * 10_000,
}


def user_with(**config: object) -> EndUser:
    user = make_user()
    change_config(user.pk, config)
    return user


def extras() -> list[dict[str, str] | None]:
    """What each row adds, parsed, in order."""
    rows = WebhookData.objects.order_by("id").values_list("extra", flat=True)
    return [None if text is None else json.loads(text) for text in rows]


def bodies(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    return [parse_strict(each.body) for each in deliveries]


def test_members_are_added_between_the_payloads_own_and_the_id(receiver, run_pump):
    user = user_with(branch="Paris 7", seller="Zoé")
    added = {"agency": "branch", "who": "seller", "again": "branch", "none": "missing"}
    make_webhook(receiver.url("/"), add_to_data=added)
    emit(EVENT, b'{"balance": 1.10}', user=user.pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    text = (
        '{"balance": 1.10,"again":"Paris 7","agency":"Paris 7","who":"Zoé",'
        f'"id_webhook_data":{delivery.id}}}'
    )
    assert delivery.body == text.encode()
    attempt = DeliveryAttempt.objects.get()
    assert attempt.body_bytes == attempt.sent_bytes == len(text.encode())


def test_an_empty_payload_has_members_too(receiver, run_pump):
    make_webhook(receiver.url("/"), add_to_data={"a": "key"})
    emit(EVENT, {}, user=user_with(key="value").pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert delivery.body == b'{"a":"value","id_webhook_data":%d}' % delivery.id


@pytest.mark.parametrize("compression", [True, False])
@pytest.mark.parametrize("key", AWKWARD)
def test_a_value_arrives_as_it_was_configured(receiver, run_pump, key, compression):
    user = user_with(**AWKWARD)
    make_webhook(receiver.url("/"), compression=compression, add_to_data={"a": key})
    emit(EVENT, b'{"b":1}', user=user.pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    assert ("content-encoding" in delivery.headers) is compression
    assert bodies([delivery]) == [
        {"b": 1, "a": AWKWARD[key], "id_webhook_data": delivery.id}
    ]


@pytest.mark.parametrize("name", AWKWARD.keys() - {"control", "empty", "long"})
def test_a_name_may_be_anything_printable(receiver, run_pump, name):
    awkward = "".join(each for each in AWKWARD[name] if each.isprintable())
    make_webhook(receiver.url("/"), add_to_data={awkward: "key"})
    emit(EVENT, b"{}", user=user_with(key="value").pk)
    run_pump()
    (body,) = bodies(receiver.record.deliveries())
    assert body[awkward] == "value"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a": {"b": 1}, "c": [1.10]}',
        b'{"\\u0061":"escaped","c":1}',
        b'{ "c" : 1 , "a" : null }',
        b'{"c":{"b":1},"a":1E400}',
        b'{"a":1,"c":123456789012345678901234567890.10}',
        b'{"a":9e999999,"c":-1e-999999}',
        '{"c":"é😀 \\ud83d\\ude00","a":"{\\"b\\":1}"}'.encode(),
    ],
)
def test_the_payloads_own_members_win(receiver, run_pump, payload):
    user = user_with(one="1", two="2")
    added = {"a": "one", "b": "two", "c": "one"}
    make_webhook(receiver.url("/"), add_to_data=added)
    emit(EVENT, payload, user=user.pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    # Only `b` is not at the payload's top, whatever is further down.
    assert delivery.body == b'%s,"b":"2","id_webhook_data":%d}' % (
        payload[:-1],
        delivery.id,
    )
    assert parse_strict(delivery.body)


def test_where_the_payload_has_them_all_nothing_is_added():
    make_webhook(URL, add_to_data={"a": "key"})
    emit(EVENT, b'{"a":1}', user=user_with(key="value").pk)
    assert extras() == [None]


def test_a_retry_is_the_same_after_the_configuration_has_changed(receiver, run_pump):
    user = user_with(small="before", large="é" * INLINE_BYTES)
    webhook = make_webhook(
        receiver.url("/"), compression=True, add_to_data={"a": "small", "b": "large"}
    )
    receiver.behave(sequence=[500, 500, 500, 204])
    emit(EVENT, b'{"c":1}', user=user.pk)
    run_pump()
    change_config(user.pk, {"small": "after", "large": None})
    begin_execution()
    run_pump()
    Webhook.objects.filter(pk=webhook.pk).update(add_to_data={"z": "a"})
    begin_execution()
    run_pump()
    delete_user(user.pk)
    begin_execution()
    run_pump()
    attempts = receiver.record.deliveries()
    sent = [each for each in attempts if each.id == attempts[0].id]
    assert [each.status for each in sent] == [500, 500, 500, 204]
    assert all(each.genuine for each in sent)
    assert len({each.body for each in sent}) == 1
    assert bodies(sent[:1])[0]["a"] == "before"
    assert config_of(user.pk) == {}


@pytest.mark.parametrize("size", [1, INLINE_BYTES * 2])
@pytest.mark.parametrize("own", [1, INLINE_BYTES * 2])
def test_large_or_small_each_row_has_its_own(receiver, run_pump, size, own):
    """Large payloads and large additions are read when their turn has come."""
    users = [user_with(key=f"{number}" * size) for number in range(1, 5)]
    for path in ("/adds", "/more"):
        make_webhook(receiver.url(path), add_to_data={path[1:]: "key"})
    make_webhook(receiver.url("/plain"))
    emissions = [
        Emission(event=EVENT, payload={"n": "x" * own}, user=user.pk) for user in users
    ]
    receiver.behave(sequence=[500, 204, 500])
    emit_many(emissions)
    for _ in range(3):
        run_pump()
        begin_execution()
    arrived = [each for each in receiver.record.deliveries() if each.status == 204]
    assert len(arrived) == 12
    for number, path in enumerate(("/adds", "/more")):
        values = {
            body.pop(path[1:])
            for each in arrived
            if each.target == path
            for body in bodies([each])
            if body.keys() == {"n", path[1:], "id_webhook_data"}
        }
        assert values == {f"{digit}" * size for digit in range(1, 5)}, number
    plain = bodies([each for each in arrived if each.target == "/plain"])
    assert [body.keys() for body in plain] == [{"n", "id_webhook_data"}] * 4


def test_without_a_user_or_its_keys_nothing_is_added(receiver, run_pump):
    make_webhook(receiver.url("/"), add_to_data={"a": "key"})
    make_webhook(receiver.url("/"), "PAYMENT_STATE_UPDATED", add_to_data={"a": "key"})
    other = user_with(key="of another")
    emit(EVENT, b"{}", user=user_with(unrelated="x").pk)
    emit(EVENT, b"{}")
    emit("PAYMENT_STATE_UPDATED", b"{}")
    assert extras() == [None] * 3
    run_pump()
    assert [body.keys() for body in bodies(receiver.record.deliveries())] == [
        {"id_webhook_data"}
    ] * 3
    assert config_of(other.pk)


def test_each_event_of_many_has_its_own_users_values():
    users = [user_with(key=f"of {number}").pk for number in range(3)]
    make_webhook(URL, add_to_data={"a": "key", "b": "key"})
    make_webhook(URL)
    payloads = [b'{"b":1}', b"{}", b'{"a":1}', b"{}"]
    emit_many(
        [
            Emission(event=EVENT, payload=payload, user=user)
            for payload, user in zip(payloads, [*users, None], strict=True)
        ]
    )
    assert extras()[::2] == [
        {"a": "of 0"},
        {"a": "of 1", "b": "of 1"},
        {"b": "of 2"},
        None,
    ]
    assert extras()[1::2] == [None] * 4


def test_a_temporary_users_values_are_those_of_the_event(receiver, run_pump):
    make_webhook(receiver.url("/"), add_to_data={"a": "key"})
    user = make_user(permanent=False)
    change_config(user.pk, {"key": "then"})
    emit(EVENT, b"{}", user=user.pk)
    change_config(user.pk, {"key": "now"})
    make_permanent(user.pk)
    run_pump()
    assert [body["a"] for body in bodies(receiver.record.deliveries())] == ["then"]


def test_the_last_event_of_a_user_still_has_its_values(receiver, run_pump):
    make_webhook(receiver.url("/"), "USER_DELETED", add_to_data={"a": "key"})
    user = create_user()
    change_config(user.pk, {"key": "value"})
    delete_user(user.pk)
    assert config_of(user.pk) == {}
    run_pump()
    (body,) = bodies(receiver.record.deliveries())
    assert (body["a"], body["id"]) == ("value", user.pk)


def test_a_file_has_no_members(receiver, run_pump):
    change({"autosync.cfonb": "1"}, actor="test")
    make_webhook(receiver.url("/"), "ACCOUNT_FOUND", add_to_data={"a": "key"})
    payload = {"id": 1, "type": "checking", "disabled": "2026-03-02 09:15:00"}
    emit("ACCOUNT_FOUND", payload, user=user_with(key="value").pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    assert extras() == [None]
    assert delivery.genuine
    assert delivery.headers["content-type"].startswith("text/plain")
    assert delivery.body.decode() == Event.objects.get().cfonb


def test_emitting_again_with_the_same_key_adds_nothing_new():
    user = user_with(key="then")
    make_webhook(URL, add_to_data={"a": "key"})
    emit(EVENT, b"{}", user=user.pk, idempotency_key="k")
    change_config(user.pk, {"key": "now"})
    emit(EVENT, b"{}", user=user.pk, idempotency_key="k")
    assert extras() == [{"a": "then"}]


def test_an_emission_is_one_statement_with_additions_too(django_assert_num_queries):
    for number in range(20):
        make_webhook(URL, add_to_data={"a": "key"} if number % 2 else {})
    user = user_with(key="value")
    # The configuration is remembered for a second.
    emit(EVENT, {}, user=user.pk)
    with django_assert_num_queries(1):
        assert emit(EVENT, {}, user=user.pk).webhooks == 20


def test_values_are_found_by_an_index():
    """However many users there are, and whatever was known when it was planned."""
    users = EndUser.objects.bulk_create(
        [EndUser(permanent_at="2026-01-01T00:00Z") for _ in range(2000)]
    )
    UserConfig.objects.bulk_create(
        [UserConfig(user=user, key="key", value="value") for user in users]
    )
    text = EXTRA.text
    arguments = {"add_to_data": "jsonb", "owner": "bigint", "taken": "jsonb"}
    for place, (name, kind) in enumerate(arguments.items(), start=1):
        text = text.replace(f"%({name})s", f"${place}::{kind}")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE looked_up AS {text}")
        cursor.execute("EXPLAIN EXECUTE looked_up('{}', 1, '[]')")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE looked_up")
    assert "Index Cond: (user_id = $2" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("value", ["[]", "1", '"text"', "null"])
def test_the_database_itself_keeps_what_would_stop_emissions(value):
    webhook = make_webhook(URL)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE webhooks_webhook SET add_to_data = %s WHERE id = %s",
            [value, webhook.pk],
        )


def test_a_worker_of_the_previous_release_goes_on():
    """It knows neither of the columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_webhook (event, url, updated_at) "
            "VALUES (%s, %s, now()) RETURNING id",
            [EVENT, URL],
        )
        (webhook,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO webhooks_webhookdata (webhook_id, event_id, state) "
            "VALUES (%s, 1, 1)",
            [webhook],
        )
    assert Webhook.objects.get().add_to_data == {}
    assert extras() == [None]


@pytest.mark.parametrize("statement", [EXTRA, MEMBERS])
def test_a_change_of_what_is_looked_up_is_another_emission(statement: Statement):
    """Workers of two releases run side by side: each calls its own functions."""
    assert statement.function in EMIT.text


@pytest.mark.django_db(transaction=True)
def test_a_change_at_the_same_moment_is_seen_whole_or_not_at_all():
    user = user_with(one="0", two="0")
    make_webhook(URL, add_to_data={"a": "one", "b": "two"})

    def work(number: int) -> None:
        for step in range(40):
            if number == 0:
                change_config(user.pk, {"one": step, "two": step})
            else:
                emit(EVENT, b"{}", user=user.pk)

    assert in_threads(3, work) == [None] * 3
    seen = [extra for extra in extras() if extra is not None]
    assert len(seen) == 80
    assert all(extra.keys() == {"a", "b"} for extra in seen)
    assert all(extra["a"] == extra["b"] for extra in seen)


texts = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8
)
printable = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "),
    min_size=1,
    max_size=8,
)
# Few of them are common, so that names meet; some are written with an escape.
names = st.one_of(st.sampled_from(["a", "b", "é", "😀", '"']), printable)
members = st.one_of(
    st.none(),
    texts,
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.lists(texts, max_size=2),
    st.dictionaries(st.one_of(names, texts), texts, max_size=2),
)
payloads = st.dictionaries(st.one_of(names, texts), members, max_size=4)
separators = st.sampled_from([(",", ":"), (" , ", "\n: "), (", ", ": ")])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    added=st.dictionaries(names, names, max_size=4),
    config=st.dictionaries(names, texts, max_size=4),
    told=st.lists(payloads, min_size=1, max_size=4),
    written=separators,
    ascii_only=st.booleans(),
)
def test_a_body_is_the_payload_what_is_added_and_the_id(
    added, config, told, written, ascii_only
):
    with transaction.atomic():
        user = user_with(**config)
        webhook = make_webhook(URL, add_to_data=added)
        raw = [
            json.dumps(each, separators=written, ensure_ascii=ascii_only).encode()
            for each in told
        ]
        emit_many([Emission(event=EVENT, payload=each, user=user.pk) for each in raw])
        rows = WebhookData.objects.filter(webhook=webhook).order_by("id")
        sent = rows.values_list("id", "event__payload", "extra")
        for (number, text, extra), own in zip(sent, told, strict=True):
            assert text is not None
            body = splice_id(text.encode(), number, extra.encode() if extra else None)
            wanted = {
                name: config[key]
                for name, key in added.items()
                if key in config and name not in own
            }
            # It refuses a name that is there twice.
            assert parse_strict(body) == own | wanted | {"id_webhook_data": number}
            assert list(parse_strict(body))[-1] == "id_webhook_data"
            assert (extra is None) is not bool(wanted)
        transaction.set_rollback(True)
