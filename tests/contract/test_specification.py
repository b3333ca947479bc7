"""The specification, a test for each sentence that promises something.

The sentence stands in the test's docstring.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from apps.webhooks.models import WebhookData
from apps.webhooks.users import create_user, make_permanent
from tests.contract.conftest import Service
from tests.make import make_user


def test_as_many_webhooks_as_needed(service: Service):
    """As many webhooks as needed can be registered."""
    ids = {service.register(f"/{number}") for number in range(30)}
    assert len(ids) == 30
    assert service.answer("GET", "/webhooks")["total"] == 30
    service.emit()
    assert len(service.deliver()) == 30


def test_end_users_data_arrives(service: Service):
    """Our API offers a way to obtain data of end-users using webhooks."""
    service.register()
    service.emit({"connection": {"accounts": [{"id": 1, "balance": 12.30}]}})
    (delivery,) = service.deliver()
    assert b'"balance": 12.3' in delivery.body


def test_temporary_users(service: Service):
    """If the user is still in a temporary state when the webhook events should be
    triggered (USER_CREATED for instance), the callback will be sent as soon as you
    make the user permanent."""
    service.register(event="USER_CREATED")
    user = create_user(permanent=False)
    assert service.deliver() == []
    make_permanent(user.pk)
    (delivery,) = service.deliver()
    assert json.loads(delivery.body)["id"] == user.pk


def test_http_post_with_json(service: Service):
    """By default, webhooks are performed using HTTP POST requests, with JSON body
    data."""
    service.register(id_auth=service.provider())
    service.emit()
    (delivery,) = service.deliver()
    # The receiver verified a signature over the method that it was called with.
    assert delivery.genuine
    assert delivery.headers["content-type"].startswith("application/json")
    assert isinstance(json.loads(delivery.body), dict)


def test_id_webhook_data(service: Service):
    """Alongside the event specific data in the request body, an additional
    id_webhook_data integer field is also included. It allows you to identify the
    webhook payload uniquely."""
    service.register("/a")
    service.register("/b")
    service.emit()
    service.emit()
    ids = [json.loads(each.body)["id_webhook_data"] for each in service.deliver()]
    assert len(set(ids)) == 4
    assert all(type(each) is int for each in ids)


@pytest.mark.parametrize(("status", "received"), [(200, True), (500, False)])
def test_expected_response(service: Service, status, received):
    """Your server must respond with a 2XX (success) HTTP response code when a
    webhook is received on the provided URL, otherwise we consider that the webhook
    data has not been received."""
    service.register()
    service.receiver.behave(status=status)
    service.emit()
    service.deliver()
    state = WebhookData.objects.get().state
    assert (state == WebhookData.State.DELIVERED) is received


def test_retried_until_accepted(service: Service):
    """If a webhook push failed, we will retry pushing that data until it is properly
    accepted."""
    service.register()
    service.receiver.behave(sequence=[500, 301, 404])
    service.emit()
    statuses = [each.status for each in service.deliver()]
    for _ in range(5):
        statuses += [each.status for each in service.flush()]
    assert statuses == [500, 301, 404, 204]


def test_compression(service: Service):
    """When compression is activated, the HTTP body sent to your webhook will be
    compressed in gzip format and the HTTP header content-encoding will be set to
    gzip."""
    service.answer("POST", "/config", {"webhooks.compression.enabled": "1"})
    service.register(compression=True)
    transactions = [{"id": number, "wording": "CARTE"} for number in range(500)]
    service.emit({"connection": {"transactions": transactions}})
    (delivery,) = service.deliver()
    assert delivery.headers["content-encoding"] == "gzip"
    assert delivery.size < delivery.body_size / 5
    # What the receiver unpacked by Python's gzip.
    told = json.loads(delivery.body)
    assert told["connection"]["transactions"] == transactions


def test_user_scoped_token(service: Service):
    """The default mechanism for webhooks authentication is performed by adding the
    user token in every callback request in the authorization header."""
    service.register()
    for token in ("one", "two"):
        service.emit(id_user=make_user(token=token).pk)
    assert [each.headers["authorization"] for each in service.deliver()] == [
        "Bearer one",
        "Bearer two",
    ]


def test_user_scoped_token_needs_a_user(service: Service):
    """This is only available for webhooks related to a specific user (e.g. not
    PAYMENT_STATE_UPDATE)."""
    service.register(event="PAYMENT_STATE_UPDATE")
    service.emit(event="PAYMENT_STATE_UPDATE")
    (delivery,) = service.deliver()
    assert "authorization" not in delivery.headers


def test_a_provider_of_type_hmac_signature(service: Service):
    """In order to enable it, you need to create a new auth_provider of type
    hmac_signature. The secret used to compute the HMAC signature can be found in the
    config object. You should preserve this secret key safely as you will not be able
    to access it anymore after this."""
    body = {"type": "hmac_signature", "name": "My HMAC provider"}
    made = service.answer("POST", "/webhooks/auth", body)
    assert made.items() >= body.items()
    assert isinstance(made["id"], int)
    assert made["config"].keys() == {"secret_key"}
    listed = service.answer("GET", "/webhooks/auth")["authproviders"]
    assert listed == [{"id": made["id"], **body}]


def test_the_two_headers(service: Service):
    """The provider will add two headers to each webhook data: BI-Signature-Date, and
    BI-Signature = BASE_64(HMAC_SHA256(<METHOD> + "." + <endpoint> + "." + <date> +
    "." + <payload>, secret_key))."""
    body = {"type": "hmac_signature", "name": "My HMAC provider"}
    made = service.answer("POST", "/webhooks/auth", body)
    service.register("/v1/webhook-listener", id_auth=made["id"])
    service.emit({"id": 1, "state": "done"})
    (delivery,) = service.deliver()
    signed = ".".join(
        (
            "POST",
            "/v1/webhook-listener",
            delivery.headers["bi-signature-date"],
            delivery.body.decode(),
        )
    )
    key = made["config"]["secret_key"].encode()
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    assert delivery.headers["bi-signature"] == base64.b64encode(digest).decode()


def test_a_signature_that_does_not_match_is_rejected(service: Service):
    """You can then reject any webhook data where the signature does not match your
    computation."""
    service.register(id_auth=service.provider())
    service.receiver.trust("/hook", "another secret")
    service.receiver.behave(enforce=True)
    service.emit()
    (delivery,) = service.deliver()
    assert (delivery.genuine, delivery.status) == (False, 401)


def test_providers_are_registered_with_the_configuration_token(service: Service):
    """The call must be authenticated using your configuration token."""
    service.api.token = None
    body = {"type": "hmac_signature", "name": "mine"}
    assert service.call("POST", "/webhooks/auth", body).status == 401


@pytest.mark.parametrize("by", ["id", "name"])
def test_association(service: Service, by):
    """When a provider has been created, you can associate it with a webhook."""
    provider = service.provider()
    named = {"id": provider, "name": "for /hook"}[by]
    webhook = service.register()
    service.answer("PUT", f"/webhooks/{webhook}", {"id_auth": named})
    service.emit()
    (delivery,) = service.deliver()
    assert delivery.genuine


def test_a_webhook_and_its_data(service: Service):
    """A webhook is a "registration" to a webhook event including an URL that will
    receive the webhook data at event time. A webhook request payload includes data
    associated with the webhook's event."""
    service.register("/users", event="USER_CREATED")
    service.register("/syncs", event="CONNECTION_SYNCED")
    user = create_user()
    (delivery,) = service.deliver()
    assert delivery.target == "/users"
    assert json.loads(delivery.body).keys() == {"id", "signin", "id_webhook_data"}
    assert json.loads(delivery.body)["id"] == user.pk


