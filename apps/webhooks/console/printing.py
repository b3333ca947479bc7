"""Bodies for reading: JSON laid out, text as it is, both up to a limit.

What receivers answer is theirs, and may be an attack: templates escape it, and
nothing here is marked as safe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

SHOWN_BYTES: Final = 64 * 1024
# Deeper levels are not indented further, or a body of brackets would fill the memory.
_DEEPEST: Final = 24
_INDENT: Final = "  "
# What a page would obey or a reader could not see: control characters but tab and
# line ends, and those that turn the direction of writing.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
# Of valid JSON: an empty object or array, a bracket, a comma, a key, a value.
_TOKEN: Final = re.compile(
    r"(?P<empty>\{\s*\}|\[\s*\])|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)"
    r'|(?P<key>"(?:[^"\\]|\\.)*")\s*:|(?P<value>"(?:[^"\\]|\\.)*"|[^\s,\[\]{}]+)'
)


class Part(NamedTuple):
    """A piece of the text; keys are set apart from the rest."""

    is_key: bool
    text: str


class Printed(NamedTuple):
    """A body as it is shown. `size` in bytes is that of all of it."""

    parts: list[Part]
    size: int
    is_json: bool
    is_cut: bool

    @property
    def text(self) -> str:
        """All of what is shown."""
        return "".join(part.text for part in self.parts)


def pretty(body: bytes | str | None) -> Printed:
    """The first 64 KB, laid out if all of it is JSON and no more than that.

    What is longer is shown as it is: to lay it out it would have to be read whole,
    and its end would be missing anyway.
    """
    data = body.encode() if isinstance(body, str) else bytes(body or b"")
    is_cut = len(data) > SHOWN_BYTES
    text = _UNSAFE.sub("\ufffd", data[:SHOWN_BYTES].decode("utf-8", "replace"))
    if not is_cut and _is_json(data):
        return Printed(list(_laid_out(text)), len(data), is_json=True, is_cut=False)
    return Printed([Part(False, text)], len(data), is_json=False, is_cut=is_cut)


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), (dict, list))
    except (ValueError, RecursionError):
        return False


def _laid_out(text: str) -> Iterator[Part]:
    """The same text in other lines: numbers and strings stay as they were written."""
    depth, pending = 0, ""
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "close":
            depth -= 1
            pending += _line(depth) + token[0]
        elif kind == "open":
            depth += 1
            pending += token[0] + _line(depth)
        elif kind == "comma":
            pending += "," + _line(depth)
        elif kind == "key":
            yield Part(False, pending)
            yield Part(True, token["key"])
            pending = ": "
        elif kind == "empty":
            pending += token[0][0] + token[0][-1]
        else:
            pending += token[0]
    yield Part(False, pending)


def _line(depth: int) -> str:
    return "\n" + _INDENT * min(depth, _DEEPEST)
