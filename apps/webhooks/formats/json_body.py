"""JSON bodies: checked on the way in, and `id_webhook_data` spliced on the way out."""

from __future__ import annotations

import json
import re
from typing import Any

ID_KEY = "id_webhook_data"
MAX_DEPTH = 64

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
# Escapes that may stand for a NUL or half a surrogate pair.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class InvalidJson(ValueError):
    """The text is not JSON that can be stored and sent; says why in a sentence."""


def parse_strict(text: bytes) -> Any:
    """Parse JSON that every receiver will read alike.

    Refused with `InvalidJson`: what is not UTF-8, NaN and infinities, a key twice,
    NUL characters, lone surrogates, more than 64 levels.
    """
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
    _check_depth(text)
    try:
        value = json.loads(
            decoded, object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError as error:
        raise InvalidJson("The JSON is nested too deeply.") from error
    except InvalidJson:
        raise
    except ValueError as error:
        raise InvalidJson("The body is not valid JSON.") from error
    if _SUSPECT.search(text):
        _check_strings(value)
    return value


def raw_member(text: bytes, key: str) -> bytes | None:
    """The bytes of one member of a JSON object, exactly as they were written.

    `text` has passed `parse_strict` and is an object. Numbers keep their digits
    this way: parsed and written again, `1.10` would become `1.1`.
    """
    decoded = text.decode("utf-8")
    decoder = json.JSONDecoder()
    position = decoded.index("{") + 1
    while True:
        position = _skip(decoded, position)
        if decoded[position] == "}":
            return None
        name, position = decoder.raw_decode(decoded, position)
        position = _skip(decoded, position)
        _, end = decoder.raw_decode(decoded, position)
        if name == key:
            return decoded[position:end].encode()
        position = end


def dump(payload: dict[str, Any]) -> bytes:
    """The bytes of a payload given as Python values; raise `InvalidJson`."""
    try:
        text = json.dumps(
            payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidJson("The payload cannot be written as JSON.") from error
    if b"\\u0000" in text:
        _check_strings(payload)
    return text


def splice_id(payload: bytes, id_webhook_data: int) -> bytes:
    """The body: the payload's object with `id_webhook_data` as its last member."""
    if payload == b"{}":
        return b'{"%s":%d}' % (ID_KEY.encode(), id_webhook_data)
    return b'%s,"id_webhook_data":%d}' % (payload[:-1], id_webhook_data)


def _check_depth(text: bytes) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidJson(f"The JSON has more than {MAX_DEPTH} levels.")
        elif mark in (b"]", b"}"):
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJson("The JSON has the same key twice in one object.")
    return members


def _no_constant(name: str) -> Any:
    raise InvalidJson(f"{name} is not JSON.")


def _check_strings(value: Any) -> None:
    for text in _strings(value):
        if "\x00" in text:
            raise InvalidJson("The JSON has a NUL character.")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidJson("The JSON has half a surrogate pair.") from error


def _strings(value: Any) -> list[str]:
    found: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            found.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n,:":
        position += 1
    return position