def test_the_flusher(service: Service):
    """Webhook requests are emitted immediately at creation. In case of failure, our
    webhook system uses a "flusher" retrying to send webhook data regularly. The
    flusher stops after 10 consecutive failures (or 2 timeouts) per webhook. In such
    case, it will attempt to send unprocessed webhook data at next execution."""
    service.register()
    service.receiver.behave(status=500)
    for _ in range(15):
        service.emit()
    assert len(service.deliver()) == 10
    assert len(service.flush()) == 10
    service.receiver.behave(hang=True)
    assert len(service.flush(deadline=0.3)) == 2
    service.receiver.behave()
    assert len(service.flush()) == 15


def test_the_cutoff_is_per_webhook(service: Service):
    """... per webhook."""
    service.register("/dead")
    service.register("/well")
    service.receiver.behave("/dead", status=500)
    for _ in range(15):
        service.emit()
    targets = [each.target for each in service.deliver()]
    assert (targets.count("/dead"), targets.count("/well")) == (10, 15)


def test_health_and_warning(service: Service):
    """You can monitor your webhook's health (average sending duration and sending
    success rate) through its health_data property. A warning is also displayed in a
    warning property if at least one of these values reaches a critical threshold."""
    well, failing = service.register("/well"), service.register("/failing")
    service.receiver.behave("/failing", sequence=[500, 500, 500])
    for _ in range(12):
        service.emit()
    service.deliver()
    listed = {
        each["id"]: each for each in service.answer("GET", "/webhooks")["webhooks"]
    }
    assert listed[well]["warning"] is None
    assert listed[well]["health_data"]["sending_success_rate"] == 1
    assert listed[failing]["warning"]["code"] == "low_success_rate"
    assert listed[failing]["health_data"]["sending_success_rate"] == 0.75
