"""Headers as JSON, or as Python prints a dictionary."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.auth_providers.diagnosis.findings import BadInput

_NEITHER = "The headers begin like JSON, and are not: "


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """What was in it."""

    headers: list[tuple[str, str]]
    method: str | None = None
    target: str | None = None


def read_object(text: str) -> ReadObject:
    """Read it, or raise `BadInput`.

    `{"Name": "value"}`, `{"Name": ["value"]}`, `[["Name", "value"]]` or
    `[{"name": "Name", "value": "value"}]`; or an object whose member `headers` is
    one of them, and which may have `method` and `url` or `path`.
    """
    value = _parsed(text)
    if isinstance(value, dict) and isinstance(value.get("headers"), dict | list):
        return ReadObject(
            headers=list(_pairs(value["headers"])),
            method=_text(value, "method", "httpMethod"),
            target=_text(value, "url", "rawPath", "path"),
        )
    return ReadObject(headers=list(_pairs(value)))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise BadInput(_NEITHER + "too deep.") from error
    except ValueError as error:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            raise BadInput(_NEITHER + "look for a quote or a comma.") from error


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    items = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise BadInput('Write the headers as {"Name": "value"}.')
    for item in items:
        if isinstance(item, dict):
            item = (item.get("name"), item.get("value"))
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise BadInput('Write the headers as {"Name": "value"}.')
        name, texts = item
        # Environments and logs have other things beside headers.
        for each in texts if isinstance(texts, list) else [texts]:
            if isinstance(name, str) and isinstance(each, str):
                yield name, each


def _text(value: dict[Any, Any], *names: str) -> str | None:
    found = (value.get(name) for name in names)
    return next((each for each in found if isinstance(each, str)), None)
