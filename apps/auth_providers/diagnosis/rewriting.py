"""How JSON looks after it has been parsed and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

# There are fifty or so, each as large as the body.
LARGEST_REWRITTEN: Final = 1024 * 1024
# As deep as events may be. Writing takes more stack than parsing.
DEEPEST: Final = 64
# Only for text that has been parsed: on a string without an end it is quadratic.
_TOKENS: Final = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s"{}\[\],:]+|[{}\[\],:]', re.S
)
_LAYOUTS: Final[dict[str, dict[str, Any]]] = {
    "without blanks": {"separators": (",", ":")},
    "with a blank after : and ,": {},
}
_INDENTS: Final[dict[str, int | str]] = {
    "indented by 2": 2,
    "indented by 4": 4,
    "indented by tabs": "\t",
}
_HTML: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def parsed(text: bytes) -> Any:
    """The value; None if it is not JSON, or deeper than what is ever sent."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if _depth(text) <= DEEPEST else None


def rewritings(text: bytes, value: Any) -> Iterator[tuple[bytes, str]]:
    """Each other text of this JSON, and how it is written; `value` is it parsed."""
    seen = {hash(text)}
    for other, how in _rewritings(text, value):
        # A hash each, not a copy each, of what may be large.
        if hash(other) not in seen:
            seen.add(hash(other))
            yield other, how


def _rewritings(text: bytes, value: Any) -> Iterator[tuple[bytes, str]]:
    tokens = _TOKENS.findall(text)
    yield b"".join(tokens), "without blanks"
    spaced = (token + b" " if token in (b",", b":") else token for token in tokens)
    yield b"".join(spaced), "with a blank after : and ,"
    for numbers in (value, _as_javascript(text)):
        for layout, options in _LAYOUTS.items():
            yield from _written(numbers, layout, options)
        for layout, indent in _INDENTS.items():
            indented = json.dumps(numbers, ensure_ascii=False, indent=indent)
            yield _encoded(indented), layout


def _written(
    value: Any, layout: str, options: dict[str, Any]
) -> Iterator[tuple[bytes, str]]:
    """As the libraries of several languages do by default."""
    for is_sorted in (False, True):
        for is_ascii in (False, True):
            other = json.dumps(
                value, ensure_ascii=is_ascii, sort_keys=is_sorted, **options
            )
            how = layout + ", sorted by key" * is_sorted
            yield _encoded(other), how + ", escapes instead of accents" * is_ascii
            yield _encoded(other.replace("/", "\\/")), how + ", with \\/ for /"
            yield _encoded(_html(other)), how + ", with \\u003c for <"


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for token in _TOKENS.findall(text):
        if token in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"}", b"]"):
            depth -= 1
    return deepest


def _as_javascript(text: bytes) -> Any:
    """Parsed as JavaScript does, where 1.0 and 1 are one number."""
    return json.loads(text, parse_float=_javascript_number)


def _javascript_number(digits: str) -> int | float:
    number = float(digits)
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _html(text: str) -> str:
    for sign, escape in _HTML.items():
        text = text.replace(sign, escape)
    return text


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
