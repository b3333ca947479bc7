"""The documentation's site: everything is in it, and nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deployment import settings_names
from tests.site import reference
from tests.unit.test_deploy_monitoring import ALERTS, KNOWN

PROJECT = Path(__file__).resolve().parents[2]
LOADED = re.compile(r"<(?:script|link|img)[^>]*(?:src|href)=\"?([^\s\">]+)")
COMMANDS = sorted(PROJECT.glob("apps/*/management/commands/[a-z]*.py"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it; a warning fails."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return folder


def test_every_document_is_a_page(site):
    assert (site / "index.html").read_text().count("make demo") >= 1
    for document in (*PROJECT.glob("docs/**/*.md"), *PROJECT.glob("deploy/*.md")):
        name = document.relative_to(PROJECT).with_suffix(".html")
        page = Path(str(name).removeprefix("docs/"))
        if page.name == "README.html" and "deploy" not in page.parts:
            page = page.with_name("index.html")
        found = site / page
        assert found.exists() or found.with_name("index.html").exists(), document


def test_a_page_needs_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        loaded = re.findall(
            r"<(?:script|link|img)[^>]*(?:src|href)=\"?([^\s\">]+)", text
        )
        far = [each for each in loaded if each.startswith(("http", "//"))]
        assert far == [], page


def test_no_link_of_a_page_leads_nowhere(site):
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        links = re.findall(r"<a [^>]*href=\"?([^\s\">#]+)", page.read_text())
        inner = [each for each in links if not re.match(r"\w+:", each)]
        missing = [each for each in inner if not (page.parent / each).exists()]
        assert missing == [], page


def test_every_setting_is_in_the_reference():
    page = reference.settings()
    names = settings_names()
    assert {name for name in names if f"| `{name}` |" not in page} == set()
    assert page.count("| required |") >= 4


def test_every_command_is_in_the_reference():
    page = reference.commands()
    assert {path.stem for path in COMMANDS if f"## {path.stem}\n" not in page} == set()
    assert "`--way-out` URL" in page


def test_every_operation_is_in_the_reference():
    page = reference.operations()
    document = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text())
    for path, item in document["paths"].items():
        for method in item.keys() & set(reference.METHODS):
            assert f"| `{method.upper()} {path}` |" in page


def test_every_figure_and_every_alert_is_in_the_reference():
    page = reference.metrics()
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    parts = re.compile("_(bucket|sum|count)$")
    assert {parts.sub("", name) for name in KNOWN} <= told
    assert {alert["alert"] for alert in ALERTS} <= told


def test_the_readme_begins_with_what_it_is_a_picture_two_commands_and_the_path():
    lines = (PROJECT / "README.md").read_text().splitlines()
    first = "\n".join(lines[:45])
    assert lines[2].startswith("Bankhooks tells other systems over HTTP")
    assert "PostgreSQL: rows, the truth" in first
    assert "$ make demo\n$ make test" in first
    (path,) = [i for i, line in enumerate(lines) if line.startswith("## The path")]
    end = lines.index("```", path + 3)
    assert path < 45
    assert end - path < 40
