"""MkDocs' side: pages from where they are in the project, and links between them.

The README is the first page, the pages of deploy/ are among the guides, and the
reference is written as the site is built. A link to a file that is no page of the site
keeps its text alone.
"""

from __future__ import annotations

import logging
import os
import posixpath
import re
import sys
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402

django.setup()

from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402

from tests.site.reference import pages  # noqa: E402

# Of the project, and where they are in the site.
BROUGHT: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
}
TUTORIAL: Final = ("tutorial.md",)
GUIDES: Final = ("api.md", "signing.md", "receivers/README.md", "django.md")
REFERENCE: Final = (
    "reference/operations.md",
    "reference/settings.md",
    "reference/commands.md",
    "reference/metrics.md",
    "licences.md",
)
_LINK: Final = re.compile(
    r"(?<!!)\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)"
)


def brought() -> dict[str, str]:
    """Files of the project, by where they are in the site."""
    found = {site: name for name, site in BROUGHT.items() if (PROJECT / name).exists()}
    for path in sorted((PROJECT / "deploy").glob("*.md")):
        found[f"deploy/{path.name}"] = f"deploy/{path.name}"
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation: what nobody has put elsewhere is an explanation."""
    docs = Path(config.docs_dir)
    here = sorted(str(path.relative_to(docs)) for path in docs.rglob("*.md"))
    deploy = sorted(site for site in brought() if site.startswith("deploy/"))
    placed = {*TUTORIAL, *GUIDES, *REFERENCE}
    decisions = [page for page in here if page.startswith("adr/")]
    others = [page for page in here if page not in placed]
    config.nav = [
        {"Overview": "index.md"},
        *TUTORIAL,
        {"How to": [*GUIDES, *deploy]},
        {"Reference": list(REFERENCE)},
        {"Explanation": [page for page in others if page not in decisions]},
        {"Decisions": decisions},
        {"Project": [site for site in BROUGHT.values() if site in brought()][1:]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in what is not below docs/."""
    for site, name in brought().items():
        text = (PROJECT / name).read_text()
        files.append(File.generated(config, site, content=text))
    for site, text in pages().items():
        files.append(File.generated(config, site, content=text))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files, **_: Any
) -> str:
    """Have links lead to pages of the site, or be no links."""
    place = page.file.src_uri
    if place.startswith("reference/"):
        return markdown
    source = brought().get(place, f"docs/{place}")
    sites = {name: site for site, name in brought().items()}

    def lead(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        name = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        site = sites.get(name, name.removeprefix("docs/"))
        if name == ".env.example":
            site = "reference/settings.md"
        if not (name.startswith("docs/") or name in sites or name == ".env.example"):
            return text
        if files.get_file_from_path(site) is None:
            return text
        start = posixpath.dirname(place) or "."
        return f"[{text}]({posixpath.relpath(site, start)}{anchor})"

    return _LINK.sub(lead, markdown)


logging.getLogger("mkdocs.structure.files").setLevel(logging.ERROR)
