"""The pages of one delivery: what is told, to whom, and what is done from them."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.auth_providers.signing import keyed, sign
from apps.event_log.models import Event
from apps.webhooks.emit import emit
from apps.webhooks.models import DeliveryAttempt, Replay, ReplayItem, WebhookData
from tests.make import SECRET, make_user, make_webhook

pytestmark = pytest.mark.django_db
TOKEN = "canary-of-the-token"
SEE = ("view_webhookdata",)
DO = (*SEE, "resend_webhookdata")
ALL = (*DO, "view_payload")


def client_of(*permissions: str) -> Client:
    user = User.objects.create(username="somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def refused(receiver, run_pump) -> WebhookData:
    """A delivery that a receiver, which echoes what it got, has refused."""
    make_webhook(receiver.url("/hook"), compression=True)
    receiver.behave(
        status=413,
        headers={"X-Echo": f"Bearer {TOKEN}", "Set-Cookie": "session=canary-cookie"},
        body=f"<b>too large</b> Authorization: Bearer {TOKEN}".encode(),
    )
    text = "a word of some length " * 40
    emit("CONNECTION_SYNCED", {"wording": text}, user=make_user(token=TOKEN).pk)
    run_pump()
    return WebhookData.objects.get()


def page(client: Client, name: str, data: WebhookData, **options) -> str:
    reply = client.get(reverse(f"admin:{name}", args=[data.pk]), secure=True, **options)
    assert reply.status_code == 200
    return unescape(reply.content.decode())


def part(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found[1]


def test_the_page_tells_why_when_and_how(refused):
    shown = page(client_of(*SEE), "delivery", refused)
    for told in (
        "The receiver answered 413.",
        "Turn compression on, or raise the receiver's limit.",
        "Next attempt:",
        "Waiting for the answer",
        "127.0.0.1",
        "gzip saves",
        "X-Webhook-Data-Id",
        "Content-Encoding",
        "BI-Signature-Date",
        "HMAC-SHA256 …",
        "&lt;b&gt;too large",
    ):
        assert told in shown.replace("<b>too large", "&lt;b&gt;too large"), told


def test_the_page_tells_no_secret_and_runs_nothing(refused):
    client = client_of(*ALL)
    raw = client.get(reverse("admin:delivery", args=[refused.pk]), secure=True).content
    assert b"<b>too large" not in raw
    for canary in (TOKEN, SECRET, "canary-cookie", "a word of some length"):
        assert canary.encode() not in raw


def test_a_payload_is_for_who_may_read_it_and_reading_it_is_recorded(refused):
    url = reverse("admin:payload", args=[refused.pk])
    assert client_of(*DO).post(url, secure=True).status_code == 403
    User.objects.all().delete()
    client = client_of(*ALL)
    assert "a word of some length" not in page(client, "payload", refused)
    assert not AuditEntry.objects.filter(action=Action.DELIVERY_READ).exists()
    shown = unescape(client.post(url, secure=True).content.decode())
    assert "a word of some length" in shown
    assert f'"id_webhook_data": {refused.pk}' in re.sub(r"<[^>]+>", "", shown)
    entry = AuditEntry.objects.get(action=Action.DELIVERY_READ)
    assert entry.target_id == refused.pk
    assert entry.actor_id == User.objects.get().pk


def test_the_whole_payload_is_a_file_to_the_byte(refused, receiver):
    url = reverse("admin:payload", args=[refused.pk])
    reply = client_of(*ALL).post(url, {"download": ""}, secure=True)
    assert reply.content == receiver.record.deliveries()[0].body
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_what_was_purged_is_said_to_be(refused):
    Event.objects.update(payload=None, body_removed_at=timezone.now())
    url = reverse("admin:payload", args=[refused.pk])
    client = client_of(*ALL)
    shown = client.post(url, secure=True).content.decode()
    said = "The body was purged on"
    assert said in shown
    assert said in page(client, "delivery", refused)
    DeliveryAttempt.objects.all().delete()
    shown = page(client, "delivery", refused)
    assert "They were purged for their age." in shown
    assert bytes(Event.objects.get().payload_sha256).hex() in shown


def test_sending_again_is_asked_and_then_done_as_by_the_api(refused):
    url = reverse("admin:resend", args=[refused.pk])
    assert client_of(*SEE).post(url, secure=True).status_code == 403
    User.objects.all().delete()
    client = client_of(*DO)
    assert "under a new date and signature" in page(client, "resend", refused)
    assert not Replay.objects.exists()
    reply = client.post(url, secure=True, follow=True)
    assert "It is being sent again" in reply.content.decode()
    assert Replay.objects.get().actor == "console:somebody"
    assert ReplayItem.objects.get().webhook_data_id == refused.pk
    Event.objects.update(payload=None, body_removed_at=timezone.now())
    reply = client.post(url, secure=True, follow=True)
    assert "The body was purged on" in reply.content.decode()


def test_the_command_is_signed_anew_and_holds_neither_secret_nor_token(refused):
    url = reverse("admin:curl", args=[refused.pk])
    client = client_of(*ALL)
    assert "BI-Signature" not in page(client, "curl", refused)
    shown = unescape(client.post(url, secure=True).content.decode())
    assert SECRET not in shown
    assert TOKEN not in shown
    date = part(r"BI-Signature-Date: (\S+Z)", shown)
    signature = part(r"BI-Signature: ([^'\s]+)", shown)
    body = part(r"(?s)--data-binary '(.*?)'", shown).encode()
    assert json.loads(body)["id_webhook_data"] == refused.pk
    assert signature == sign(
        keyed(SECRET), method="POST", path="/hook", date=date, payload=body
    )
    assert "X-Webhook-Test" not in shown


def test_who_may_not_read_payloads_gets_no_command(refused):
    client = client_of(*DO)
    url = reverse("admin:curl", args=[refused.pk])
    assert client.post(url, secure=True).status_code == 403
    assert "which your role may not read" in page(client, "curl", refused)


def test_an_id_leads_to_what_has_it(refused):
    client = client_of(*SEE)
    url = reverse("admin:deliveries")
    WebhookData.objects.filter(pk=refused.pk).update(id=700_001)
    DeliveryAttempt.objects.update(webhook_data_id=700_001)
    reply = client.get(f"{url}?q=700001", secure=True)
    assert reply.headers["Location"] == reverse("admin:delivery", args=[700_001])
    reply = client.get(f"{url}?q={refused.event_id}", secure=True)
    found = reply.headers.get("Location", "") + reply.content.decode()
    assert f"of_event={refused.event_id}" in found
    for nothing in ("9" * 40, "-1", "text", "800000"):
        reply = client.get(f"{url}?q={nothing}", secure=True)
        assert "Nothing has the id" in reply.content.decode()


def test_a_filter_that_is_not_one_is_said_and_restricts_nothing(refused):
    client = client_of(*SEE)
    url = reverse("admin:deliveries")
    reply = client.get(f"{url}?state=odd&webhook=-3&before=x&since=never", secure=True)
    assert reply.status_code == 200
    assert reply.context["form"].errors.keys() == {"state", "webhook", "since"}
    assert len(reply.context["found"].rows) == 1


def test_a_list_costs_few_queries_however_long_it_is(
    refused, django_assert_max_num_queries
):
    for _ in range(30):
        emit("CONNECTION_SYNCED", b"{}")
    client = client_of(*SEE)
    with django_assert_max_num_queries(9) as queries:
        client.get(reverse("admin:deliveries"), secure=True)
    assert not [each for each in queries if "count(*)" in each["sql"].lower()]


def test_who_may_not_see_deliveries_sees_none(refused):
    client = client_of("view_webhook")
    for name, arguments in (("deliveries", []), ("delivery", [refused.pk])):
        url = reverse(f"admin:{name}", args=arguments)
        assert client.get(url, secure=True).status_code == 403
