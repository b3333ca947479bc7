"""The catalogue of events: complete, and its schemas tell right from wrong."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest

from apps.event_log.catalogue import CATALOGUE, UnknownEvent, event_name
from apps.event_log.catalogue.faults import Fault, fault_in
from apps.webhooks.demo.sample_payments import payment_state_updated
from apps.webhooks.demo.samples import connection_synced

NOW = datetime(2026, 7, 14, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))
GOLDEN = Path(__file__).parent / "golden"

# Contract, section 1.1: its table, in its order. U: of a user, C: has a CFONB form,
# D: deprecated, ?: undocumented.
TABLE = """
USER_CREATED U
USER_DELETED U
USER_SYNCED UCD
CONNECTION_SYNCED UC
CONNECTION_DELETED U
ACCOUNTS_FETCHED U
ACCOUNT_SYNCED U
ACCOUNT_CATEGORIZED U
ACCOUNT_FOUND UC
ACCOUNT_ENABLED U
ACCOUNT_DISABLED U
ACCOUNT_OWNERSHIPS_FOUND U
TRANSACTION_ATTACHMENTS_FOUND U
SUBSCRIPTION_FOUND U
SUBSCRIPTION_SYNCED U
PAYMENT_STATE_UPDATED -
TRANSACTIONS_CLUSTERED U?
CONNECTION_CERTIFICATE_AVAILABLE U?
"""
# Contract, 3.2: "a changing ID ... depending on the event". Where it stands.
RESOURCES = {
    "USER_SYNCED": ("user", "id"),
    "CONNECTION_SYNCED": ("connection", "id"),
    "ACCOUNTS_FETCHED": ("connection", "id"),
    "ACCOUNT_OWNERSHIPS_FOUND": ("account_ownerships", "id_account"),
    "TRANSACTION_ATTACHMENTS_FOUND": ("id_transaction",),
    "CONNECTION_CERTIFICATE_AVAILABLE": ("id_connection",),
}
# Their payloads have lists only.
WITHOUT_RESOURCE = {"ACCOUNT_CATEGORIZED", "TRANSACTIONS_CLUSTERED"}
EVENTS = list(CATALOGUE)
DOCUMENTED = [entry.name for entry in CATALOGUE.values() if entry.documented]
GONE = object()
TRANSACTION = "connection/accounts/0/transactions/0"


def fault(event: str, payload: Any) -> Fault | None:
    return fault_in(event, payload, json.dumps(payload).encode())


def changed(event: str, path: str, value: Any) -> Any:
    """A copy of the event's sample with one member changed, added or gone."""
    sample = copy.deepcopy(dict(CATALOGUE[event].sample))
    *above, name = path.split("/")
    place: Any = sample
    for step in above:
        place = place[int(step) if step.isdigit() else step]
    if value is GONE:
        del place[name]
    else:
        place[int(name) if name.isdigit() else name] = value
    return sample


def required(event: str) -> list[str]:
    """The members that the event's payload must have, by its schema."""
    schema: Any = CATALOGUE[event].schema
    names: list[str] = []
    place: Any = schema
    while place is not None:
        names += place.get("required", [])
        name = place.get("$ref", "").removeprefix("#/$defs/")
        place = schema["$defs"][name] if name else None
    return names


def test_every_event_of_the_contract_is_in_the_catalogue_in_its_order():
    rows = [line.split() for line in TABLE.split("\n") if line]
    assert [name for name, _ in rows] == EVENTS
    for name, marks in rows:
        entry = CATALOGUE[name]
        assert entry.user_scoped == ("U" in marks)
        assert entry.cfonb == ("C" in marks)
        assert entry.deprecated == ("D" in marks)
        assert entry.documented == ("?" not in marks)


def test_ids_are_positions():
    assert [entry.id for entry in CATALOGUE.values()] == list(range(1, 19))


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_described_in_one_or_two_sentences(event):
    entry = CATALOGUE[event]
    for text in (entry.description, entry.when):
        assert 1 <= len(re.findall(r"[.](?: |$)", text)) <= 2
        assert text.endswith(".")


def test_the_other_spelling_of_an_event_is_understood_and_no_other():
    assert event_name("PAYMENT_STATE_UPDATE") == "PAYMENT_STATE_UPDATED"
    with pytest.raises(UnknownEvent):
        event_name("PAYMENT_STATE")


