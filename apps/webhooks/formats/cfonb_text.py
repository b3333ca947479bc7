"""Words in the alphabet of CFONB files: digits, capitals, blank and `* - . /`."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

_OTHERS: Final = re.compile(r"[^0-9A-Z*./-]+")
# Capitals that Unicode does not take apart, and signs that a near one can stand for.
_NEAR: Final = str.maketrans(
    {
        "Æ": "AE",
        "Œ": "OE",
        "Ø": "O",
        "Ł": "L",
        "Đ": "D",
        "Ð": "D",
        "Þ": "TH",
        "€": " EUR ",
        "£": " GBP ",
        "$": " USD ",
        ",": ".",
        "_": "-",
        "\\": "/",
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2044": "/",
    }
)


def fold(text: str) -> str:
    """`text` in the alphabet: accents go, other signs become blanks.

    Blanks at the ends go, and of several in a row one stays.
    """
    plain = text.upper().translate(_NEAR)
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)
        bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
        # Once more, for what taking apart brings out, like the bar of a fraction.
        plain = bare.upper().translate(_NEAR)
    return _OTHERS.sub(" ", plain).strip()


def text_of(row: Mapping[str, Any], name: str) -> str:
    """The text or whole number under `name`, folded; empty if there is none."""
    value = row.get(name)
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return fold(str(value)) if known else ""


def wrap(text: str, first: int, then: int) -> list[str]:
    """A folded text in lines of `first` characters, then of `then`; at least one.

    Lines end between words where they can.
    """
    if len(text) <= first:
        return [text]
    # The first line is shorter than the others: as much as it lacks stands before.
    missing = then - first
    lines = textwrap.wrap(
        text, then, initial_indent=" " * missing, break_on_hyphens=False
    )
    return [lines[0][missing:], *lines[1:]]


def clip(text: str, width: int) -> str:
    """A folded text in a zone of `width` characters: cut, or filled with blanks."""
    return text[:width].ljust(width)
