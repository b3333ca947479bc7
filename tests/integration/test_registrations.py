"""The registration service, as the console and commands use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.auth_providers.models import AuthProvider
from apps.auth_providers.providers import (
    create_provider,
    delete_provider,
    update_provider,
)
from apps.webhooks.emit import emit
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.registrations import (
    Refused,
    create_webhook,
    delete_auth,
    delete_webhook,
    resolve_auth,
    restore_webhook,
    update_webhook,
)

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.com/hook"


def test_a_new_webhook_is_complete():
    webhook = create_webhook(event="USER_CREATED", url=URL)
    assert webhook.created_at is not None
    assert webhook == Webhook.objects.get()
    assert webhook.created_at == Webhook.objects.get().created_at


def test_the_other_spelling_of_payment_state_updated_is_taken():
    assert create_webhook(event="PAYMENT_STATE_UPDATE").event == "PAYMENT_STATE_UPDATED"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({}, "missingParameter", "event"),
        ({"event": "USER_FED"}, "invalidValue", "event"),
        ({"event": "USER_CREATED", "url": "https://10.0.0.1/"}, "invalidValue", "url"),
        ({"event": "USER_CREATED", "id_auth": "x"}, "invalidValue", "id_auth"),
        ({"event": "USER_CREATED", "id_user": 404}, "invalidValue", "id_user"),
        ({"event": "USER_CREATED", "deadline": 31}, "invalidValue", "deadline"),
        ({"event": "USER_CREATED", "deleted": None}, "invalidValue", "deleted"),
    ],
)
def test_a_refusal_names_code_and_field_and_says_why(fields, code, field):
    with pytest.raises(Refused, match=r"\.$") as refusal:
        create_webhook(**fields)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert refusal.value.sentence == str(refusal.value)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("http", [True, False])
def test_the_operator_may_open_networks_and_http(settings, http):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8"
    settings.WEBHOOKS_ALLOW_HTTP = http
    url = f"{'http' if http else 'https'}://127.0.0.1:8001/hook"
    assert create_webhook(event="USER_CREATED", url=url).url == url


def test_a_deletion_cancels_and_a_restoration_is_for_events_to_come():
    webhook = create_webhook(event="USER_CREATED", url=URL)
    emit("USER_CREATED", b'{"id":1}')

    deleted = delete_webhook(webhook.pk)
    emit("USER_CREATED", b'{"id":2}')
    restored = restore_webhook(webhook.pk)
    emit("USER_CREATED", b'{"id":3}')

    states = WebhookData.objects.order_by("pk").values_list("state", flat=True)
    assert deleted.deleted_at is not None
    assert restored.deleted_at is None
    assert list(states) == [WebhookData.State.CANCELLED, WebhookData.State.PENDING]


def test_what_slipped_in_during_the_deletion_is_cancelled_by_the_restoration():
    webhook = create_webhook(event="USER_CREATED", url=URL)
    delete_webhook(webhook.pk)
    WebhookData.objects.create(webhook=webhook, event_id=1, state=1)
    restore_webhook(webhook.pk)
    assert WebhookData.objects.get().state == WebhookData.State.CANCELLED


def test_a_second_deletion_keeps_the_first_date():
    webhook = create_webhook(event="USER_CREATED", url=URL)
    first = delete_webhook(webhook.pk).deleted_at
    assert delete_webhook(webhook.pk).deleted_at == first


def test_an_update_of_a_live_webhook_cancels_nothing():
    webhook = create_webhook(event="USER_CREATED", url=URL)
    emit("USER_CREATED", b"{}")
    update_webhook(webhook.pk, deleted=None, url=URL + "2")
    restore_webhook(webhook.pk)
    assert WebhookData.objects.get().state == WebhookData.State.PENDING


def test_a_date_of_deletion_may_be_a_datetime():
    webhook = create_webhook(event="USER_CREATED")
    past = datetime(2024, 1, 1, tzinfo=UTC)
    assert update_webhook(webhook.pk, deleted=past).deleted_at == past
    restore_webhook(webhook.pk)
    future = timezone.now() + timedelta(days=1)
    deleted = update_webhook(webhook.pk, deleted=future).deleted_at
    assert deleted is not None
    assert deleted < future


def test_an_id_goes_before_a_name_and_a_name_is_no_number():
    provider, shown = create_provider("hmac_signature", "mine")
    assert resolve_auth(provider.pk) == resolve_auth("mine") == provider
    assert shown == {"secret_key": provider.settings["secret_key"]}
    with pytest.raises(Refused):
        create_provider("hmac_signature", str(provider.pk))
    with pytest.raises(Refused):
        resolve_auth("None")


def test_a_provider_that_a_webhook_uses_stays():
    provider, _ = create_provider("hmac_signature", "mine")
    create_webhook(event="USER_CREATED", id_auth="mine")
    with pytest.raises(Refused, match="mine") as refusal:
        delete_auth(provider.pk)
    assert refusal.value.code == "conflict"
    assert AuthProvider.objects.exists()


def test_the_service_of_providers_leaves_one_in_use_alone():
    provider, _ = create_provider("hmac_signature", "mine")
    create_webhook(event="USER_CREATED", id_auth="mine")
    with pytest.raises(Refused, match="mine") as refusal:
        delete_provider(provider)
    assert refusal.value.code == "conflict"


def test_the_type_of_a_provider_stays():
    provider = AuthProvider.objects.create(type="oauth", name="other", config="{}")
    with pytest.raises(Refused, match="type"):
        update_provider(provider.pk, "hmac_signature", "other")
    assert AuthProvider.objects.get().type == "oauth"


DELIVERED = """
INSERT INTO webhooks_webhookdata (webhook_id, event_id, state, delivered_at)
SELECT %s, -n, 2, now() FROM generate_series(1, 5000) AS n
"""


def test_cancelling_reads_the_partial_indexes_only(django_assert_max_num_queries):
    webhook = create_webhook(event="USER_CREATED", url=URL)
    with connection.cursor() as cursor:
        # Much that is delivered, as statistics know it: of an empty table the planner
        # would take any index.
        cursor.execute(DELIVERED, [webhook.pk])
        cursor.execute("ANALYZE webhooks_webhookdata")
    with django_assert_max_num_queries(20) as captured:
        delete_webhook(webhook.pk)
    (update,) = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].startswith('UPDATE "webhooks_webhookdata"')
    ]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + update)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "webhookdata_pending" in plan
    assert "webhookdata_held" in plan
    assert "Seq Scan" not in plan
