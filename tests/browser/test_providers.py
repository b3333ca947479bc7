"""The story of a secret: made, taken away, rotated, and never seen again."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Error, expect

from apps.auth_providers.models import AuthProvider
from tests.browser.pages import faults

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_secret_is_shown_once_taken_away_and_rotated(open_page, server):
    page = open_page("admin:providers")
    found = faults(page, "no provider yet")
    page.set_viewport_size({"width": 1360, "height": 900})
    page.get_by_role("link", name="New auth provider").first.click()
    page.get_by_role("link", name="OAuth 2.0").click()
    expect(page.get_by_label("Token endpoint")).to_be_visible()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    found += faults(page, "what is wrong")
    page.get_by_role("link", name="HMAC signature").click()
    page.get_by_label("Name").fill('<img src=x onerror="alert(1)">')
    page.get_by_role("button", name="Create").click()

    provider = AuthProvider.objects.get()
    secret = provider.settings["secret_key"]
    expect(page.locator("#secret")).to_have_text(secret)
    found += faults(page, "the secret")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download").click()
    assert Path(downloaded.value.path()).read_text() == f"{secret}\n"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(provider.name)
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    page.wait_for_url("chrome-error://**")
    assert secret not in page.content()

    page.goto(f"{server}{reverse('admin:provider_rotate', args=[provider.pk])}")
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.locator("#secret")).not_to_have_text(secret)
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_text("receivers have to accept either")).to_be_visible()
    found += faults(page, "a rotation is due")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("is deleted.")).to_be_visible()
    assert found == []
