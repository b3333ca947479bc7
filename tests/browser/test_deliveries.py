"""A delivery failed: why, what was sent, and sending it again; a webhook's own life."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.audit.models import AuditEntry
from apps.webhooks.emit import emit
from apps.webhooks.models import Replay, Webhook, WebhookData
from tests.browser.pages import looked_at
from tests.make import SECRET, make_user, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
# Whatever of it runs is refused by the policy, and noted by the page's `Watch`.
CANARY = "<img src=x onerror=canary()><script>canary()</script>"
TOKEN = "canary-of-the-token"


def test_a_failed_delivery_is_found_explained_and_sent_again(
    open_page, receiver, run_pump, take_turn
):
    receiver.behave(status=401, headers={"X-Canary": CANARY}, body=CANARY.encode())
    webhook = make_webhook(receiver.url("/hook?a='><script>canary()</script>"))
    emit("CONNECTION_SYNCED", {"note": CANARY}, user=make_user(token=TOKEN).pk)
    run_pump()
    page = open_page("admin:index")
    page.clock.install()
    page.get_by_role("link", name="See these deliveries").click()
    expect(page.locator(".chip")).to_contain_text("401")
    found = looked_at(page, "a list with a filter")
    page.get_by_role("link", name="CONNECTION_SYNCED").click()
    expect(page.locator(".fate")).to_contain_text("The receiver answered 401.")
    expect(page.locator(".fate")).to_contain_text("Next attempt:")
    expect(page.locator(".attempt pre.body")).to_contain_text(CANARY)
    page.get_by_text("Request headers").click()
    expect(page.locator(".attempt .headers").first).to_contain_text("HMAC-SHA256 …")
    found += looked_at(page, "a delivery")

    page.get_by_role("link", name="See the payload").click()
    page.get_by_role("button", name="Show the payload").click()
    expect(page.locator("pre.body")).to_contain_text(CANARY)
    found += looked_at(page, "a payload")
    page.go_back()
    page.go_back()
    page.get_by_role("link", name="Copy as cURL").click()
    page.get_by_role("button", name="Make the command").click()
    expect(page.locator("#command")).to_contain_text("BI-Signature: ")
    assert SECRET not in page.content()
    found += looked_at(page, "a command")
    assert AuditEntry.objects.filter(action="delivery.read").count() == 2

    receiver.behave()
    data = WebhookData.objects.get()
    page.goto(page.url.replace("/curl/", "/"))
    page.get_by_role("link", name="Send again").click()
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".messagelist")).to_contain_text("It is being sent again")
    take_turn()
    page.clock.run_for(4100)
    expect(page.locator(".fate .badge-good")).to_contain_text("Delivered")
    assert [each.id for each in receiver.record.deliveries(0)] == [data.pk, data.pk]
    page.locator("a#webhook").click()
    expect(page.locator("h1")).to_contain_text(f"CONNECTION_SYNCED #{webhook.pk}")
    assert page.get_by_role("link", name="Send a test").count() == 1
    assert found == []


def test_a_webhook_is_made_watched_recovered_and_disabled(
    open_page, server, receiver, run_pump, take_turn
):
    page = open_page("admin:webhooks_webhook_changelist")
    page.clock.install()
    page.get_by_role("link", name="New webhook").first.click()
    page.get_by_label("URL").fill("https://10.0.0.1/hook")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".field-wrong .errorlist")).to_have_text(
        "The address of this URL may not be called."
    )
    found = looked_at(page, "a form that is refused")
    page.get_by_label("URL").fill("https://hooks.acme.example/hook")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".messagelist")).to_contain_text("send it a test")
    # Where the test's receiver is may not be typed.
    Webhook.objects.update(url=receiver.url("/hook"))
    receiver.behave(status=503)
    emit("CONNECTION_SYNCED", b"{}", user=make_user().pk)
    run_pump()
    page.clock.run_for(4100)
    expect(page.locator(".failures")).to_contain_text("The receiver answered 503.")
    expect(page.locator(".deliveries")).to_contain_text("Retrying")

    page.get_by_role("link", name="Flush now").click()
    page.get_by_role("button", name="Flush now").click()
    expect(page.locator(".messagelist")).to_contain_text("sent again now")
    page.get_by_role("link", name="Recover failed since…").click()
    page.get_by_role("button", name="Count them first").click()
    expect(page.locator(".plan")).to_contain_text("Send 1 delivery again?")
    found += looked_at(page, "a plan")
    assert not Replay.objects.exists()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".fate")).to_contain_text("0 of 1 tried")
    receiver.behave()
    take_turn()
    page.clock.run_for(4100)
    expect(page.locator(".fate .badge-good")).to_contain_text("Done")
    page.goto(server + reverse("admin:webhooks_webhook_changelist"))
    page.get_by_role("link", name="CONNECTION_SYNCED").click()
    page.get_by_role("link", name="Disable").click()
    page.get_by_role("button", name="Disable it").click()
    expect(page.locator(".fate")).to_contain_text("It is told of nothing.")
    found += looked_at(page, "a disabled webhook")
    page.get_by_role("link", name="Enable").click()
    page.get_by_role("button", name="Enable it").click()
    expect(page.locator(".messagelist")).to_contain_text("The webhook is enabled.")
    assert found == []
