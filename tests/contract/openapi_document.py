"""The description, and what is asked of it by its tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from apps.webhooks.openapi.inspector import RouteGenerator

DOCUMENT: dict[str, Any] = RouteGenerator().document()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each, by its method and path."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a node says, here or where it refers to."""
    while "$ref" in node:
        place: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        node = place
    return node


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The request's and the responses' media types, by where they are."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", media
    for status, response in operation["responses"].items():
        for media in resolved(response).get("content", {}).values():
            yield status, media


def examples(media: dict[str, Any]) -> list[Any]:
    """The values of a media type's examples."""
    found = [example["value"] for example in media.get("examples", {}).values()]
    return found + ([media["example"]] if "example" in media else [])


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    """Formats are looked at too."""
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True).is_valid(
        value
    )
