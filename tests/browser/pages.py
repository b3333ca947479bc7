"""The pages that there are: one that is added is among them by itself."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE
from tests.browser.watch import CONTRAST, accessibility, overflow
from tests.browser.world import telling
from tests.console_urls import urls

# Files, answers to scripts, forms that have no page, and what leads on to a page. The
# second factor's are those of a state, which test_two_factor.py brings about.
NO_PAGES: Final = {
    "deliveries_csv",
    "deliveries_ndjson",
    "jsi18n",
    "autocomplete",
    "logout",
    "set_language",
    "two_factor_setup",
    "two_factor_codes",
    "two_factor_remove",
    "login",
    "login_code",
}
SHORT: Final = "<path:object_id>/"


def pages() -> list[str]:
    """The path of every page of the console, with the rows of `fill`.

    Django's histories are one page, whatever they are of.
    """
    found = {name: path for name, path in urls(telling()) if name not in NO_PAGES}
    histories = [name for name in found if name.endswith("_history")]
    for name in [*histories[1:], *(each for each in found if each.endswith(SHORT))]:
        del found[name]
    return list(dict.fromkeys(found.values()))


def faults(page: Page, where: str) -> list[str]:
    """What is wrong with the page that is open: in light, in dark, on a phone."""
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme="light")
    found = [f"light: {fault}" for fault in accessibility(page)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {fault}" for fault in accessibility(page, rules=CONTRAST)]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    found += [f"too wide: {fault}" for fault in overflow(page)]
    return [f"{where}: {fault}" for fault in found]


def looked_at(page: Page, what: str) -> list[str]:
    """Its faults; then it is as wide as it was."""
    found = faults(page, what)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return found
