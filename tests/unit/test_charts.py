"""Charts: what is in the SVG, and that nothing in it is inline."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from apps.webhooks.console.charts import (
    HEIGHT,
    WIDTH,
    Bar,
    Chart,
    Point,
    Threshold,
    line_chart,
    spark_bars,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*values: float | None, **options: Any) -> ET.Element:
    points = [
        Point(label=str(number), value=value) for number, value in enumerate(values)
    ]
    chart = Chart(
        title="Rate",
        description="All of it.",
        points=points,
        text="{:g}".format,
        **options,
    )
    return ET.fromstring(line_chart(chart))


def classes(svg: ET.Element) -> list[str]:
    return [each.get("class", "") for each in svg.iter() if each is not svg]


def texts(svg: ET.Element, kind: str) -> list[str | None]:
    return [each.text for each in svg.iter() if each.get("class") == kind]


def test_it_is_named_for_those_who_do_not_see_it():
    svg = drawn(1, 2)
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title") == "Rate"
    assert svg.get("aria-label") == "Rate. All of it."


@pytest.mark.parametrize("values", [(), (None,), (0.0,), (5.0,), (1.0, None, 3.0, 2.0)])
def test_all_of_it_is_within_the_picture(values):
    svg = drawn(*values)
    for each in svg.iter():
        for place in (each.get("points") or "").split():
            x, y = map(float, place.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def test_nothing_in_it_is_inline_and_text_is_escaped():
    text = line_chart(
        Chart(
            title="<script>alert(1)</script>",
            description='"&',
            points=[Point(label="<b>", value=1.0)],
            text=str,
        )
    )
    assert "<script" not in text
    assert "<b>" not in text
    assert "style" not in text
    ET.fromstring(text)


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    assert classes(drawn(1, 2, None, 3, 4)).count("line") == 2
    assert classes(drawn(1, None, 2)).count("dot") == 2
    assert "line" not in classes(drawn(None, None))


def test_a_higher_value_is_drawn_higher():
    (line,) = [each for each in drawn(1, 4).iter() if each.get("class") == "line"]
    (_, low), (_, high) = (
        map(float, place.split(",")) for place in str(line.get("points")).split()
    )
    assert high < low


@pytest.mark.parametrize(
    ("highest", "axis"),
    [(0, "1"), (0.03, "0.04"), (0.9, "1"), (1, "1"), (3, "4"), (7, "8"), (11, "20")],
)
def test_the_axis_ends_at_a_round_number(highest, axis):
    assert texts(drawn(highest), "tick")[2] == axis


def test_the_axis_reaches_as_far_as_it_is_told():
    assert texts(drawn(0.2, top=1.0), "tick")[2] == "1"


def test_a_threshold_is_drawn_and_named():
    svg = drawn(2, 5, threshold=Threshold(value=3, label="too slow"))
    assert classes(svg).count("threshold") == 1
    assert texts(svg, "threshold-label") == ["too slow"]


def test_a_threshold_far_above_is_said_and_not_drawn():
    svg = drawn(0.01, 0.02, threshold=Threshold(value=3, label="too slow"))
    assert "threshold" not in classes(svg)
    assert texts(svg, "threshold-label") == ["↑ too slow"]
    assert texts(svg, "tick")[2] == "0.02"


def test_labels_below_are_few_enough_to_be_read():
    svg = drawn(*[1.0] * 96)
    assert len(texts(svg, "tick")) <= 3 + 7


@pytest.mark.parametrize(
    "bars", [(), (Bar(0, 0),), (Bar(3, 3),), (Bar(1, 0), Bar(0, 0), Bar(20_000, 1))]
)
def test_bars_the_size_of_a_word_are_named_and_within_their_picture(bars):
    svg = ET.fromstring(spark_bars(bars, title="Deliveries of 24 h"))
    assert svg.findtext(f"{SVG}title") == "Deliveries of 24 h"
    assert "style" not in ET.tostring(svg, encoding="unicode")
    for each in svg.iter(f"{SVG}rect"):
        x, y, width, height = (
            float(each.attrib[name]) for name in ("x", "y", "width", "height")
        )
        assert 0 <= x <= x + width <= 96
        assert 0 <= y < y + height <= 24


def test_what_failed_is_seen_however_little_it_is():
    svg = ET.fromstring(spark_bars([Bar(20_000, 1), Bar(5, 5)], title=""))
    assert classes(svg).count("bar-failed") == 2
    assert classes(svg).count("bar") == 1


def test_an_upper_line_is_within_the_picture_and_stretches_the_axis():
    upper = [Point(label="", value=value) for value in (40.0, None, 90.0, 80.0)]
    svg = drawn(1.0, 2.0, 3.0, 4.0, upper=upper)
    assert classes(svg).count("upper") == 1
    assert classes(svg).count("upper-dot") == 1
    assert "100" in texts(svg, "tick")
    (line,) = [each for each in svg.iter() if each.get("class") == "upper"]
    heights = [
        float(place.split(",")[1]) for place in (line.get("points") or "").split()
    ]
    assert 0 <= heights[0] < heights[1] <= HEIGHT
