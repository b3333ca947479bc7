"""What an operator stops and lets go on: a webhook, and a replay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from apps.webhooks.emit import emit
from apps.webhooks.models import Replay, Webhook
from tests.browser.pages import looked_at
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(webhook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_change", args=[webhook.pk])


def test_a_webhook_is_paused_with_a_note_and_an_end_and_resumed(
    open_page, receiver, run_pump
):
    webhook = make_webhook(receiver.url("/hook"))
    page = open_page(page_of(webhook), role="Operator")
    page.get_by_role("link", name="Pause", exact=True).click()
    found = looked_at(page, "pausing")
    page.get_by_label("Until (UTC)").fill("2020-01-01T00:00")
    page.get_by_label("Note").fill("Moving house <b>")
    page.get_by_role("button", name="Pause it").click()
    expect(page.locator(".errorlist, .errornote").first).to_be_visible()
    found += looked_at(page, "an end in the past")
    end = timezone.now() + timedelta(days=2)
    page.get_by_label("Until (UTC)").fill(f"{end:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Pause it").click()
    expect(page.locator(".messagelist")).to_contain_text("its data is kept")
    expect(page.get_by_text("Moving house <b>").first).to_be_visible()
    found += looked_at(page, "a paused webhook")

    emit("CONNECTION_SYNCED", {}, user=make_user().pk)
    run_pump()
    assert receiver.record.total == 0
    page.get_by_role("link", name="Resume", exact=True).click()
    expect(page.get_by_text("Moving house <b>")).to_be_visible()
    found += looked_at(page, "resuming")
    page.get_by_role("button", name="Resume it").click()
    expect(page.locator(".messagelist")).to_contain_text("The webhook is resumed.")
    run_pump()
    assert receiver.record.total == 1
    assert found == []


def test_a_replay_is_planned_begun_watched_paused_and_stopped(
    open_page, receiver, run_pump, take_turn
):
    receiver.behave(status=503)
    webhook = make_webhook(receiver.url("/hook"))
    person = make_user()
    for _ in range(3):
        emit("CONNECTION_SYNCED", {}, user=person.pk)
    run_pump()
    failed = receiver.record.total
    receiver.behave()
    page = open_page(page_of(webhook), role="Operator")
    page.clock.install()
    page.get_by_role("link", name="Recover failed since…").click()
    page.get_by_label("Requests a second, at most").fill("1")
    page.get_by_label("Reason").fill("They were down")
    page.get_by_role("button", name="Count them first").click()
    expect(page.get_by_text("Send 3 deliveries again?")).to_be_visible()
    assert not Replay.objects.exists()
    found = looked_at(page, "a plan")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".fate")).to_contain_text("0 of 3 tried")
    found += looked_at(page, "a replay")

    page.get_by_role("link", name="Pause the replay").click()
    page.get_by_role("button", name="Pause the replay").click()
    expect(page.locator(".fate")).to_contain_text("Paused")
    found += looked_at(page, "a paused replay")
    page.get_by_role("link", name="Resume the replay").click()
    page.get_by_role("button", name="Resume the replay").click()
    take_turn(lambda: receiver.record.total > failed)
    page.clock.run_for(4100)
    expect(page.locator(".fate")).to_contain_text("1 of 3 tried")

    page.get_by_role("link", name="Stop the replay").click()
    page.get_by_role("button", name="Stop the replay").click()
    expect(page.locator(".messagelist")).to_contain_text("The replay is stopped.")
    expect(page.locator(".stat", has_text="Cancelled")).to_contain_text("2")
    found += looked_at(page, "a stopped replay")
    replay = Replay.objects.get()
    assert (replay.delivered, replay.cancelled) == (1, 2)
    assert (replay.actor, replay.reason) == ("console:operator", "They were down")
    assert receiver.record.total == failed + 1
    assert found == []
