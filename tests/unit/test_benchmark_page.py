"""The page of figures: what a benchmark wrote, as a table and as pictures."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from benchmarks.chart import Bar, bars
from benchmarks.page import FIGURES, GROWTH, PAGE, charts, part

SVG = "{http://www.w3.org/2000/svg}"


def found() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(FIGURES.read_text())
    return read


def grown() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(GROWTH.read_text())
    return read


def test_bars_are_as_long_as_what_they_stand_for():
    chart = ElementTree.fromstring(bars("T", [Bar("a", 10, ""), Bar("b", 5, "")]))
    background, longest, half = chart.findall(f"{SVG}rect")
    assert background.get("fill") == "#fff"
    assert float(longest.get("width", 0)) == 2 * float(half.get("width", 0))


def test_a_chart_without_values_is_a_chart():
    assert ElementTree.fromstring(bars("Nothing", [])).find(f"{SVG}title") is not None
    assert len(ElementTree.fromstring(bars("0", [Bar("a", 0, "0")]))) == 6


def test_names_in_a_chart_are_text():
    said = bars("<b>", [Bar("a & b", 1, "<1")])
    assert [
        text.text for text in ElementTree.fromstring(said).findall(f"{SVG}text")
    ] == [
        "<b>",
        "a & b",
        "<1",
    ]


def test_each_criterion_has_a_line_with_its_own_verdict():
    one = {"median": 4.8, "unit": "ms", "spread": 0.1, "at_least": False}
    run = found() | {
        "results": [
            {
                "target": "P2",
                "met": False,
                "measures": [],
                "criteria": [
                    {**one, "name": "p50", "bound": 4.0, "met": False},
                    {**one, "name": "p95", "bound": 10.0, "met": True},
                ],
            }
        ]
    }
    lines = [line for line in part(run, []) if line.startswith("| P2")]
    assert lines == [
        "| P2 | **missed** | p50 | 4.8 ms | ≤ 4 | 10% |",
        "| P2 | met | p95 | 4.8 ms | ≤ 10 | 10% |",
    ]


def test_the_page_shows_what_its_files_say():
    page = PAGE.read_text()
    assert "\n".join(part(found(), grown())) in page
    for name, chart in charts(found(), grown()):
        assert (FIGURES.parent / f"{name}.svg").read_text() == chart
        assert f"(performance/{name}.svg)" in page
