"""The resources of contract sections 1.4 and 3, field by field, as the API has them.

`*`: never null. What the contract does not say may be there besides.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings

from tests.contract.conftest import Service
from tests.contract.openapi_world import ACCOUNT, CONNECTION, IDS, World
from tests.contract.openapi_world import DATA as DATA_ID
from tests.integration.api_client import ApiClient

WEBHOOK = {
    "id": "int*",
    "created": "moment*",
    "updated": "moment*",
    "deleted": "moment",
    "id_service": "int",
    "id_user": "int",
    "id_event": "int*",
    "id_auth": "int",
    "url": "text",
    "add_to_data": "text*",
    "health_data": "object*",
    "warning": "object",
}
# Without `data`: bodies are read one by one, which is put on record.
WEBHOOK_DATA = {
    "id": "int*",
    "id_webhook": "int*",
    "id_service": "int",
    "id_user": "int",
    "id_resource": "int",
    "mimetype": "text*",
    "created": "moment*",
    "success": "moment",
}
WEBHOOK_LOG = {
    "id": "int*",
    "id_webhook_data": "int*",
    "id_service": "int",
    "id_user": "int",
    "timestamp": "moment*",
    "response_date": "moment",
    "response_code": "int",
    "next_try": "moment",
}
PROVIDER = {"id": "int*", "type": "text*", "name": "text*"}
CONNECTION_FIELDS = {
    "id": "int*",
    "id_user": "int",
    "id_connector": "int*",
    "id_provider": "int",
    "id_bank": "int",
    "state": "text",
    "error": "text",
    "error_message": "text",
    "fields": "list",
    "last_update": "moment",
    "created": "moment*",
    "active": "flag*",
    "last_push": "moment",
    "expire": "moment",
    "connector_uuid": "text",
    "next_try": "moment",
}
CURRENCY = {
    "id": "text*",
    "name": "text*",
    "symbol": "text*",
    "prefix": "flag*",
    "crypto": "flag*",
    "precision": "int*",
    "marketcap": "number",
    "datetime": "moment",
}
ACCOUNT_FIELDS = {
    **dict.fromkeys(("id", "id_connection", "id_user", "id_source"), "int*"),
    "id_parent": "int",
    **dict.fromkeys(("number", "original_name", "name", "type"), "text*"),
    "balance": "number*",
    "coming": "number",
    "display": "flag*",
    **dict.fromkeys(("last_update", "deleted", "disabled"), "moment"),
    "iban": "text",
    "currency": "object*",
    "id_type": "int*",
    "bookmarked": "flag*",
    **dict.fromkeys(("error", "usage", "ownership", "company_name"), "text"),
    "loan": "object",
}
SUBSCRIPTION = {
    **dict.fromkeys(("id", "id_connection", "id_user", "id_source"), "int*"),
    **dict.fromkeys(("number", "label", "subscriber"), "text*"),
    **dict.fromkeys(("validity", "renewdate", "error"), "text"),
    **dict.fromkeys(("last_update", "deleted", "disabled"), "moment"),
}
KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "number": (int, float),
    "text": (str,),
    "flag": (bool,),
    "object": (dict,),
    "list": (list,),
}
OF_USER = f"/users/{IDS['id_user']}"
OF_WEBHOOK = f"/webhooks/{IDS['id_webhook']}"
ANSWERS = [
    ("/webhooks", "webhooks", WEBHOOK),
    (OF_WEBHOOK, "", WEBHOOK),
    (f"{OF_WEBHOOK}/data", "webhookdata", WEBHOOK_DATA),
    (f"{OF_WEBHOOK}/logs", "webhooklogs", WEBHOOK_LOG),
    ("/webhooks/auth", "authproviders", PROVIDER),
    (f"{OF_USER}/connections", "connections", CONNECTION_FIELDS),
    (f"{OF_USER}/connections/{CONNECTION}", "", CONNECTION_FIELDS),
    (f"{OF_USER}/accounts", "accounts", ACCOUNT_FIELDS),
    (f"{OF_USER}/subscriptions", "subscriptions", SUBSCRIPTION),
]


def wrong(row: dict[str, Any], fields: dict[str, str]) -> dict[str, Any]:
    """The fields of a row that are not as the contract has them, with what they are."""
    return {
        name: row.get(name, "missing")
        for name, kind in fields.items()
        if name not in row or not is_of(row[name], kind)
    }


def is_of(value: Any, kind: str) -> bool:
    """Whether a value is what a field's word says."""
    if value is None:
        return not kind.endswith("*")
    kind = kind.removesuffix("*")
    if kind == "moment":
        return datetime.fromisoformat(value).tzinfo is not None and value[-1] == "Z"
    return type(value) in KINDS[kind]


