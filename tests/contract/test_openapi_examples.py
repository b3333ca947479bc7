"""The API answers as it is described: to every example, and to who may not ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pytest

from apps.webhooks.openapi.operation import FORM, JSON
from apps.webhooks.openapi.schemas.users import CLIENT_EXAMPLE, CODE
from tests.contract.openapi_document import examples, is_valid, operations, resolved
from tests.contract.openapi_world import IDS, UNUSED_PROVIDER, World, undone
from tests.integration.api_client import ApiClient, Reply

# What the examples of these need besides.
QUERIES = {
    "delete_auth_providers": "?force=true",
    "delete_auth_provider": "?force=true",
    "exchange_code_get": "?" + urlencode({**CLIENT_EXAMPLE, "code": CODE}),
}


class Described:
    """An operation, called as its description says."""

    def __init__(self, name: str) -> None:
        self.method, self.path = name.split()
        self.operation = dict(operations())[name]

    def call(
        self,
        token: str | None,
        *,
        form: bool = False,
        body: Any = b"",
        ids: Mapping[str, Any] = MappingProxyType({}),
    ) -> Reply:
        """The answer, once it has been found to be one that is described."""
        reply = self.send(token, form=form, body=body, ids=ids)
        answer = resolved(self.operation["responses"][str(reply.status)])
        if "content" in answer:
            assert is_valid(answer["content"][JSON]["schema"], reply.body), reply.body
        else:
            assert reply.body is None
        return reply

    def send(
        self,
        token: str | None,
        *,
        form: bool = False,
        body: Any = b"",
        ids: Mapping[str, Any] = MappingProxyType({}),
    ) -> Reply:
        """The answer, whatever it is."""
        path = self.path.format(**{**IDS, **ids})
        path += QUERIES.get(self.operation["operationId"], "")
        sent = urlencode(body).encode() if form else body
        return ApiClient(token=token).call(
            self.method, path, sent, content_type=FORM if form else JSON
        )

    def bodies(self) -> list[tuple[bool, Any]]:
        """The examples of its request, and whether each is a form."""
        content = self.operation.get("requestBody", {}).get("content", {})
        found = [
            (kind == FORM, body) for kind in content for body in examples(content[kind])
        ]
        return found or [(False, b"")]


described = pytest.mark.parametrize("name", [name for name, _ in operations()])


@described
def test_the_examples_are_answered_with_success(name: str, world: World):
    operation = Described(name)
    ids = {"id_auth": UNUSED_PROVIDER} if name.startswith("DELETE") else {}
    for form, body in operation.bodies():
        with undone():
            reply = operation.call(world.token(name), form=form, body=body, ids=ids)
        assert reply.status < 300, (body, reply.body)


@described
def test_no_token_is_answered_with_401_and_another_kind_of_token_with_403(
    name: str, world: World
):
    operation = Described(name)
    kinds = {kind for one in operation.operation["security"] for kind in one}
    others = world.tokens.keys() - kinds
    for _, body in operation.bodies()[:1]:
        if kinds:
            assert operation.call(None, body=body).status == 401
        for kind in others if kinds else ():
            assert operation.call(world.tokens[kind], body=body).status == 403


@described
def test_unknown_ids_are_answered_with_404(name: str, world: World):
    operation = Described(name)
    _, body = operation.bodies()[0]
    for part in re.findall(r"\{(id_\w+)\}", name):
        reply = operation.call(world.token(name), body=body, ids={part: 2**63 - 1})
        assert (reply.status, reply.code) == (404, "notFound")


# Contract, 2.5: each is answered with 400, wherever a body is read.
UNREADABLE = {
    "malformed": b'{"a":',
    "a list of numbers": b"[1]",
    "a text": b'"a"',
    "a raw NUL": b'{"a":"\x00"}',
    "a NUL": b'{"\\u0000":1}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "1,000 levels": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "not UTF-8": b'{"a":"\xff"}',
    "a member twice": b'{"a":1,"a":1}',
    "an unknown member": b'{"no such member":{"a":[]}}',
}


def test_no_operation_takes_a_body_that_cannot_be_read(world: World):
    """Nor does one fail of it; and whatever is wrong is told without its own words."""
    tried = 0
    for name, operation in operations():
        if "requestBody" not in operation:
            continue
        for fault, body in UNREADABLE.items():
            with undone():
                reply = Described(name).send(world.token(name), body=body)
            said = (name, fault, reply.status, reply.body)
            assert reply.status == 400, said
            assert reply.code in ("invalidValue", "missingParameter"), said
            assert reply.body.keys() == {
                "code",
                "description",
                "message",
                "request_id",
            }
            assert reply.body["message"].endswith("."), said
            tried += 1
    assert tried > 200
