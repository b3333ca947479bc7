"""The catalogue of events in the console, and a test delivery to a webhook."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.models import DeliveryAttempt, Webhook, WebhookData
from tests.make import SECRET, make_user, make_webhook
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db


def test_every_event_has_its_page():
    client = client_of_role("Viewer")
    page = client.get(reverse("admin:event_types"), secure=True).content.decode()
    for name, entry in CATALOGUE.items():
        url = reverse("admin:event_type", args=[name])
        assert url in page
        one = client.get(url, secure=True).content.decode()
        assert "id=&quot;" not in one
        assert ("CFONB 120" in one) is entry.cfonb, name
    url = reverse("admin:event_type", args=["NO_SUCH"])
    assert client.get(url, secure=True).status_code == 404


def test_the_list_counts_live_webhooks_of_each_event():
    make_webhook("https://example.org/a", event="USER_CREATED")
    make_webhook("https://example.org/b", event="USER_CREATED")
    client = client_of_role("Viewer")
    context = client.get(reverse("admin:event_types"), secure=True).context
    counted = {row.entry.name: row.webhooks for row in context["rows"]}
    assert (counted["USER_CREATED"], counted["USER_DELETED"]) == (2, 0)


def test_the_sample_is_offered_to_who_may_test():
    webhook = make_webhook("https://example.org/a")
    url = reverse("admin:event_type", args=[webhook.event])
    send = reverse("admin:test_webhook", args=[webhook.pk])
    assert send in client_of_role("Operator").get(url, secure=True).content.decode()
    viewer = client_of_role("Viewer")
    assert send not in viewer.get(url, secure=True).content.decode()
    assert viewer.get(send, secure=True).status_code == 403
    assert viewer.post(send, secure=True).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_test_is_sent_by_post_only_and_shows_what_came_of_it(receiver, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    webhook = make_webhook(receiver.url("/in"))
    url = reverse("admin:test_webhook", args=[webhook.pk])
    client = client_of_role("Operator")
    assert client.get(url, secure=True).status_code == 200
    assert receiver.record.deliveries() == []

    page = client.post(url, secure=True).content.decode()
    (delivery,) = receiver.record.deliveries()
    assert delivery.genuine
    assert "The receiver accepted it." in page
    assert SECRET not in page
    assert delivery.headers["bi-signature"] not in page
    entry = AuditEntry.objects.get(action="webhook.test")
    assert (entry.actor_kind, entry.target_id) == ("console", webhook.pk)

    receiver.behave(status=503, body=b"<script>alert(1)</script>")
    page = client.post(url, secure=True).content.decode()
    assert "The receiver answered 503." in page
    assert "<script>alert" not in page
    assert not DeliveryAttempt.objects.exists()
    assert not WebhookData.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_sample_may_be_changed_and_goes_out_as_it_was_typed(receiver, settings):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    webhook = make_webhook(receiver.url("/in"))
    url = reverse("admin:test_webhook", args=[webhook.pk])
    client = client_of_role("Operator")
    page = client.get(url, secure=True)
    assert page.context["cfonb"].startswith("01")
    assert "autosync.cfonb" in page.content.decode()
    sample = page.context["form"]["payload"].value()
    for typed in ('{"a": 1.10,\r\n "b": "é"}', sample.replace("\n", "\r\n")):
        page = client.post(url, {"payload": typed, "user": make_user().pk}, secure=True)
    own, unchanged = receiver.record.deliveries()
    assert own.body.decode() == f'{{"a": 1.10,\n "b": "é","id_webhook_data":{own.id}}}'
    assert json.loads(unchanged.body).items() >= CATALOGUE[webhook.event].sample.items()
    assert page.context["trial"].peer == "127.0.0.1"
    assert [each.name for each in page.context["phases"]][-1] == "receive"


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"payload": "{"}, "payload", "The body is not valid JSON."),
        ({"payload": "[]"}, "payload", "The payload is not a JSON object."),
        ({"user": "404"}, "user", "There is no such user."),
    ],
)
def test_a_test_that_is_refused_says_why_at_its_field(data, field, sentence):
    webhook = make_webhook("https://example.org/a")
    url = reverse("admin:test_webhook", args=[webhook.pk])
    reply = client_of_role("Operator").post(url, data, secure=True)
    assert reply.status_code == 422
    assert reply.context["form"].errors == {field: [sentence]}
    assert not AuditEntry.objects.filter(action="webhook.test").exists()


def test_what_cannot_be_sent_says_so():
    webhook = make_webhook("https://example.org/a")
    Webhook.objects.filter(pk=webhook.pk).update(url=None)
    url = reverse("admin:test_webhook", args=[webhook.pk])
    page = client_of_role("Operator").post(url, secure=True).content.decode()
    assert "The webhook has no URL yet." in page
