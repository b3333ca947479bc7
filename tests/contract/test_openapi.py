"""The description is whole, valid, committed, and can be read at `/docs`."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import URLPattern, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from rest_framework.views import APIView

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.api import urls
from apps.webhooks.openapi.document import OPERATIONS
from apps.webhooks.openapi.inspector import RouteGenerator
from tests.contract.openapi_document import (
    DOCUMENT,
    contents,
    examples,
    is_valid,
    operations,
    resolved,
)

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
# What each operation says is an answer of its own; these all have in common.
SHARED = "#/components/responses/"
TITLE = re.compile("[A-Z].*[^.]")
BROWSER = Client()


def served() -> set[str]:
    """Every method of every route, as the document would name it."""
    names = set()
    for route in urls.urlpatterns:
        assert isinstance(route, URLPattern)
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(route.pattern))
        view: type[APIView] = route.callback.view_class  # type: ignore[attr-defined]
        methods = (name for name in view.http_method_names if name != "head")
        names |= {
            f"{method.upper()} /{path}" for method in methods if hasattr(view, method)
        }
    return names


def test_every_method_of_every_route_is_described_and_nothing_else_is():
    described = {name for name, _ in operations()}
    assert described == served() == set(OPERATIONS)


def test_all_routes_of_the_api_are_under_both_prefixes():
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/", "/2.0"]
    for server in DOCUMENT["servers"]:
        for path in DOCUMENT["paths"]:
            known = re.sub(r"\{\w+\}", "1", path)
            found = get_resolver().resolve(server["url"].rstrip("/") + known)
            assert found.func.__module__.startswith("apps.webhooks.api")


def test_it_is_openapi_3_1_and_nothing_had_to_be_guessed():
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate_schema(DOCUMENT)  # type: ignore[no-untyped-call]
    RouteGenerator().document()
    assert not GENERATOR_STATS


def test_the_committed_description_is_the_current_one():
    """If not: `make openapi`."""
    committed = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(DOCUMENT))


def test_every_operation_says_what_it_is():
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    ids = Counter(operation["operationId"] for _, operation in operations())
    assert ids.most_common(1)[0][1] == 1
    for name, operation in operations():
        assert TITLE.fullmatch(operation["summary"]), name
        assert operation["description"].endswith("."), name
        assert set(operation["tags"]) <= tags, name
        assert "security" in operation, name
        described = {one["name"] for one in operation["parameters"]}
        assert set(re.findall(r"\{(\w+)\}", name)) <= described, name
        assert all(one["description"] for one in operation["parameters"]), name


def test_every_body_has_examples_and_they_are_as_its_schema_has_it():
    for name, operation in operations():
        for place, media in contents(operation):
            assert examples(media), (name, place)
            for example in examples(media):
                if place.endswith("form-urlencoded"):
                    assert all(isinstance(text, str) for text in example.values())
                else:
                    assert is_valid(media["schema"], example), (name, place)


def test_every_operation_has_error_examples_of_each_kind_it_answers():
    for name, operation in operations():
        answers = operation["responses"]
        assert any(status < "300" for status in answers), name
        assert "503" in answers, name
        if operation["security"]:
            assert {"401", "429"} <= answers.keys(), name
        own = [
            status
            for status, answer in answers.items()
            if status >= "400" and not answer.get("$ref", "").startswith(SHARED)
        ]
        assert own, name


def test_tokens_are_of_kinds_that_are_described():
    kinds = DOCUMENT["components"]["securitySchemes"].keys()
    used = {
        kind
        for _, operation in operations()
        for alternative in operation["security"]
        for kind in alternative
    }
    assert used == {"config", "users", "emission", "user", "service"}
    assert used <= kinds


def test_all_that_is_referred_to_is_there_and_nothing_is_there_in_vain():
    references = re.findall(r"#/components/(\w+/\w+)", json.dumps(DOCUMENT))
    there = {
        f"{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in named
    }
    assert set(references) == there


@pytest.mark.parametrize("event", CATALOGUE)
def test_the_outgoing_call_of_every_event_is_described(event):
    call = DOCUMENT["webhooks"][event]["post"]
    media = call["requestBody"]["content"]
    (example,) = examples(media["application/json; charset=utf-8"])
    schema = media["application/json; charset=utf-8"]["schema"]
    assert is_valid(schema, example)
    assert not is_valid(schema, CATALOGUE[event].sample)
    assert ("text/plain; charset=us-ascii" in media) is CATALOGUE[event].cfonb
    headers = {resolved(each)["name"] for each in call["parameters"]}
    assert headers == {
        "User-Agent",
        "X-Webhook-Data-Id",
        "X-Webhook-Event",
        "X-Webhook-Attempt",
        "X-Webhook-Test",
        "Content-Encoding",
        "BI-Signature-Date",
        "BI-Signature",
    }
    own_token = {"deliveredUserToken": []} in call["security"]
    assert own_token is CATALOGUE[event].user_scoped
    assert {"2XX", "3XX", "429", "503", "default"} == call["responses"].keys()


def test_the_description_is_served_to_everybody():
    reply = BROWSER.get("/openapi.json", secure=True)
    assert (reply.status_code, reply["Content-Type"]) == (200, "application/json")
    assert reply.json() == json.loads(json.dumps(DOCUMENT))
    assert BROWSER.post("/openapi.json", secure=True).status_code == 405


@pytest.mark.parametrize("page", ["/docs", "/admin/login/", "/openapi.json", "/x"])
def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(page):
    policy = BROWSER.get(page, secure=True)["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    allowed = {source for sources in directives.values() for source in sources.split()}
    assert allowed == {"'none'", "'self'", "data:"}


def test_the_page_has_nothing_inline_and_all_its_files_are_ours():
    page = BROWSER.get("/docs", secure=True).content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", page)
    files = re.findall(r'(?:src|href)="(?!openapi\.json")([^"]+)"', page)
    assert len(files) == 5
    for file in files:
        assert finders.find(file.removeprefix("/static/")), file
