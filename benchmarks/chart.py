"""Bars as SVG, for the documentation: pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH = 720
ROW = 26
LABEL = 200
VALUE = 150


class Bar(NamedTuple):
    """One bar; `said` is what stands beside it."""

    name: str
    value: float
    said: str


def bars(title: str, rows: Sequence[Bar]) -> str:
    """A chart that is read in light and in dark."""
    most = max((row.value for row in rows), default=0.0) or 1.0
    height = ROW * (len(rows) + 2)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" font-family="sans-serif" '
        f'font-size="13"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff" rx="6"/>',
        f'<text x="12" y="20" fill="#1b2430" font-weight="bold">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows, start=1):
        top = ROW * number + 8
        long = max(1.0, (WIDTH - LABEL - VALUE) * row.value / most)
        lines += [
            f'<text x="{LABEL - 10}" y="{top + 15}" text-anchor="end" fill="#1b2430">'
            f"{escape(row.name)}</text>",
            f'<rect x="{LABEL}" y="{top}" width="{long:.1f}" height="18" rx="3" '
            f'fill="#2a5bd7"/>',
            f'<text x="{LABEL + long + 8:.1f}" y="{top + 14}" fill="#1b2430">'
            f"{escape(row.said)}</text>",
        ]
    return "\n".join([*lines, "</svg>", ""])
