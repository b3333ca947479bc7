"""The console: what is registered, what it shows, and what it lets do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.webhooks.emit import emit
from apps.webhooks.models import WebhookData
from tests.make import SECRET, make_user, make_webhook

pytestmark = pytest.mark.django_db
TOKEN, PAYLOAD = "canary-of-the-token", "canary-of-the-payload"
MODELS = sorted(
    (model._meta.app_label, model._meta.model_name)
    for model in site._registry
    if model.__module__.startswith("apps.")
)


def client_of(*permissions: str, superuser: bool = False) -> Client:
    user = User.objects.create(
        username="operator", is_staff=True, is_superuser=superuser
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def administrator() -> Client:
    return client_of(superuser=True)


@pytest.fixture
def delivered(receiver, run_pump) -> WebhookData:
    """Something in every table."""
    make_webhook(receiver.url("/hook"))
    receiver.behave(status=500, headers={"X-Mark": "<script>canary()</script>"})
    user = make_user(token=TOKEN)
    emit("CONNECTION_SYNCED", {"a": PAYLOAD}, user=user.pk)
    run_pump()
    return WebhookData.objects.get()


def call(client: Client, url: str, data: Mapping[str, object] | None = None):
    if data is None:
        return client.get(url, secure=True)
    return client.post(url, data, secure=True, follow=True)


def list_of(label: str, name: str) -> str:
    return reverse(f"admin:{label}_{name}_changelist")


def test_every_model_that_an_operator_needs_is_there():
    names = {name for _, name in MODELS}
    assert names >= {
        "authprovider",
        "deliveryattempt",
        "enduser",
        "event",
        "flusherexecution",
        "lease",
        "webhookdata",
    }


@pytest.mark.parametrize(("label", "name"), MODELS)
def test_lists_and_pages_open_and_tell_no_secret(administrator, delivered, label, name):
    page = call(administrator, list_of(label, name))
    assert page.status_code == 200
    shown = page.content.decode()
    model = apps.get_model(label, name)
    for row in model.objects.all():
        url = reverse(f"admin:{label}_{name}_change", args=[row.pk])
        reply = call(administrator, url)
        assert reply.status_code == 200
        shown += reply.content.decode()
    for canary in (TOKEN, PAYLOAD, SECRET, "<script>canary"):
        assert canary not in shown


@pytest.mark.parametrize(
    ("label", "name"),
    [pair for pair in MODELS if pair[1] not in ("webhook", "configentry")],
)
def test_facts_are_read_only(administrator, delivered, label, name):
    model = apps.get_model(label, name)
    before = list(model.objects.values())
    for row in model.objects.all():
        url = reverse(f"admin:{label}_{name}_change", args=[row.pk])
        # A page of ours may answer, and change nothing.
        assert call(administrator, url, {}).status_code in (403, 405, 200)
    for action in ("add", "delete"):
        arguments = [] if action == "add" else [1]
        url = reverse(f"admin:{label}_{name}_{action}", args=arguments)
        assert call(administrator, url, {}).status_code in (302, 403, 404, 200, 422)
    assert list(model.objects.values()) == before


@pytest.mark.parametrize("name", ["webhookdata", "deliveryattempt"])
def test_a_longer_list_costs_no_more_queries(
    administrator, receiver, run_pump, name, django_assert_max_num_queries
):
    make_webhook(receiver.url("/"))
    for _ in range(30):
        emit("CONNECTION_SYNCED", b"{}")
    run_pump()
    with django_assert_max_num_queries(8) as queries:
        call(administrator, list_of("webhooks", name))
    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counts)


def test_a_number_is_searched_as_an_id(administrator, delivered):
    url = list_of("webhooks", "webhookdata")

    def found(term: str) -> int:
        return len(call(administrator, f"{url}?q={term}").context["cl"].result_list)

    assert found(str(delivered.pk)) == found(str(delivered.event_id)) == 1
    assert found("999999") == found("text") == found("9" * 40) == 0
