"""Charts as SVG: data in, text out, no script and no style.

Pure. Colours come from the stylesheet by class, so that a chart follows the theme;
sizes are in the units of `viewBox`, and the picture grows with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

WIDTH: Final = 640.0
HEIGHT: Final = 190.0
LEFT: Final = 56.0
RIGHT: Final = 12.0
TOP: Final = 12.0
BOTTOM: Final = 26.0
# A threshold so many times the highest value is said, not drawn.
FAR: Final = 4
# As many labels as fit below the widest chart.
LABELS: Final = 7
SPARK_WIDTH: Final = 96.0
SPARK_HEIGHT: Final = 24.0
SPARK_GAP: Final = 1.0
SPARK_LEAST: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value under a label; None where there is nothing to tell, which is a gap."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A line across the chart, and what it is called."""

    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a line chart shows. `top`: the axis reaches at least so far.

    `title` and `description` are read out instead of the picture, so they have to
    say what it says. `text` writes a value of the axis. `upper` is a second line, of as
    many points, without an area.
    """

    title: str
    description: str
    points: Sequence[Point]
    text: Callable[[float], str]
    top: float = 0.0
    threshold: Threshold | None = None
    upper: Sequence[Point] = ()


def line_chart(chart: Chart) -> str:
    """A line with an area below it; a dot where a value has no neighbours."""
    highest = _highest(chart)
    svg = _picture("chart", WIDTH, HEIGHT, chart.title, chart.description)
    _axis(svg, highest, chart.text)
    _labels(svg, chart.points)
    for run in _runs(_places(chart.points, highest)):
        _run(svg, run)
    for run in _runs(_places(chart.upper, highest)):
        _upper_run(svg, run)
    if chart.threshold:
        _threshold(svg, chart.threshold, highest)
    return _text_of(svg)


class Bar(NamedTuple):
    """What was counted in a span of time, and how much of it failed."""

    number: int
    failed: int


def spark_bars(bars: Sequence[Bar], *, title: str) -> str:
    """Bars the size of a word, what failed at their feet; `title` says what it is."""
    highest = max((bar.number for bar in bars), default=0)
    svg = _picture("spark", SPARK_WIDTH, SPARK_HEIGHT, title, "")
    for index, bar in enumerate(bars):
        failed = _spark_part(bar.failed, highest)
        x = index * SPARK_WIDTH / len(bars)
        width = SPARK_WIDTH / len(bars) - SPARK_GAP
        _spark_bar(svg, "bar", x, width, failed, _spark_part(bar.number, highest))
        _spark_bar(svg, "bar-failed", x, width, 0.0, failed)
    return _text_of(svg)


Place = tuple[float, float]


def _highest(chart: Chart) -> float:
    """The axis' end. A threshold that is far away would make the line a flat one."""
    points = (*chart.points, *chart.upper)
    values = max((point.value or 0.0 for point in points), default=0.0)
    reached = max(values, chart.top)
    if chart.threshold and (not reached or chart.threshold.value < FAR * reached):
        reached = max(reached, chart.threshold.value)
    return _round_up(reached)


def _picture(
    kind: str, width: float, height: float, title: str, description: str
) -> ET.Element:
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": f"console-{kind}",
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "aria-label": f"{title}. {description}" if description else title,
        },
    )
    ET.SubElement(svg, "title").text = title
    if description:
        ET.SubElement(svg, "desc").text = description
    return svg


def _axis(svg: ET.Element, highest: float, text: Callable[[float], str]) -> None:
    for part in (0.0, 0.5, 1.0):
        y = _y(part)
        ET.SubElement(svg, "line", {"class": "grid", **_level(y)})
        label = {"class": "tick", "x": f"{LEFT - 8:g}", "y": f"{y + 4:.1f}"}
        ET.SubElement(svg, "text", {**label, "text-anchor": "end"}).text = text(
            highest * part
        )


def _labels(svg: ET.Element, points: Sequence[Point]) -> None:
    every = -(-len(points) // LABELS) or 1
    for index, point in enumerate(points):
        if index % every == 0:
            where = {"x": f"{_x(index, len(points)):.1f}", "y": f"{HEIGHT - 6:g}"}
            ET.SubElement(
                svg, "text", {"class": "tick", "text-anchor": "middle", **where}
            ).text = point.label


def _run(svg: ET.Element, run: Sequence[Place]) -> None:
    if len(run) == 1:
        _dot(svg, run[0], "dot")
        return
    ground = f"{run[-1][0]:.1f},{_y(0.0):.1f} {run[0][0]:.1f},{_y(0.0):.1f}"
    area = {"class": "area", "points": f"{_path(run)} {ground}"}
    ET.SubElement(svg, "polygon", area)
    ET.SubElement(svg, "polyline", {"class": "line", "points": _path(run)})


def _upper_run(svg: ET.Element, run: Sequence[Place]) -> None:
    if len(run) == 1:
        _dot(svg, run[0], "upper-dot")
        return
    ET.SubElement(svg, "polyline", {"class": "upper", "points": _path(run)})


def _dot(svg: ET.Element, place: Place, kind: str) -> None:
    where = {"cx": f"{place[0]:.1f}", "cy": f"{place[1]:.1f}"}
    ET.SubElement(svg, "circle", {"class": kind, "r": "3", **where})


def _threshold(svg: ET.Element, threshold: Threshold, highest: float) -> None:
    label = {"class": "threshold-label", "x": f"{WIDTH - RIGHT:g}"}
    label["text-anchor"] = "end"
    if threshold.value > highest:
        place, text = TOP + 13, f"↑ {threshold.label}"
    else:
        y = _y(threshold.value / highest)
        ET.SubElement(svg, "line", {"class": "threshold", **_level(y)})
        place, text = y + 14, threshold.label
    ET.SubElement(svg, "text", {**label, "y": f"{place:.1f}"}).text = text


def _places(points: Sequence[Point], highest: float) -> list[Place | None]:
    return [
        None
        if point.value is None
        else (_x(index, len(points)), _y(point.value / highest))
        for index, point in enumerate(points)
    ]


def _runs(places: Sequence[Place | None]) -> list[list[Place]]:
    """The stretches without a gap."""
    runs: list[list[Place]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _path(run: Sequence[Place]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _level(y: float) -> dict[str, str]:
    height = f"{y:.1f}"
    return {"x1": f"{LEFT:g}", "x2": f"{WIDTH - RIGHT:g}", "y1": height, "y2": height}


def _x(index: int, count: int) -> float:
    return LEFT + (WIDTH - RIGHT - LEFT) * index / max(count - 1, 1)


def _y(part: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * part


def _spark_part(count: int, highest: int) -> float:
    """The height of a bar; one that stands for something can be seen."""
    return max(SPARK_LEAST, SPARK_HEIGHT * count / highest) if count else 0.0


def _spark_bar(
    svg: ET.Element, kind: str, x: float, width: float, low: float, high: float
) -> None:
    if high <= low:
        return
    where = {"x": x, "y": SPARK_HEIGHT - high, "width": width, "height": high - low}
    texts = {name: f"{value:.1f}" for name, value in where.items()}
    ET.SubElement(svg, "rect", {"class": kind, **texts})


def _round_up(value: float) -> float:
    """To an axis' end that is easily halved: 1, 2, 4, 6, 8 or 10 of a power of ten."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 < value:
        power *= 10
    while power > value:
        power /= 10
    return next(
        power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value * 0.999999
    )


def _text_of(svg: ET.Element) -> str:
    return ET.tostring(svg, encoding="unicode")
