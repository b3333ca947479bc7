"""Every page of the console: accessible in light and dark, no wider than a phone.

What others wrote is markup in all of it. That none of it ran, that the policy is not
violated, no other host asked and no error told, `open_page` sees to.
"""

from __future__ import annotations

import pytest

from apps.webhooks.models import WebhookData
from tests.browser.pages import faults, pages
from tests.browser.world import fill, telling
from tests.canaries import write_canaries

pytestmark = pytest.mark.django_db(transaction=True)


# In parts, for as many processes.
@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_page_is_accessible_and_fits(open_page, server, part):
    fill()
    write_canaries(WebhookData.objects.get(pk=telling()[WebhookData]))
    page = open_page("admin:index", role="superuser")
    found: list[str] = []
    refused: dict[int, str] = {}
    for path in pages()[part::3]:
        status = page.goto(server + path).status
        # One refusal looks like the other.
        if status == 200 or refused.setdefault(status, path) == path:
            found += faults(page, path)
    assert set(refused) <= {403, 404}
    assert found == []


@pytest.mark.parametrize("role", [None, "nobody"])
def test_so_are_the_login_and_what_who_may_nothing_sees(open_page, role):
    assert faults(open_page("admin:index", role=role), "index") == []


def test_so_are_the_first_steps(open_page):
    page = open_page("admin:index")
    assert page.locator(".first-steps li").count() == 3
    assert faults(page, "first steps") == []