def answer(world: World, path: str) -> Any:
    """What the API says there; its users' resources by the user's own token."""
    kind = "user" if path.startswith("/users") else "config"
    return ApiClient(token=world.tokens[kind]).call("GET", path).body


@pytest.mark.parametrize(("path", "plural", "fields"), ANSWERS)
def test_each_field_is_there_and_of_its_kind(world: World, path, plural, fields):
    body = answer(world, path)
    rows = body[plural] if plural else [body]
    assert rows
    assert [wrong(row, fields) for row in rows] == [{}] * len(rows)


def test_an_accounts_currency_is_an_object_of_the_contract(world: World):
    (account,) = answer(world, f"{OF_USER}/accounts")["accounts"]
    assert account["id"] == ACCOUNT
    assert wrong(account["currency"], CURRENCY) == {}


def test_the_former_names_of_a_connector_are_its_id(world: World):
    connection = answer(world, f"{OF_USER}/connections/{CONNECTION}")
    names = ("id_connector", "id_provider", "id_bank")
    assert len({connection[name] for name in names}) == 1


def test_a_logs_id_is_that_of_its_data_and_an_unanswered_one_has_nulls(world: World):
    (log,) = answer(world, f"{OF_WEBHOOK}/logs")["webhooklogs"]
    (data,) = answer(world, f"{OF_WEBHOOK}/data")["webhookdata"]
    assert log["id_webhook_data"] == data["id"] == DATA_ID
    assert (data["success"], log["response_code"]) == (None, 503)


def test_id_resource_is_a_changing_id_depending_on_the_event(service: Service):
    payload = {"connection": {"id": 12}, "id": 99}
    told = {}
    for event in ("CONNECTION_SYNCED", "ACCOUNT_SYNCED", "USER_SYNCED"):
        webhook = service.register(event=event)
        service.emit(payload, event=event)
        (data,) = service.answer("GET", f"/webhooks/{webhook}/data")["webhookdata"]
        told[event] = data["id_resource"]
    assert told == {
        "CONNECTION_SYNCED": 12,
        "ACCOUNT_SYNCED": 99,
        "USER_SYNCED": None,
    }


def test_last_push_is_the_last_successful_push(service: Service):
    webhook = service.register()
    user = service.new_user()
    me, login = service.as_user(user), {"id_connector": 40, "login": "claire"}
    made = me.call("POST", "/users/me/connections", login)
    path = f"/users/me/connections/{made.body['id']}"
    assert me.call("GET", path).body["last_push"] is None
    service.receiver.behave(sequence=[503])
    (refused,) = service.deliver()
    assert json.loads(refused.body)["connection"]["last_push"] is None
    assert me.call("GET", path).body["last_push"] is None
    service.flush()
    (data,) = service.answer("GET", f"/webhooks/{webhook}/data")["webhookdata"]
    assert data["success"] is not None
    assert me.call("GET", path).body["last_push"] == data["success"]
    (listed,) = me.call("GET", "/users/me/connections").body["connections"]
    assert listed["last_push"] == data["success"]
    # Payloads have wall time.
    service.register("/deleted", event="CONNECTION_DELETED")
    me.call("DELETE", path)
    (deleted,) = service.deliver()
    moment = datetime.fromisoformat(data["success"]).astimezone(settings.PAYLOAD_ZONE)
    written = moment.strftime("%Y-%m-%d %H:%M:%S")
    assert json.loads(deleted.body)["last_push"] == written


def test_a_resource_that_lost_a_field_is_noticed(world: World):
    body = answer(world, OF_WEBHOOK)
    without = {name: body[name] for name in body if name != "id_service"}
    assert wrong(without, WEBHOOK) == {"id_service": "missing"}
    assert wrong({**body, "created": None, "id_auth": "3"}, WEBHOOK) == {
        "created": None,
        "id_auth": "3",
    }
