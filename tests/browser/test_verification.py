"""The story of a signature that does not fit: the code, the cause, and then it fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import faults
from tests.integration.test_console_verification import headers_for
from tests.make import SECRET, make_provider, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)
BODY = '{"id": 1,\n "name": "Crédit"}'


def test_a_receivers_author_finds_the_code_and_the_mistake(open_page):
    make_provider(secret_key="another")
    webhook = make_webhook("https://example.org/hooks/bank?tenant=7")
    page = open_page("admin:index", role="Viewer")
    page.goto(page.url + "verification/")
    expect(page.locator("#example-signature")).to_have_text(
        "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54="
    )
    page.get_by_label("For the webhook").select_option(str(webhook.pk))
    page.get_by_role("button", name="Fill in").click()
    page.get_by_role("link", name="Ruby").click()
    expect(page.locator("#source")).to_contain_text('path = "/hooks/bank"')
    found = faults(page, "code of a webhook")
    page.set_viewport_size({"width": 1360, "height": 900})
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download").click()
    assert downloaded.value.suggested_filename == "receiver.rb"
    assert SECRET not in Path(downloaded.value.path()).read_text()

    page.get_by_role("link", name="Debug a signature").click()
    expect(page.get_by_label("Webhook", exact=True)).to_have_value(str(webhook.pk))
    page.get_by_label("Headers, or the whole request").fill(
        headers_for(BODY, path="/hooks/bank?tenant=7")
    )
    page.get_by_label("Body", exact=True).fill(BODY)
    page.get_by_role("button", name="Diagnose").click()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("The query was signed with the path.")
    found += faults(page, "what is the matter")
    page.get_by_label("Headers, or the whole request").fill(
        headers_for(BODY, path="/hooks/bank")
    )
    page.get_by_role("button", name="Diagnose").click()
    expect(verdict).to_contain_text("The signature is genuine, and its date is fresh.")
    assert SECRET not in page.content()
    assert found == []
