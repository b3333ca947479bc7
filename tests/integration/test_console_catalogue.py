"""The catalogue of events in the console, and a test delivery to a webhook."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.models import DeliveryAttempt, Webhook, WebhookData
from tests.make import SECRET, make_webhook
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


def test_what_cannot_be_sent_says_so():
    webhook = make_webhook("https://example.org/a")
    Webhook.objects.filter(pk=webhook.pk).update(url=None)
    url = reverse("admin:test_webhook", args=[webhook.pk])
    page = client_of_role("Operator").post(url, secure=True).content.decode()
    assert "The webhook has no URL yet." in page
