"""Explanations: the texts as they are committed, and the same wherever one asks.

With UPDATE_GOLDEN=1 the texts are written anew; then read the difference.
"""

from __future__ import annotations

import io
import json
import os
import re
from html import unescape
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.api_tokens.models import Scope
from apps.webhooks.explain.answer import Explanation
from apps.webhooks.explain.deliveries import explain_delivery
from apps.webhooks.explain.events import explain_event
from tests.integration.api_client import make_client
from tests.integration.explained_cases import CASES, DATA, EVENT, WEBHOOK
from tests.roles import client_of_role

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parent / "golden" / "explanations.txt"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
DAY = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")


def explanation_of(name: str) -> Explanation:
    """Of the rows of a case."""
    CASES[name]()
    return explain_event(EVENT) if name.startswith("event") else explain_delivery(DATA)


def golden() -> dict[str, str]:
    """The texts by case."""
    parts = re.split(r"^## (.*)\n", GOLDEN.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def written(told: Explanation) -> str:
    """Its code and its text, with instants that are always the same."""
    text = DAY.sub("THAT DAY", INSTANT.sub("THEN", told.text))
    text = re.sub(r"last \d+ s ago", "last N s ago", text)
    return f"{told.subject} {told.id}: {told.code}\n{text}"


@pytest.mark.parametrize("name", CASES)
def test_it_is_explained_as_committed(name):
    text = written(explanation_of(name))
    if os.environ.get("UPDATE_GOLDEN"):
        texts = {**golden(), name: text}
        kept = [f"## {each}\n{texts[each]}\n" for each in CASES if each in texts]
        GOLDEN.write_text("\n".join(kept), "utf-8")
    assert text == golden()[name]


def test_no_case_is_forgotten():
    assert list(golden()) == list(CASES)


@pytest.mark.parametrize(
    ("name", "url", "arguments", "page", "pk"),
    [
        (
            "cut off by failures",
            f"/webhooks/{WEBHOOK}/data/{DATA}/explanation",
            [str(DATA)],
            "delivery",
            DATA,
        ),
        (
            "event of which some were told",
            f"/events/{EVENT}/explanation",
            [str(EVENT), "--event"],
            "event_log_event_change",
            EVENT,
        ),
    ],
)
def test_the_console_the_api_and_the_command_say_the_same(
    name, url, arguments, page, pk
):
    told = explanation_of(name)
    assert make_client(Scope.CONFIG).call("GET", url).body == told.as_json()
    output = io.StringIO()
    call_command("explain", *arguments, stdout=output)
    call_command("explain", *arguments, format="json", stdout=output)
    text, _, line = output.getvalue().rstrip().rpartition("\n")
    assert text == told.text
    assert json.loads(line) == told.as_json()
    shown = seen(client_of_role("Viewer"), page, pk)
    for sentence in (told.summary, *(each.text for each in told.details), *told.advice):
        assert sentence in shown


def seen(client: Client, page: str, pk: int) -> str:
    """What a page says."""
    url = reverse(f"admin:{page}", args=[pk])
    return unescape(client.get(url, secure=True).content.decode())


def test_what_is_not_there_is_not_explained():
    CASES["delivered"]()
    api = make_client(Scope.CONFIG)
    for url in (
        f"/webhooks/{WEBHOOK + 1}/data/{DATA}/explanation",
        f"/webhooks/{WEBHOOK}/data/{DATA + 1}/explanation",
        "/events/404/explanation",
    ):
        assert api.call("GET", url).status == 404
    with pytest.raises(CommandError, match="no webhook data 404"):
        call_command("explain", "404")


def test_it_is_said_in_the_readers_language():
    CASES["refused and waiting for the flusher"]()
    with translation.override("fr"):
        text = explain_delivery(DATA).text
    assert "Le récepteur a répondu 404." in text
    assert "Prochaine tentative" in text


def test_it_takes_the_same_queries_however_many_were_told(
    django_assert_max_num_queries,
):
    CASES["event of which some were told"]()
    with django_assert_max_num_queries(15):
        explain_event(EVENT)
