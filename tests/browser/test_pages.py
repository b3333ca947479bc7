"""Every page of the console: accessible in light and dark, no wider than a phone.

That the policy is not violated and no other host is asked, `open_page` sees to.
"""

from __future__ import annotations

import pytest

from tests.browser.pages import faults, forms, lists, of_rows, own
from tests.browser.world import fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", [own, of_rows, lists, forms])
def test_every_page_is_accessible_and_fits(open_page, server, kind):
    fill()
    page = open_page("admin:index", role="superuser")
    found = []
    for path in kind():
        reply = page.goto(server + path)
        if reply.status == 403 and path.endswith("/add/"):
            continue
        assert reply.status == 200, path
        found += faults(page, path)
    assert found == []


@pytest.mark.parametrize("role", [None, "nobody"])
def test_so_are_the_login_and_what_who_may_nothing_sees(open_page, role):
    assert faults(open_page("admin:index", role=role), "index") == []


def test_so_are_the_first_steps_and_refusals(open_page, server):
    page = open_page("admin:index")
    assert page.locator(".first-steps li").count() == 3
    found = faults(page, "first steps")
    page = open_page("admin:webhooks_webhook_add", role="Viewer")
    found += faults(page, "forbidden")
    assert found == []
