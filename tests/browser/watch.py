"""What a page must not do: it is noted while the page is open, and fails the test."""

from __future__ import annotations

from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# What another theme can change.
CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_TELL = """
addEventListener('securitypolicyviolation', (event) => noteViolation(
  `${event.effectiveDirective} refuses ${event.blockedURI} in ${event.sourceFile}`));
"""


class Watch:
    """The collectors of one context."""

    def __init__(self, context: BrowserContext, host: str) -> None:
        self.context = context
        self.host = host
        self.violations: list[str] = []
        self.strangers: list[str] = []
        self.errors: list[str] = []
        context.expose_binding("noteViolation", self._violation)
        context.add_init_script(_TELL)
        context.on("request", self._request)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", self._message)

    def end(self) -> None:
        """Close the pages; raise if there was anything."""
        self.context.close()
        assert not self.violations, self.violations
        assert not self.strangers, self.strangers
        assert not self.errors, self.errors

    def _violation(self, source: Any, text: str) -> None:
        self.violations.append(text)

    def _message(self, message: ConsoleMessage) -> None:
        """A page that is refused is told of as well, and is looked at as any other."""
        page = message.page
        is_the_page = page is not None and message.location["url"] == page.url
        if message.type == "error" and not is_the_page:
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.strangers.append(request.url)


def accessibility(page: Page, rules: dict[str, Any] = WCAG) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA, a line for each element."""
    options = {
        "runOnly": rules,
        "resultTypes": ["violations"],
        # It would copy the stylesheets into the page, which the policy refuses.
        "preload": False,
    }
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """The elements that make a page scroll sideways; empty if it does not."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) { return []; }
          return Array.from(document.querySelectorAll('body *'))
            .filter((each) => each.getBoundingClientRect().right > width + 1)
            .map((each) => each.outerHTML.slice(0, 120)).slice(0, 8);
        }"""
    )
    return found
