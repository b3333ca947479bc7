"""JSON bodies: checked on the way in, and `id_webhook_data` spliced on the way out."""

from __future__ import annotations

import json
import re
from typing import Any

ID_KEY = "id_webhook_data"
MAX_DEPTH = 64

# Only for text that has been parsed: on a string without an end it is quadratic.
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
# Escapes that may stand for a NUL or half a surrogate pair.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_DECODER = json.JSONDecoder()


class InvalidJson(ValueError):
    """The text is not JSON that can be stored and sent; says why in a sentence."""


class CheckedPayload(bytes):
    """A payload that needs no further check but that of its size.

    It was part of a text that passed `parse_strict`, is an object without
    `id_webhook_data`, and has no blanks around it: see `checked_payload`. `members`
    are what it was parsed to, or written from.
    """

    members: dict[str, Any]


def parse_strict(text: bytes) -> Any:
    """Parse JSON that every receiver will read alike.

    Refused with `InvalidJson`: what is not UTF-8, NaN and infinities, a key twice,
    NUL characters, lone surrogates, more than 64 levels.
    """
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
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
    _check_depth(text)
    if _SUSPECT.search(text):
        _check_strings(value)
    return value


def raw_member(text: bytes, key: str) -> bytes | None:
    """The bytes of one member of a JSON object, exactly as they were written.

    `text` has passed `parse_strict` and is an object. Numbers keep their digits
    this way: parsed and written again, `1.10` would become `1.1`.
    """
    decoded = text.decode("utf-8")
    found, _ = _walk(decoded, decoded.index("{"), key)
    return None if found is None else decoded[found].encode()


def raw_member_of_each(
    text: bytes, key: str, *, within: str | None = None
) -> list[bytes | None]:
    """`raw_member` of every object of a list, which is parsed but once for it.

    `text` has passed `parse_strict`; it is the list of objects itself, or an object
    whose member `within` is that list.
    """
    decoded = text.decode("utf-8")
    position = decoded.index("[") if within is None else _enter(decoded, within)
    members: list[bytes | None] = []
    while decoded[position := _skip(decoded, position + 1)] != "]":
        found, position = _walk(decoded, position, key)
        members.append(None if found is None else decoded[found].encode())
    return members


def checked_payload(raw: bytes, value: object) -> CheckedPayload:
    """A payload from its bytes and from what `parse_strict` made of them, or what
    `dump` made them of."""
    if not isinstance(value, dict):
        raise InvalidJson("The payload is not a JSON object.")
    if ID_KEY in value:
        raise InvalidJson(f"The payload may not have the key {ID_KEY!r}.")
    payload = CheckedPayload(raw.strip() if value else b"{}")
    payload.members = value
    return payload


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


def splice_id(
    payload: bytes, id_webhook_data: int, extra: bytes | None = None
) -> bytes:
    """The body: the payload's object with `id_webhook_data` as its last member.

    `extra` is an object that is not empty, of members that the payload does not have;
    they come in between.
    """
    if extra is not None:
        payload = extra if payload == b"{}" else b"%s,%s" % (payload[:-1], extra[1:])
    if payload == b"{}":
        return b'{"%s":%d}' % (ID_KEY.encode(), id_webhook_data)
    return b'%s,"id_webhook_data":%d}' % (payload[:-1], id_webhook_data)


def _check_depth(text: bytes) -> None:
    if text.count(b"{") + text.count(b"[") <= MAX_DEPTH:
        return
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


def _walk(text: str, position: int, key: str) -> tuple[slice | None, int]:
    """Where the value of `key` is in the object that begins at `position`, and
    where that object's closing brace is."""
    found = None
    while text[position := _skip(text, position + 1)] != "}":
        name, position = _DECODER.raw_decode(text, position)
        start = _skip(text, position)
        _, position = _DECODER.raw_decode(text, start)
        if name == key:
            found = slice(start, position)
        # One back: what follows the value may be the brace itself.
        position -= 1
    return found, position


def _enter(text: str, key: str) -> int:
    """Where the value of a member of the outermost object begins."""
    position = text.index("{")
    while True:
        name, position = _DECODER.raw_decode(text, _skip(text, position + 1))
        position = _skip(text, position)
        if name == key:
            return position
        _, position = _DECODER.raw_decode(text, position)
        position -= 1
