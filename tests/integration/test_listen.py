"""Forwarding, against an API that refuses, moves or is not there. Needs no database."""

from __future__ import annotations

import json
import threading
from urllib.parse import urlsplit

import pytest

from apps.receiver.forwarding import Forwarded, Forwarder, LocalReceiver
from apps.receiver.server import Receiver
from apps.receiver.service import Service, ServiceError
from tests.make import SECRET

ROW = {
    "id": 41,
    "event": "USER_CREATED",
    "state": "pending",
    "created": "2026-03-02T09:00:00.000Z",
}
LIST = json.dumps({"webhookdata": [ROW], "has_more": False}).encode()


class Run:
    """A forwarder that stops once something was forwarded, or complained about."""

    def __init__(self, api: str, to: str, **fields: str) -> None:
        self.stopping = threading.Event()
        self.forwarded: list[Forwarded] = []
        self.complaints: list[str] = []
        self.forwarder = Forwarder(
            service=Service(url=urlsplit(api), token="t0k", webhook=7),
            receiver=LocalReceiver(url=urlsplit(to), **fields),
            every=0.01,
            told=self._told,
            warned=self._warned,
            after=40,
        )

    def start(self) -> Run:
        self.forwarder.run(self.stopping)
        return self

    def _told(self, forwarded: Forwarded) -> None:
        self.forwarded.append(forwarded)
        self.stopping.set()

    def _warned(self, complaint: str) -> None:
        self.complaints.append(complaint)
        self.stopping.set()


@pytest.fixture
def api(receiver: Receiver) -> Receiver:
    """Answers whatever it is told to, whichever page is asked for."""
    receiver.behave("/webhooks", status=200, body=LIST)
    return receiver


def test_a_delivery_is_signed_for_the_path_that_it_is_posted_to(api: Receiver):
    with Receiver(secrets=SECRET) as local:
        run = Run(api.url(), local.url("/hook/?tenant=7"), secret=SECRET).start()
        (delivery,) = local.record.deliveries()
    assert delivery.target == "/hook/?tenant=7"
    assert delivery.reason == "valid"
    assert delivery.body == LIST
    headers = delivery.headers
    assert (headers["x-webhook-data-id"], headers["x-webhook-event"]) == (
        "41",
        "USER_CREATED",
    )
    assert "authorization" not in headers
    (told,) = run.forwarded
    assert (told.id, told.status, told.error) == (41, 204, "")


def test_the_users_token_is_sent_instead_and_the_apis_never(api: Receiver):
    with Receiver(tokens="of the user") as local:
        Run(api.url(), local.url("/"), user_token="of the user").start()
        (delivery,) = local.record.deliveries()
    assert delivery.reason == "valid"
    assert "bi-signature" not in delivery.headers
    asked = api.record.deliveries()
    assert {each.headers["authorization"] for each in asked} == {"Bearer t0k"}
    assert [each.target for each in asked] == [
        "/webhooks/7/data?after=40",
        "/webhooks/7/data/41/body",
    ]


def test_a_receiver_that_is_not_there_is_said_so(api: Receiver):
    (told,) = Run(api.url(), "http://127.0.0.1:9/").start().forwarded
    assert (told.status, told.accepted) == (None, False)
    assert told.error == "Connection refused"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, b'{"message": "Send a token."}', "The service answered 401."),
        (404, b'{"message": "There is no webhook 7."}', "There is no webhook 7."),
        (301, b"", "The service answered 301."),
        (200, b"<html>", "That is not the API of this service."),
    ],
)
def test_what_another_try_does_not_mend_ends_it(receiver, status, body, sentence):
    """A redirect above all: the token must not go elsewhere."""
    elsewhere = {"Location": receiver.url("/elsewhere")}
    receiver.behave("/webhooks", status=status, body=body, headers=elsewhere)
    with pytest.raises(ServiceError) as ended:
        Run(receiver.url(), "http://127.0.0.1:9/").start()
    assert sentence in str(ended.value)
    assert receiver.record.total == 1


def test_what_another_try_may_mend_is_tried_again(receiver: Receiver):
    receiver.behave("/webhooks", status=200, sequence=[503, 503], body=LIST)
    with Receiver() as local:
        run = Run(receiver.url(), local.url("/"))
        run.forwarder.warned = run.complaints.append
        run.start()
    assert [told.id for told in run.forwarded] == [41]
    # Once, however often.
    assert len(run.complaints) == 1
    assert run.complaints[0].startswith("The service answered 503.")


def test_a_service_that_is_not_there_is_said_so():
    run = Run("http://127.0.0.1:9", "http://127.0.0.1:9/").start()
    assert run.complaints == ["The service does not answer: Connection refused."]


def test_a_body_that_was_removed_is_passed_over(api: Receiver):
    api.behave("/webhooks/7/data/41/body", status=404, body=b'{"message": "Gone."}')
    run = Run(api.url(), "http://127.0.0.1:9/").start()
    assert run.complaints == ["Delivery 41: The service answered 404. Gone."]
    assert run.forwarded == []
