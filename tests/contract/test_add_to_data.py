"""The rows of section 2.1 about `add_to_data`, a test for each; the row stands in the
test's docstring.
"""

from __future__ import annotations

import json

from tests.contract.conftest import Service
from tests.make import make_user


def told_of(service: Service, user: int) -> dict[str, object]:
    """What a webhook is told of the user's next event."""
    service.emit({"id": 1}, id_user=user)
    (delivery,) = service.deliver()
    assert delivery.genuine
    body: dict[str, object] = json.loads(delivery.body)
    assert body.pop("id_webhook_data") == delivery.id
    return body


def test_add_to_data(service: Service):
    """GET/POST/DELETE /webhooks/{id}/add_to_data: list / add / clear extra key->value
    copied from the user's config into the webhook data; each body parameter becomes a
    field name whose value is a user-config key; 200 Webhook."""
    webhook = service.register(id_auth=service.provider())
    user = make_user().pk
    config = {"erp.customer": "C-42", "erp.site": "Lyon"}
    service.answer("POST", f"/users/{user}/config", config)
    path = f"/webhooks/{webhook}/add_to_data"

    added = service.call("POST", path, {"customer": "erp.customer", "id": "erp.site"})
    assert (added.status, added.body["id"]) == (200, webhook)
    assert isinstance(added.body["add_to_data"], str)
    assert json.loads(added.body["add_to_data"]) == {
        "customer": "erp.customer",
        "id": "erp.site",
    }
    assert service.call("GET", path).body == added.body
    # What the platform emitted itself is never replaced.
    assert told_of(service, user) == {"id": 1, "customer": "C-42"}

    cleared = service.call("DELETE", path)
    assert (cleared.status, cleared.body["add_to_data"]) == (200, "{}")
    assert told_of(service, user) == {"id": 1}


def test_add_to_data_of_one_key(service: Service):
    """GET/POST/DELETE /webhooks/{id}/add_to_data/{key}: same for one key; 200
    Webhook."""
    webhook = service.register(id_auth=service.provider())
    user = make_user().pk
    service.answer("POST", f"/users/{user}/config", {"site": "Lyon"})
    path = f"/webhooks/{webhook}/add_to_data"
    service.answer("POST", path, {"other": "site"})

    added = service.call("POST", f"{path}/branch", {"value": "site"})
    assert (added.status, added.body["id"]) == (200, webhook)
    assert json.loads(added.body["add_to_data"]) == {"branch": "site", "other": "site"}
    assert service.call("GET", f"{path}/branch").body == added.body
    assert told_of(service, user) == {"id": 1, "branch": "Lyon", "other": "Lyon"}

    removed = service.call("DELETE", f"{path}/branch")
    assert (removed.status, removed.body["add_to_data"]) == (200, '{"other":"site"}')
    assert service.call("GET", f"{path}/branch").status == 404
    assert told_of(service, user) == {"id": 1, "other": "Lyon"}
