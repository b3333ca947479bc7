"""The documentation: its code runs, what it names exists."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.make import SECRET
from tests.unit.test_signing import VECTORS

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *sorted(PROJECT.glob("*.md")),
    *sorted(PROJECT.glob("docs/**/*.md")),
    *sorted(PROJECT.glob("deploy/**/*.md")),
]
DECISIONS = sorted(PROJECT.glob("docs/adr/*.md"))
SIGNING = (PROJECT / "docs" / "signing.md").read_text(encoding="utf-8")

PATH, DATE, PAYLOAD, SIGNATURE = VECTORS[0]


def code_block(text: str, language: str) -> str:
    """The only block of this language in a document."""
    (block,) = re.findall(
        rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    return str(block)


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    """The function of docs/signing.md, with the secret of the vectors."""
    names: dict[str, Any] = {}
    exec(compile(code_block(SIGNING, "python"), "signing.md", "exec"), names)

    def check(**changes: Any) -> bool:
        arguments: dict[str, Any] = {
            "secret": SECRET,
            "method": "POST",
            "path": PATH,
            "headers": {"bi-signature-date": DATE, "bi-signature": SIGNATURE},
            "body": PAYLOAD.encode(),
            "now": datetime.fromisoformat(DATE),
        }
        return bool(names["is_genuine"](**(arguments | changes)))

    return check


@pytest.mark.parametrize(("path", "date", "payload", "signature"), VECTORS)
def test_the_documented_verification_accepts_the_vectors(
    is_genuine, path, date, payload, signature
):
    assert is_genuine(
        path=path,
        headers={"bi-signature-date": date, "bi-signature": signature},
        body=payload.encode(),
        now=datetime.fromisoformat(date),
    )


def test_the_documented_verification_unpacks_gzip(is_genuine):
    headers = {
        "bi-signature-date": DATE,
        "bi-signature": SIGNATURE,
        "content-encoding": "gzip",
    }
    assert is_genuine(headers=headers, body=gzip.compress(PAYLOAD.encode()))
    assert not is_genuine(headers=headers)


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "another"},
        {"method": "PUT"},
        {"path": PATH + "/"},
        {"body": PAYLOAD.encode().replace(b" ", b"")},
        {"headers": {}},
        {"headers": {"bi-signature-date": DATE}},
        {"headers": {"bi-signature-date": DATE, "bi-signature": "é"}},
        {"headers": {"bi-signature-date": "now", "bi-signature": SIGNATURE}},
        {"now": datetime.fromisoformat(DATE) + timedelta(minutes=5, seconds=1)},
        {"now": datetime(1970, 1, 1, tzinfo=UTC)},
    ],
)
def test_the_documented_verification_refuses_what_differs(is_genuine, changes):
    assert not is_genuine(**changes)


def test_the_documented_vectors_are_the_tested_ones():
    rows = re.findall(r"^\| `(/.*?)` \| `(.*?)` \| (.*?) \| `(.*?)` \|$", SIGNING, re.M)
    told = [
        (path, date, "" if payload == "(empty)" else payload.strip("`"), signature)
        for path, date, payload, signature in rows
    ]
    assert told == VECTORS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_links_to_what_exists(document):
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [each for each in targets if not (document.parent / each).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_files_that_exist(document):
    """Paths are written from the root of the project, in backticks."""
    text = document.read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:apps|benchmarks|deploy|docs|tests|webhooks_project)/[\w./-]+)`", text
    )
    assert [each for each in named if not (PROJECT / each).exists()] == []


def test_promises_of_security_are_shown_by_tests_that_exist():
    text = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    there = "".join(path.read_text("utf-8") for path in PROJECT.glob("tests/**/*.py"))
    named = re.findall(r"`(test_\w+)`", text)
    assert named
    assert [each for each in named if f"def {each}(" not in there] == []


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.name)
def test_a_decision_is_short_and_has_its_three_parts(decision):
    lines = decision.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30
    assert lines[0].startswith(f"# {int(decision.name[:4])}. ")
    parts = [line for line in lines if line.startswith("## ")]
    assert parts == ["## Context", "## Decision", "## Consequences"]
