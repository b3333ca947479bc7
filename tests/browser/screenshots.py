"""Pictures of every page, to be looked at: `make screenshots`, into screenshots/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page

from tests.authenticator import digits
from tests.browser.conftest import NARROW, WIDE
from tests.browser.pages import pages
from tests.browser.world import fill

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = Path(__file__).resolve().parents[2] / "screenshots"


@pytest.mark.parametrize(
    ("kind", "looks"),
    [
        ("light", {}),
        ("dark", {"dark": True}),
        ("phone", {"size": NARROW}),
        ("french", {"language": "fr"}),
    ],
)
def test_pictures(open_page, server, kind, looks):
    page = open_page("admin:login", role=None, **looks)
    page.screenshot(path=FOLDER / kind / "login.png", full_page=True)
    page = open_page("admin:index", **looks)
    page.screenshot(path=FOLDER / kind / "first-steps.png", full_page=True)
    fill()
    for path in pages():
        reply = page.goto(server + path)
        name = re.sub(r"/\d+/$", "/one/", path)
        name = re.sub(r"/\d+(?=/)", "", name).removeprefix("/admin/").replace("/", "-")
        # As high as the page: what sticks to the window's edge is then at its own.
        height = page.evaluate("document.documentElement.scrollHeight")
        width = looks.get("size", WIDE)[0]
        page.set_viewport_size({"width": width, "height": max(height, 740)})
        if reply.status == 200:
            page.screenshot(
                path=FOLDER / kind / f"{name.strip('-') or 'dashboard'}.png"
            )
        page.set_viewport_size({"width": width, "height": 740})
    _second_factor(page, server, FOLDER / kind)


def _second_factor(page: Page, server: str, folder: Path) -> None:
    """From none to new codes: pages that depend on what was done before."""
    page.goto(server + reverse("admin:two_factor"))
    page.locator("#set-up [type=submit]").click()
    page.screenshot(path=folder / "two-factor-key.png", full_page=True)
    page.locator("#id_code").fill(digits(User.objects.get(username="administrator")))
    page.locator("#asking [type=submit]").click()
    page.screenshot(path=folder / "two-factor-recovery-codes.png", full_page=True)
    for where in ("two_factor", "two_factor_codes", "two_factor_remove"):
        page.goto(server + reverse(f"admin:{where}"))
        name = where.replace("_", "-").replace("two-factor", "two-factor-on", 1)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
