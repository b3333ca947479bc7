"""`/webhooks/{id}/data`: the list that can be followed, and bodies to the byte."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.configuration.store import change
from apps.event_log.catalogue import CATALOGUE
from apps.event_log.models import Event
from apps.event_log.user_config import change_config
from apps.webhooks.emit import emit
from apps.webhooks.models import Webhook, WebhookData
from tests.integration.api_client import ApiClient, make_client
from tests.make import SECRET, make_user, make_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> ApiClient:
    return make_client(Scope.CONFIG)


@pytest.fixture
def webhook(settings) -> Webhook:
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    return make_webhook("https://example.org/", event="PAYMENT_STATE_UPDATED")


def tell(number: int) -> list[int]:
    """So many payments; the ids of what is to be told of them."""
    for each in range(number):
        emit("PAYMENT_STATE_UPDATED", {"id": each})
    return list(WebhookData.objects.order_by("pk").values_list("pk", flat=True))


def listed(client: ApiClient, webhook: Webhook, query: str = "") -> tuple[Any, bool]:
    reply = client.call("GET", f"/webhooks/{webhook.pk}/data{query}")
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.body["webhookdata"]], reply.body["has_more"]


def test_the_newest_come_first_and_the_oldest_after_an_id(client, webhook):
    ids = tell(5)
    assert listed(client, webhook) == (ids[::-1], False)
    assert listed(client, webhook, "?limit=2") == ([ids[4], ids[3]], True)
    assert listed(client, webhook, f"?limit=2&before={ids[3]}") == (
        [ids[2], ids[1]],
        True,
    )
    assert listed(client, webhook, f"?before={ids[1]}") == ([ids[0]], False)
    assert listed(client, webhook, f"?after={ids[2]}") == (ids[3:], False)
    assert listed(client, webhook, "?after=0&limit=3") == (ids[:3], True)
    assert listed(client, webhook, f"?after={ids[0]}&before={ids[4]}") == (
        ids[1:4],
        False,
    )
    assert listed(client, webhook, f"?after={ids[4]}") == ([], False)


def test_it_can_be_followed_to_the_end(client, webhook):
    ids, position, found = tell(7), 0, []
    for _ in itertools.repeat(None, 10):
        part, has_more = listed(client, webhook, f"?after={position}&limit=3")
        found += part
        position = part[-1]
        if not has_more:
            break
    assert found == ids


def test_another_webhooks_data_is_not_in_it(client, webhook):
    other = make_webhook("https://example.org/b", event="PAYMENT_STATE_UPDATED")
    tell(1)
    mine, theirs = listed(client, webhook)[0], listed(client, other)[0]
    assert len(mine) == len(theirs) == 1
    assert mine != theirs


def test_it_is_filtered_by_state_user_and_date(client, settings):
    webhook = make_webhook("https://example.org/", event="USER_CREATED")
    users = [make_user(), make_user()]
    for user in users:
        emit("USER_CREATED", {"id": user.pk}, user=user.pk)
    first, second = WebhookData.objects.order_by("pk")
    WebhookData.objects.filter(pk=first.pk).update(
        state=WebhookData.State.DELIVERED, delivered_at=timezone.now()
    )
    assert listed(client, webhook, "?state=delivered")[0] == [first.pk]
    assert listed(client, webhook, "?state=pending")[0] == [second.pk]
    assert listed(client, webhook, "?state=held")[0] == []
    assert listed(client, webhook, f"?id_user={users[1].pk}")[0] == [second.pk]
    assert listed(client, webhook, "?max_date=2020-01-01")[0] == []
    assert len(listed(client, webhook, "?min_date=2020-01-01")[0]) == 2


@pytest.mark.parametrize(
    "query",
    ["state=odd", "after=-1", "before=x", "limit=1001", "offset=1", "min_date=soon"],
)
def test_what_is_no_filter_is_refused(client, webhook, query):
    reply = client.call("GET", f"/webhooks/{webhook.pk}/data?{query}")
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_a_row_says_what_the_contract_has_without_the_body(client, webhook):
    (data,) = tell(1)
    reply = client.call("GET", f"/2.0/webhooks/{webhook.pk}/data")
    (row,) = reply.body["webhookdata"]
    created = row.pop("created")
    assert created.endswith("Z")
    assert row == {
        "id": data,
        "id_webhook": webhook.pk,
        "id_service": None,
        "id_user": None,
        "id_resource": None,
        "event": "PAYMENT_STATE_UPDATED",
        "mimetype": "application/json; charset=utf-8",
        "size": len('{"id":0}'),
        "state": "pending",
        "attempts": 0,
        "success": None,
    }


def test_a_list_reads_no_texts_and_asks_but_once(
    client, webhook, django_assert_max_num_queries
):
    tell(4)
    listed(client, webhook)
    with django_assert_max_num_queries(4) as asked:
        listed(client, webhook)
    texts = ('"payload",', '."cfonb",', '."extra"')
    assert not [text for query in asked for text in texts if text in query["sql"]]


def body_of(client: ApiClient, webhook: Webhook, data: int) -> Any:
    path = f"/webhooks/{webhook.pk}/data/{data}/body"
    headers = {"Authorization": f"Bearer {client.token}"}
    return client.client.get(path, secure=True, headers=headers)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cfonb", [False, True])
def test_a_body_is_what_the_receiver_got_to_the_byte(
    client, receiver, run_pump, settings, cfonb
):
    change({"autosync.cfonb": "1" if cfonb else "0"}, actor="test")
    user = make_user()
    change_config(user.pk, {"agency": "Ménilmontant"})
    webhook = make_webhook(
        receiver.url("/hook"), compression=True, add_to_data={"branch": "agency"}
    )
    emit("CONNECTION_SYNCED", CATALOGUE["CONNECTION_SYNCED"].sample, user=user.pk)
    run_pump()
    (delivery,) = receiver.record.deliveries()
    reply = body_of(client, webhook, delivery.id)
    assert reply.content == delivery.body
    assert reply.headers["Content-Type"] == delivery.headers["content-type"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert ("Ménilmontant".encode() in reply.content) is not cfonb


def test_reading_a_body_is_on_record_and_shows_no_secret(client, webhook):
    (data,) = tell(1)
    reply = body_of(client, webhook, data)
    shown = f"{reply.content!r} {reply.headers}"
    assert SECRET not in shown
    assert "signature" not in shown.lower()
    (entry,) = AuditEntry.objects.filter(action=Action.DELIVERY_READ)
    assert (entry.target_id, entry.actor_kind) == (data, "token")


def test_what_is_not_there_is_not_found_and_leaves_no_row(client, webhook):
    (data,) = tell(1)
    other = make_webhook("https://example.org/b", event="USER_CREATED")
    for path in (
        f"/webhooks/{other.pk}/data/{data}/body",
        f"/webhooks/{webhook.pk}/data/{data + 1}/body",
        "/webhooks/4711/data",
    ):
        assert client.call("GET", path).status == 404
    assert not AuditEntry.objects.filter(action=Action.DELIVERY_READ).exists()
    gone = datetime(2026, 4, 8, tzinfo=UTC)
    Event.objects.update(payload=None, body_removed_at=gone)
    reply = client.call("GET", f"/webhooks/{webhook.pk}/data/{data}/body")
    assert (reply.status, reply.code) == (404, "notFound")
    said = f"The body of webhook data {data} was purged on 2026-04-08."
    assert reply.body["message"] == said


def test_another_kind_of_token_reads_nothing(webhook):
    (data,) = tell(1)
    for path in ("data", f"data/{data}/body"):
        reply = make_client(Scope.EMIT).call("GET", f"/webhooks/{webhook.pk}/{path}")
        assert reply.status == 403