@pytest.mark.parametrize("event", EVENTS)
def test_a_schema_is_valid_and_stands_alone(event):
    schema = dict(CATALOGUE[event].schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == event
    jsonschema_rs.meta.validate(schema)
    text = json.dumps(schema)
    referred = set(re.findall(r"#/\$defs/(\w+)", text))
    assert referred == schema.get("$defs", {}).keys()


@pytest.mark.parametrize("event", EVENTS)
def test_a_sample_is_valid_json_of_its_schema(event):
    sample = dict(CATALOGUE[event].sample)
    assert fault(event, sample) is None
    assert json.loads(json.dumps(sample)) == sample
    assert "id_webhook_data" not in sample
    assert fault(event, sample | {"id_webhook_data": 1}) is None


def test_what_is_guessed_of_a_cluster_is_like_its_sample():
    entry = CATALOGUE["TRANSACTIONS_CLUSTERED"]
    cluster = {**entry.schema, "$ref": "#/$defs/Cluster"}
    (found,) = entry.sample["clusters"]
    assert jsonschema_rs.is_valid(cluster, found)


@pytest.mark.parametrize("event", DOCUMENTED)
def test_a_payload_without_a_required_member_has_a_fault_there(event):
    assert required(event)
    for name in required(event):
        payload = changed(event, name, GONE)
        assert fault(event, payload) == Fault(f"/{name}", "required")


@pytest.mark.parametrize("event", DOCUMENTED)
@pytest.mark.parametrize("wrong", ["12", 1.5, True, [], {}])
def test_a_payload_with_a_required_member_of_another_type_has_a_fault_there(
    event, wrong
):
    right: Any = CATALOGUE[event].sample[required(event)[0]]
    if type(right) is type(wrong):
        wrong = None
    payload = changed(event, required(event)[0], wrong)
    found = fault(event, payload)
    assert found is not None
    assert found.pointer.startswith(f"/{required(event)[0]}")


def test_an_undocumented_payload_is_any_object():
    for event in set(EVENTS) - set(DOCUMENTED):
        assert fault(event, {}) is None
        assert fault(event, {"id": "x", "connection": [1]}) is None
        assert jsonschema_rs.is_valid(dict(CATALOGUE[event].schema), [1]) is False


@pytest.mark.parametrize(
    ("event", "path", "value", "rule"),
    [
        ("CONNECTION_SYNCED", "connection", GONE, "required"),
        ("CONNECTION_SYNCED", "user", GONE, "required"),
        ("CONNECTION_SYNCED", "connection", [], "type"),
        ("CONNECTION_SYNCED", "connection/id", "12", "type"),
        ("CONNECTION_SYNCED", "connection/id", 0, "minimum"),
        ("CONNECTION_SYNCED", "connection/id", None, "type"),
        ("CONNECTION_SYNCED", "connection/state", 3, "type"),
        ("CONNECTION_SYNCED", "connection/created", "2026-03-02", "pattern"),
        ("CONNECTION_SYNCED", "connection/accounts", {}, "type"),
        ("CONNECTION_SYNCED", "connection/accounts/1/id", GONE, "required"),
        ("CONNECTION_SYNCED", "connection/accounts/1/usage", "BOTH", "enum"),
        ("CONNECTION_SYNCED", "connection/sources/0/id", "s", "type"),
        ("CONNECTION_SYNCED", "connection/connector", 40, "type"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/id", "t", "type"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/id_account", "101", "type"),
        ("ACCOUNT_CATEGORIZED", "transactions/1/id_account", GONE, "required"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/value", "12,50", "pattern"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/value", [], "type"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/date", "27/02/2026", "pattern"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/categories/0", "x", "type"),
        (
            "CONNECTION_SYNCED",
            f"{TRANSACTION}/counterparty/type",
            "other",
            "enum",
        ),
        (
            "CONNECTION_SYNCED",
            "connection/accounts/1/investments/0/pockets/0/id",
            "p",
            "type",
        ),
        (
            "CONNECTION_SYNCED",
            "connection/accounts/1/market_orders/0",
            [],
            "type",
        ),
        (
            "CONNECTION_SYNCED",
            "connection/subscriptions/0/documents/0/id",
            GONE,
            "required",
        ),
        ("CONNECTION_SYNCED", "user/signin", "2026-03-02T08:12:31Z", "pattern"),
        ("USER_SYNCED", "connections/1/id", "13", "type"),
        ("USER_SYNCED", "connections", {}, "type"),
        ("ACCOUNTS_FETCHED", "connection/accounts", GONE, "required"),
        ("ACCOUNT_FOUND", "disabled", None, "type"),
        ("ACCOUNT_FOUND", "type", 3, "type"),
        ("ACCOUNT_ENABLED", "disabled", "2026-03-04 19:02:11", "type"),
        ("ACCOUNT_DISABLED", "disabled", None, "type"),
        ("ACCOUNT_DISABLED", "currency", 978, "type"),
        ("ACCOUNT_OWNERSHIPS_FOUND", "account_ownerships/parties/0/role", "x", "enum"),
        ("TRANSACTION_ATTACHMENTS_FOUND", "attachments/0/size", "1 MB", "type"),
        ("PAYMENT_STATE_UPDATED", "state", "finished", "enum"),
        ("PAYMENT_STATE_UPDATED", "instructions/0/amount", GONE, "required"),
    ],
)
def test_a_mistake_is_found_where_it_is(event, path, value, rule):
    assert fault(event, changed(event, path, value)) == Fault(f"/{path}", rule)


@pytest.mark.parametrize(
    ("event", "path", "value"),
    [
        ("CONNECTION_SYNCED", "connection/state", "aStateOfTomorrow"),
        ("CONNECTION_SYNCED", "connection/state", ""),
        ("CONNECTION_SYNCED", "connection/id_user", None),
        ("CONNECTION_SYNCED", "connection/fields", [{"name": "login"}]),
        ("CONNECTION_SYNCED", "connection/a_member_of_tomorrow", {"a": [1]}),
        ("CONNECTION_SYNCED", "push_type", "CONNECTION_SYNCED"),
        ("CONNECTION_SYNCED", "connection/accounts", GONE),
        ("CONNECTION_SYNCED", "connection/subscriptions", GONE),
        ("CONNECTION_SYNCED", "connection/accounts/0/balance", "-1542.37"),
        ("CONNECTION_SYNCED", "connection/accounts/0/balance", 1e3),
        ("CONNECTION_SYNCED", "connection/accounts/0/currency", "EUR"),
        ("CONNECTION_SYNCED", "connection/accounts/0/usage", None),
        ("CONNECTION_SYNCED", "connection/accounts/0/loan", {"rate": 1.2}),
        ("CONNECTION_SYNCED", "connection/accounts/0/recipients", [{"id": 1}]),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/value", "2150.0000000000"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/type", "a_type_of_tomorrow"),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/counterparty", None),
        ("CONNECTION_SYNCED", f"{TRANSACTION}/id_account", GONE),
        ("CONNECTION_SYNCED", "user/signin", GONE),
        ("CONNECTION_SYNCED", "user/platform", "web"),
        ("ACCOUNT_SYNCED", "iban", None),
        ("ACCOUNT_SYNCED", "id_parent", 100),
        ("PAYMENT_STATE_UPDATED", "state_detail", "cancelling"),
        ("PAYMENT_STATE_UPDATED", "action", "confirm"),
        ("PAYMENT_STATE_UPDATED", "instructions", GONE),
        ("SUBSCRIPTION_SYNCED", "documents/0/currency", None),
    ],
)
def test_what_receivers_have_to_bear_is_no_mistake(event, path, value):
    assert fault(event, changed(event, path, value)) is None


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        # The examples of the contract (1.3, 5.4) and of the README.
        (
            "CONNECTION_SYNCED",
            '{"user":{"id":1},"connection":{"id":10,"state":"","accounts":[{"id":100,'
            '"id_user":1,"id_connection":10,"currency":{"id":"EUR","precision":2},'
            '"last_update":"2023-05-01 12:34:56","balance":"123.45",'
            '"transactions":[]}]}}',
        ),
        ("PAYMENT_STATE_UPDATED", '{"id": 1, "state": "done"}'),
        ("USER_CREATED", '{"id": 1, "signin": "2023-05-01 12:34:56"}'),
    ],
)
def test_the_shortest_examples_are_valid(event, payload):
    assert fault_in(event, json.loads(payload), payload.encode()) is None


