"""Writes docs/licences.md: `python -m tests.supply_chain.licences`.

What the installed packages say of themselves, of those that production installs.
"""

from __future__ import annotations

import re
from email.message import Message
from importlib.metadata import metadata
from typing import Final

from tests.supply_chain.locked import PROJECT, locked

PAGE: Final = PROJECT / "docs" / "licences.md"
# Those that let a service be run, and handed on, without its own sources.
ACCEPTED: Final = re.compile(
    r"MIT|BSD|Apache|MPL|PSF|Python Software Foundation|ISC|Unlicense|0BSD|LGPL|Zope"
    r"|Mozilla Public License|Lesser General Public License"
)
_HEAD: Final = """# Licences

Bankhooks is under the MIT licence (`LICENSE`). Production installs these packages, of
`requirements-runtime.lock`; `make licences` writes this page, and a test compares it.
psycopg2 and pycurl are linked as they come, unchanged, which is what the LGPL asks for.

| package | version | licence |
|---|---|---|
"""


def page() -> str:
    """The page as it ought to be."""
    rows = [
        f"| [{name}]({_home(name)}) | {version} | {licence_of(name)} |\n"
        for name, version in sorted(locked().items())
    ]
    return _HEAD + "".join(rows)


def licence_of(package: str) -> str:
    """An SPDX expression if there is one, or else what the classifiers say."""
    about = message(package)
    if expression := about.get("License-Expression"):
        return str(expression)
    named = [
        value.rsplit(" :: ", 1)[-1]
        for value in about.get_all("Classifier") or []
        if value.startswith("License :: ") and not value.endswith("OSI Approved")
    ]
    return "; ".join(named) or str(about.get("License") or "unknown").splitlines()[0]


def message(package: str) -> Message:
    """What a package says of itself."""
    about: object = metadata(package)
    assert isinstance(about, Message)
    return about


def _home(package: str) -> str:
    about = message(package)
    urls = dict(value.split(", ", 1) for value in about.get_all("Project-URL") or [])
    by_label = {label.lower(): url for label, url in urls.items()}
    for label in ("homepage", "home", "source", "source code", "repository", "code"):
        if label in by_label:
            return by_label[label]
    return str(about.get("Home-page") or next(iter(urls.values()), ""))


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
