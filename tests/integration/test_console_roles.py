"""Who may do what in the console: three roles, and none."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.webhooks.console.screens import SCREENS
from apps.webhooks.models import Lease, Webhook
from tests.make import make_webhook
from tests.roles import seed_roles

pytestmark = pytest.mark.django_db
ROLES = ("Viewer", "Operator", "Administrator")


@pytest.fixture(autouse=True)
def _roles() -> None:
    """A test that truncates the tables takes them away."""
    seed_roles()


def client_of(role: str | None) -> Client:
    user = User.objects.create(username=role or "nobody", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def permissions_of(role: str) -> set[str]:
    return set(
        Permission.objects.filter(group__name=role).values_list("codename", flat=True)
    )


def test_each_role_may_what_the_one_before_may_and_more():
    viewer, operator, administrator = map(permissions_of, ROLES)
    assert viewer < operator < administrator
    assert all(codename.startswith("view_") for codename in viewer)
    assert operator - viewer == {
        "flush_webhook",
        "test_webhook",
        "pause_webhook",
        "restore_webhook",
        "resend_webhookdata",
        "add_replay",
        "change_replay",
    }


def test_payloads_are_for_administrators_alone():
    assert [role for role in ROLES if "view_payload" in permissions_of(role)] == [
        "Administrator"
    ]


def test_seeding_again_changes_nothing_and_takes_nothing_away():
    before = {role: permissions_of(role) for role in ROLES}
    extra = Permission.objects.get(codename="view_payload")
    Group.objects.get(name="Viewer").permissions.add(extra)
    seed_roles()
    before["Viewer"].add("view_payload")
    assert {role: permissions_of(role) for role in ROLES} == before
    assert Permission.objects.filter(codename="view_payload").count() == 1


@pytest.mark.parametrize(
    ("role", "flush", "restore", "register"),
    [
        (None, False, False, False),
        ("Viewer", False, False, False),
        ("Operator", True, True, False),
        ("Administrator", True, True, True),
    ],
)
def test_what_a_role_may_do_to_webhooks(role, flush, restore, register):
    live, gone = make_webhook("https://a.example/"), make_webhook("https://b.example/")
    Webhook.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    client = client_of(role)
    for action, chosen in (("flush", live), ("enable", gone)):
        url = reverse(f"admin:webhook_{action}", args=[chosen.pk])
        client.post(url, secure=True)
    form = {"event": "USER_CREATED", "url": "https://c.example/", "compression": ""}
    client.post(reverse("admin:webhooks_webhook_add"), form, secure=True)
    assert (Lease.objects.get(webhook=live).flushed_execution != -1) is flush
    assert (Webhook.objects.get(pk=gone.pk).deleted_at is None) is restore
    assert Webhook.objects.filter(url="https://c.example/").exists() is register


@pytest.mark.parametrize("role", [None, *ROLES])
def test_the_navigation_leads_nowhere_that_is_forbidden(role):
    client = client_of(role)
    page = client.get(reverse("admin:index"), secure=True)
    entries = [each for part in page.context["sections"] for each in part.entries]
    for entry in entries:
        assert client.get(entry.url, secure=True).status_code == 200
    if role == "Administrator":
        assert len(entries) == len(SCREENS)
    if role is None:
        assert [entry.icon for entry in entries] == [
            "gauge",
            "book",
            "shield",
            "table",
        ]
        assert "no role yet" in page.content.decode()


def test_who_may_not_see_webhooks_is_told_nothing_of_them():
    make_webhook("https://hidden.example/")
    page = client_of(None).get(reverse("admin:index"), secure=True)
    assert b"hidden.example" not in page.content
