"""A real browser on a real server: what the tests of pages use.

    server       where the site is
    open_page    opens a page as somebody: open_page("admin:index", role="Viewer")
    browser      Chromium itself

Every page that is opened is watched: what violates the content security policy, asks
another host or fails in a script fails the test.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.watch import Watch
from tests.roles import seed_roles

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, NARROW = (1360, 900), (360, 740)
# The browser's driver runs an event loop in this thread, whose turn it is not while a
# test talks to the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def chromium() -> str | None:
    """Where the browser is; CHROMIUM names another one."""
    given = os.environ.get("CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser these tests cannot run; CI installs one."""
    if chromium() is None:
        reason = "NO CHROMIUM: apt-get install chromium, or set CHROMIUM to one."
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One process for all tests; pages have contexts of their own."""
    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


def plain_http() -> override_settings:
    """What the site else refuses."""
    return override_settings(
        SECURE_SSL_REDIRECT=False,
        SESSION_COOKIE_SECURE=False,
        CSRF_COOKIE_SECURE=False,
        LANGUAGE_COOKIE_SECURE=False,
        SECURE_HSTS_SECONDS=0,
        ALLOWED_HOSTS=["localhost"],
    )


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[str]:
    """One for all tests, whose middleware is made for plain HTTP."""
    with plain_http():
        thread = LiveServerThread("localhost", StaticFilesHandler)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://localhost:{thread.port}"
    thread.terminate()
    # Each has a connection to the database until the browser's own is closed.
    for each in threading.enumerate():
        if "process_request_thread" in each.name:
            each.join(5)
    connections.close_all()


@pytest.fixture
def server(site: str) -> Iterator[str]:
    """The site over plain HTTP."""
    with plain_http():
        yield site


@pytest.fixture
def roles(transactional_db: None) -> None:
    """The groups, which the test before has truncated with all tables."""
    seed_roles()


@pytest.fixture
def open_page(
    browser: Browser, server: str, roles: None
) -> Iterator[Callable[..., Page]]:
    """Open a page: a name to reverse or a path, as somebody with a role or as nobody.

    `role`: a group's name, "superuser" or None. `dark`, `size` and `language` are what
    the browser says of its user. `watch` is the page's `Watch`.
    """
    watches: list[Watch] = []

    def opened(
        where: str,
        *arguments: Any,
        role: str | None = "Administrator",
        dark: bool = False,
        size: tuple[int, int] = WIDE,
        language: str = "en",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            locale=language,
            # A colour on its way to another one has not the contrast of either.
            reduced_motion="reduce",
        )
        if role is not None:
            context.add_cookies([session(server, role)])
        watch = Watch(context, urlsplit(server).netloc)
        watches.append(watch)
        page = context.new_page()
        page.set_default_timeout(10_000)
        path = where if where.startswith("/") else reverse(where, args=arguments)
        page.goto(server + path)
        return page

    yield opened
    for watch in watches:
        watch.end()


def session(server: str, role: str) -> Any:
    """The cookie of somebody who has logged in."""
    client = Client()
    client.force_login(member(role))
    value = client.cookies["sessionid"].value
    return {"name": "sessionid", "value": value, "url": server}


def member(role: str) -> User:
    """Somebody of the staff, with this role."""
    user, is_new = User.objects.get_or_create(
        username=role.lower(), is_staff=True, is_superuser=role == "superuser"
    )
    if is_new and role not in ("superuser", "nobody"):
        user.groups.add(Group.objects.get(name=role))
    return user
