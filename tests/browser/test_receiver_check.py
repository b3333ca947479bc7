"""A receiver is tried out from its webhook's page, and the report can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.webhooks.receiver_check import checks
from tests.browser.pages import faults
from tests.make import make_webhook

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_report_is_shown_with_the_mend_for_each_fault(
    open_page, receiver, settings, monkeypatch
):
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8, ::1/128"
    monkeypatch.setattr(checks, "SLOW_SECONDS", 0.05)
    receiver.behave(sequence=[204, 401, 204, 409, 415, 204])
    webhook = make_webhook(f"http://localhost:{receiver.port}/bank/hook?tenant=7")
    page = open_page("admin:test_webhook", webhook.pk, role="Operator")
    page.get_by_role("link", name="Check the receiver").click()
    page.get_by_role("button", name="Check the receiver").click()
    report = page.locator("#verdict")
    expect(report.get_by_role("heading")).to_contain_text("D")
    expect(report).to_contain_text("Answer 200 to an id_webhook_data")
    assert faults(page, "the report") == []
