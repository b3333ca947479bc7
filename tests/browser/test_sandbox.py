"""The specification's way to test: a user, a connection, and the callbacks, watched."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.audit.models import AuditEntry
from apps.event_log.models import EndUser
from apps.webhooks.models import WebhookData
from tests.browser.pages import looked_at
from tests.make import SECRET, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
HEARD = ("USER_CREATED", "CONNECTION_SYNCED", "CONNECTION_DELETED", "USER_DELETED")


def test_a_users_whole_life_is_played_and_watched(
    open_page, server, receiver, run_pump
):
    for event in HEARD:
        make_webhook(receiver.url(f"/{event}"), event)
    page = open_page("admin:sandbox")
    found = looked_at(page, "the sandbox")
    page.clock.install()
    page.get_by_role("button", name="Create a temporary user").click()
    expect(page.locator(".messagelist")).to_contain_text("is created.")
    expect(page.get_by_text("1 delivery is held.")).to_be_visible()

    page.get_by_role("button", name="Connect and synchronise").click()
    expect(page.locator(".messagelist")).to_contain_text("without an error")
    expect(page.get_by_text("2 deliveries are held.")).to_be_visible()
    found += looked_at(page, "a temporary user")
    run_pump()
    assert receiver.record.total == 0

    page.get_by_role("button", name="Make permanent").click()
    expect(page.get_by_text("Permanent since")).to_be_visible()
    run_pump()
    page.clock.run_for(4100)
    expect(page.locator(".told .badge-good")).to_have_count(2)
    found += looked_at(page, "a permanent user")

    page.get_by_role("link", name="Delete").last.click()
    page.get_by_role("button", name="Delete the connection").click()
    expect(page.locator(".messagelist")).to_contain_text("The connection is deleted.")
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete the user").click()
    expect(page.get_by_text("Deleted", exact=True).first).to_be_visible()
    run_pump()
    page.clock.run_for(4100)
    expect(page.locator(".told .badge-good")).to_have_count(4)

    paths = [delivery.target for delivery in receiver.record.deliveries(0)]
    assert sorted(paths) == sorted(f"/{event}" for event in HEARD)
    assert not WebhookData.objects.exclude(state=WebhookData.State.DELIVERED).exists()

    page.get_by_role("link", name="CONNECTION_SYNCED").click()
    page.get_by_role("button", name="Show the payload").click()
    expect(page.locator("pre.body")).to_contain_text('"connection"')
    found += looked_at(page, "an event")
    page.goto(server + reverse("admin:audit") + "?target=user")
    user = EndUser.objects.get()
    rows = page.locator("table.audit tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text(f"User deleted #{user.pk}")
    expect(rows.first).to_contain_text("administrator")
    assert SECRET not in page.content()
    assert AuditEntry.objects.filter(action="event.read").count() == 1
    assert found == []
