"""What the benchmark leaves: a table for people, a JSON file for comparison."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pycurl
from rich.console import Console
from rich.table import Table

from benchmarks.bench import PUMPS, WEBHOOKS, Bench
from benchmarks.ceiling import Ceiling
from benchmarks.drain import NAIVE_PROCESSES
from benchmarks.live import EMITTERS
from benchmarks.plan import Plan
from benchmarks.processes import ROOT
from benchmarks.targets import Measure, Result, figure

RESULTS: Final = Path(__file__).with_name("results")
SETTINGS: Final = "benchmarks.engine"
PACKAGES: Final = ("celery", "django", "psycopg2-binary", "pycurl", "redis", "requests")
# What decides how durable and how fast the database is.
POSTGRES: Final = ("server_version", "fsync", "synchronous_commit", "shared_buffers")


def show(results: Sequence[Result]) -> None:
    """The table: what was judged, then what explains it."""
    table = Table("target", "measure", "median", "bound", "rounds", "spread")
    for result in results:
        for criterion in result.criteria:
            sign = "≥" if criterion.at_least else "≤"
            bound = f"{sign} {criterion.bound:g}"
            _row(table, result.target, criterion.measure, bound)
        for measure in result.measures:
            _row(table, "", measure, "")
        table.add_section()
    Console().print(table)


def _row(table: Table, target: str, measure: Measure, bound: str) -> None:
    rounds = " ".join(map(figure, measure.rounds))
    middle = f"{figure(measure.median)} {measure.unit}"
    apart = f"{measure.spread:.0%}" if len(measure.rounds) > 1 else ""
    table.add_row(target, measure.name, middle, bound, rounds, apart)


def write(facts: dict[str, Any], plan: Plan, results: Sequence[Result]) -> Path:
    """Write the JSON file; where, as seen from the project."""
    now = datetime.now(UTC)
    document = {
        "date": now.isoformat(timespec="seconds"),
        **facts,
        "plan": asdict(plan),
        "results": [_result(result) for result in results],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%dT%H-%M-%S}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return path.relative_to(ROOT)


def facts(bench: Bench, top: Ceiling) -> dict[str, Any]:
    """Machine, versions, settings: without them numbers cannot be compared."""
    engine = bench.children.ours("settings", SETTINGS).hear()
    settings = {
        name: bench.rows(f"SHOW {name}")[0][0] for name in (*POSTGRES, "max_wal_size")
    }
    return {
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "system": f"{platform.system()} {platform.release()}",
            "load_before": os.getloadavg()[0],
        },
        "versions": {
            "python": platform.python_version(),
            "libcurl": pycurl.version,
            "redis-server": bench.broker.info("server")["redis_version"],
            **{name: version(name) for name in PACKAGES},
        },
        "settings": {
            "postgres": settings,
            "engine": engine,
            "pump_processes": PUMPS,
            "naive_processes": NAIVE_PROCESSES,
            "emitters": EMITTERS,
            "webhooks": WEBHOOKS,
        },
        "receiver": asdict(top),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _result(result: Result) -> dict[str, Any]:
    return {
        "target": result.target,
        "met": result.met,
        "line": result.line,
        "criteria": [
            {
                **_measure(each.measure),
                "bound": each.bound,
                "at_least": each.at_least,
                "met": each.met,
            }
            for each in result.criteria
        ],
        "measures": [_measure(each) for each in result.measures],
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        **asdict(measure),
        "median": measure.median,
        "spread": measure.spread,
    }
