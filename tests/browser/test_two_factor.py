"""The story of a second factor: set up, asked for, lost. Its pages are of a state."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.authenticator import digits
from tests.browser.pages import looked_at

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery staple"


def type_password(page: Page) -> None:
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.locator(".account summary").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in again").click()


def test_a_second_factor_is_set_up_asked_for_and_lost(open_page, server):
    page = open_page("admin:login", role=None)
    ada = User.objects.create_user("ada", password=PASSWORD, is_staff=True)
    ada.groups.add(Group.objects.get(name="Viewer"))
    type_password(page)
    page.goto(server + reverse("admin:two_factor"))
    found = looked_at(page, "none yet")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code of the key below")).to_be_visible()
    found += looked_at(page, "the key")
    page.get_by_label("Six digits").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("These are not the digits of this key.")).to_be_visible()
    found += looked_at(page, "other digits")
    # Digits are taken once: those that were shown before leave the current ones.
    page.get_by_label("Six digits").fill(digits(ada, steps=-1))
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#secret").inner_text().split()
    assert len(codes) == 10
    found += looked_at(page, "recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Your login asks for a code")).to_be_visible()
    found += looked_at(page, "set up")

    log_out(page)
    type_password(page)
    expect(page.get_by_text("Your password is right. One thing more:")).to_be_visible()
    found += looked_at(page, "the code is asked for")
    page.get_by_label("Code").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#code-error")).to_be_visible()
    found += looked_at(page, "a wrong code")
    page.get_by_label("Code").fill(digits(ada))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")

    log_out(page)
    type_password(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    for where in ("admin:two_factor_codes", "admin:two_factor_remove"):
        page.goto(server + reverse(where))
        found += looked_at(page, where)
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Not set up")).to_be_visible()
    assert found == []
