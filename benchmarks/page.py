"""`python -m benchmarks.page [FILE]`: figures and charts for docs/performance.md.

Takes what `make bench` wrote, the newest if no file is named, and what
`make growth` did, if anything.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.chart import Bar, bars
from benchmarks.processes import ROOT
from benchmarks.targets import figure

FOLDER: Final = ROOT / "docs" / "performance"
PAGE: Final = ROOT / "docs" / "performance.md"
FIGURES: Final = FOLDER / "bench.json"
GROWTH: Final = FOLDER / "growth.json"
RESULTS: Final = ROOT / "benchmarks" / "results"
CHARTS: Final = {
    "designs": "Deliveries a second, a backlog of 100 webhooks",
    "cost": "CPU a delivery, by who uses it",
    "growth": "Deliveries a second by what grows",
}
_PART: Final = re.compile("(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)


def main() -> None:
    """Write the part of the page, and the charts."""
    named = [Path(each) for each in sys.argv[1:]] or sorted(RESULTS.glob("*.json"))[-1:]
    if not named:
        raise SystemExit("Run make bench first.")
    FOLDER.mkdir(exist_ok=True)
    FIGURES.write_text(named[0].read_text())
    found: dict[str, Any] = json.loads(FIGURES.read_text())
    grown: list[dict[str, Any]] = (
        json.loads(GROWTH.read_text()) if GROWTH.exists() else []
    )
    for name, chart in charts(found, grown):
        (FOLDER / f"{name}.svg").write_text(chart)
    text = "\n".join(part(found, grown))
    PAGE.write_text(_PART.sub(rf"\g<1>{text}\n\g<2>", PAGE.read_text()))


def part(found: dict[str, Any], grown: list[dict[str, Any]]) -> Iterator[str]:
    """The lines between the marks, in Markdown."""
    machine, versions = found["machine"], found["versions"]
    others = max(0.0, machine.get("cores_used_by_others", 0))
    yield (
        f"Measured {found['date'][:10]} on {machine['cores']} cores of "
        f"{machine['processor']}, Python {versions['python']}, "
        f"PostgreSQL {found['settings']['postgres']['server_version']}, "
        f"{versions['libcurl'].split()[1]}. Of {found['plan']['rounds']} rounds the "
        f"medians count. Other processes used {others:.2f} cores."
    )
    yield ""
    yield "| target | | measure | median | bound | spread |"
    yield "|---|---|---|---|---|---|"
    for result in found["results"]:
        for each in result["criteria"]:
            sign = "≥" if each["at_least"] else "≤"
            verdict = "met" if each["met"] else "**missed**"
            yield (
                f"| {result['target']} | {verdict} | {each['name']} "
                f"| {figure(each['median'])} {each['unit']} "
                f"| {sign} {each['bound']:g} | {each['spread']:.0%} |"
            )
    if grown:
        yield ""
        yield "| | deliveries | a second | worker µs | PostgreSQL µs | busy |"
        yield "|---|---|---|---|---|---|"
        for each in grown:
            yield (
                f"| {each['name']} | {each['deliveries']:,} | {each['rate']:,.0f} "
                f"| {each['worker_us']:,.0f} | {each['postgres_us']:,.0f} "
                f"| {each['busy']:.0%} |"
            )
    for name, _ in charts(found, grown):
        yield ""
        yield f"![{CHARTS[name]}](performance/{name}.svg)"


def charts(
    found: dict[str, Any], grown: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Names and pictures."""
    measured = {
        each["name"]: each["median"]
        for result in found["results"]
        for each in result["measures"]
    }
    rates = [
        Bar(name, measured[name], f"{measured[name]:,.0f}")
        for name in ("bare", "bankhooks", "naive")
        if name in measured
    ]
    if rates:
        yield "designs", bars(CHARTS["designs"], rates)
    costs = [
        Bar(name, measured[name], f"{measured[name]:.0f} µs")
        for name in measured
        if name.endswith((" at drain", " live"))
    ]
    if costs:
        yield "cost", bars(CHARTS["cost"], costs)
    if grown:
        rows = [Bar(e["name"], e["rate"], f"{e['rate']:,.0f}") for e in grown]
        yield "growth", bars(CHARTS["growth"], rows)


if __name__ == "__main__":
    main()
