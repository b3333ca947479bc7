"""What the console's script does, and what works without it."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.webhooks.models import Lease, Webhook
from tests.browser.conftest import NARROW
from tests.browser.watch import overflow
from tests.browser.world import fill
from tests.make import make_webhook

pytestmark = pytest.mark.django_db(transaction=True)


def cut_off() -> None:
    Lease.objects.update(
        consecutive_failures=10, timeouts=2, cut_off_at=timezone.now(), execution=9
    )


def test_the_dashboard_refreshes_itself_and_can_be_paused(open_page):
    make_webhook("https://example.org/")
    page = open_page("admin:index")
    page.clock.install()
    page.reload()
    badges = page.locator("tbody .badge")
    expect(badges).to_have_text("Nothing sent")
    cut_off()
    page.clock.run_for(4100)
    expect(badges).to_have_text("Cut off")
    expect(page.get_by_role("status")).to_have_text("Cut off: 1. Warnings: 0.")
    page.get_by_role("button", name="Pause refreshing").click()
    Lease.objects.update(cut_off_at=None)
    page.clock.run_for(20_000)
    expect(badges).to_have_text("Cut off")
    page.get_by_role("button", name="Resume refreshing").click()
    expect(badges).to_have_text("Nothing sent")


def test_what_is_open_and_focused_stays_so_when_it_refreshes(open_page):
    webhook = make_webhook("https://example.org/")
    page = open_page("admin:index")
    page.clock.install()
    page.reload()
    page.get_by_text("The same as a table").click()
    page.locator(f"#webhook-{webhook.pk}").focus()
    Webhook.objects.update(url="https://example.com/changed")
    page.clock.run_for(4100)
    expect(page.get_by_text("https://example.com/changed")).to_be_visible()
    expect(page.locator("#as-table")).to_have_attribute("open", "")
    expect(page.locator(f"#webhook-{webhook.pk}")).to_be_focused()


def test_who_is_logged_out_meanwhile_is_led_to_the_login(open_page):
    make_webhook("https://example.org/")
    page = open_page("admin:index")
    page.clock.install()
    page.reload()
    page.context.clear_cookies()
    page.clock.run_for(4100)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_the_language_is_switched_and_kept(open_page):
    fill()
    page = open_page("admin:index")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tableau de bord")
    page.get_by_role("link", name="Webhooks", exact=True).click()
    expect(page.get_by_role("button", name="Français")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")


def test_a_browser_that_prefers_french_gets_it_before_the_login(open_page):
    page = open_page("admin:login", role=None, language="fr-CA")
    expect(page.get_by_label("Mot de passe")).to_be_visible()


def test_the_theme_is_switched_and_kept(open_page):
    page = open_page("admin:records")

    def background() -> str:
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    light = background()
    page.locator(".theme-toggle").click()
    dark = background()
    assert dark != light
    page.reload()
    assert background() == dark


def test_the_menu_of_a_phone_opens(open_page):
    page = open_page("admin:index", size=NARROW)
    entry = page.get_by_role("navigation", name="Screens").get_by_text("Deliveries")
    expect(entry).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(entry).to_be_visible()
    assert overflow(page) == []


def test_the_keyboard_skips_to_the_content(open_page):
    page = open_page("admin:records")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content-start"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_rows_are_cards_on_a_phone_with_their_headings(open_page):
    fill()
    page = open_page("admin:webhooks_deliveryattempt_changelist", size=NARROW)
    cell = page.locator("#result_list tbody tr").first.locator(".field-outcome")
    expect(cell).to_have_attribute("data-label", "Outcome")
    assert (
        page.locator("#result_list tbody tr").first.evaluate(
            "row => getComputedStyle(row).display"
        )
        == "block"
    )