def test_the_demos_payloads_are_valid():
    user = {"id": 7, "signin": "2026-07-14 00:28:00"}
    synced = connection_synced(user, now=NOW)
    assert len(synced["connection"]["accounts"]) == 6
    assert fault("CONNECTION_SYNCED", synced) is None
    for state in ("created", "done"):
        payment = payment_state_updated(3, now=NOW, state=state)
        assert fault("PAYMENT_STATE_UPDATED", payment) is None


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda f: f.stem)
def test_the_payloads_behind_the_golden_files_are_valid(file):
    payload = json.loads(file.read_text(encoding="utf-8"))
    assert fault(file.stem.upper(), payload) is None


class Text(str):
    """As Django's safe strings are."""


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"id": 1, "state": Text("done")}, None),
        ({"id": 1, "state": Text("finished")}, Fault("/state", "enum")),
        ({"id": 1, "state": "done", "instructions": ({"amount": 1},)}, None),
        ({"id": 1, "state": "done", 7: "x"}, None),
        ({"id": "1", "state": "done", 7: "x"}, Fault("/id", "type")),
        ({"id": 10**30, "state": "done"}, None),
    ],
)
def test_values_of_python_count_as_what_json_makes_of_them(members, found):
    text = json.dumps(members).encode()
    assert fault_in("PAYMENT_STATE_UPDATED", members, text) == found


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_about_one_resource(event):
    entry = CATALOGUE[event]
    place: Any = entry.sample
    for name in RESOURCES.get(event, ("id",)):
        place = None if event in WITHOUT_RESOURCE else place[name]
    assert entry.resource_of(entry.sample) == place
    assert (place is None) is (event in WITHOUT_RESOURCE)


@pytest.mark.parametrize(
    "payload",
    [{}, {"id": None}, {"id": "7"}, {"id": True}, {"id": 7.0}, {"id": 0}, {"id": 2**63},
     {"id": [7]}, {"connection": {"id": 7}}],
)  # fmt: skip
def test_what_is_no_id_is_no_resource(payload):
    assert CATALOGUE["PAYMENT_STATE_UPDATED"].resource_of(payload) is None


@pytest.mark.parametrize("payload", [{"connection": None}, {"connection": [7]}, {}])
def test_a_resource_that_is_not_where_it_should_be_is_none(payload):
    assert CATALOGUE["CONNECTION_SYNCED"].resource_of(payload) is None
