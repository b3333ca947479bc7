"""The reference pages, from what they are about: nobody writes or forgets a line.

Settings from `.env.example`, commands from their parsers, operations from the
description of the API, figures from the code that keeps them, alerts from their rules.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import yaml
from django.apps import apps
from django.core.management import find_commands, load_command_class
from django.core.management.base import BaseCommand
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from apps.metrics.process import new_figures
from apps.webhooks.figures import DatabaseFigures
from apps.webhooks.scrape import _about, families

PROJECT: Final = Path(__file__).resolve().parents[2]
METHODS: Final = ("get", "post", "put", "patch", "delete")
_RULE: Final = "|---|---|---|"
_VARIABLE: Final = re.compile(r"#?([A-Z][A-Z0-9_]*)=(.*)")


def pages() -> dict[str, str]:
    """Markdown by path below docs/."""
    return {
        "reference/settings.md": settings(),
        "reference/commands.md": commands(),
        "reference/operations.md": operations(),
        "reference/metrics.md": metrics(),
    }


def settings() -> str:
    """A table for each section of `.env.example`."""
    text = ["# Settings\n", _intro(), ""]
    above: list[str] = []
    for line in _example()[_intro_lines() :]:
        if section := re.fullmatch(r"# --- (.*) ---", line):
            text += ["", f"## {section[1]}", "", "| variable | default | |", _RULE]
            above = []
        elif match := _VARIABLE.fullmatch(line):
            default = f"`{match[2]}`" if match[2] else ""
            if not line.startswith("#"):
                default = "required"
            text.append(f"| `{match[1]}` | {default} | {_cell(' '.join(above))} |")
            above = []
        elif line.startswith("# "):
            above.append(line[2:])
        else:
            above = []
    return "\n".join(text) + "\n"


def _example() -> list[str]:
    return (PROJECT / ".env.example").read_text().splitlines()


def _intro_lines() -> int:
    return next(i for i, line in enumerate(_example()) if line.startswith("# ---"))


def _intro() -> str:
    lines = _example()[: _intro_lines()]
    return " ".join(line.removeprefix("#").strip() for line in lines).strip()


def commands() -> str:
    """Each command of the project's apps, with its arguments."""
    text = ["# Commands\n", "`python manage.py COMMAND`; Django's own are there too.\n"]
    for name, command in sorted(_commands()):
        parser = command.create_parser("manage.py", name)
        text += [f"## {name}\n", f"{command.help}\n"]
        rows = [row for action in parser._actions if (row := _row(action))]
        if rows:
            text += ["| argument | |", "|---|---|", *rows, ""]
    return "\n".join(text) + "\n"


def _commands() -> Iterator[tuple[str, BaseCommand]]:
    for app in apps.get_app_configs():
        if app.name.startswith("apps."):
            for name in find_commands(str(Path(app.path) / "management")):
                yield name, load_command_class(app.name, name)


# What each of Django's commands has.
_USUAL: Final = {
    action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions
}


def _row(action: argparse.Action) -> str | None:
    if action.dest in _USUAL:
        return None
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    value = action.metavar or (action.dest if not names else None)
    if action.choices:
        value = " or ".join(map(str, action.choices))
    if action.nargs != 0 and value:
        names = f"{names} {value}".strip() if names else f"`{value}`"
    told = (action.help or "") % vars(action) if action.help else ""
    if names.startswith("`--") and action.default and "default" not in told:
        told = f"{told} (default: {action.default})".strip()
    return f"| {_cell(names)} | {_cell(told)} |"


def operations() -> str:
    """Each operation of the API, by tag."""
    document = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text())
    text = [
        "# Operations of the API\n",
        "Of `/openapi.json`, where everything about them is; the service shows it at",
        "`/docs`, and [the API](../api.md) leads through it.",
    ]
    found: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                row = _operation(path, method, operation)
                found.setdefault(operation["tags"][0], []).append(row)
    for tag, rows in found.items():
        text += ["", f"## {tag}", "", "| operation | | token |", "|---|---|---|", *rows]
    return "\n".join(text) + "\n"


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    kinds = sorted({kind for each in operation.get("security", []) for kind in each})
    tokens = ", ".join(kinds) or "none"
    name = f"`{method.upper()} {path}`"
    return f"| {name} | {_cell(operation['summary'])} | {tokens} |"


def metrics() -> str:
    """Each figure, and each alert."""
    text = [
        "# Figures and alerts\n",
        "What they mean is in [monitoring](../deploy/monitoring.md).\n",
    ]
    text += ["| figure | kind | labels | |", "|---|---|---|---|"]
    text += [_figure(each) for each in sorted(_figures(), key=lambda each: each.name)]
    text += ["", "| alert | when | for | what to do |", "|---|---|---|---|"]
    rules = yaml.safe_load(
        (PROJECT / "deploy" / "monitoring" / "alerts.yml").read_text()
    )
    for group in rules["groups"]:
        for rule in group["rules"]:
            when = _cell(" ".join(rule["expr"].split()))
            mend = _cell(rule["annotations"]["mend"])
            name, lasts = rule["alert"], rule.get("for", "")
            text.append(f"| `{name}` | `{when}` | {lasts} | {mend} |")
    return "\n".join(text) + "\n"


def _figures() -> Iterator[Metric]:
    registry = CollectorRegistry()
    kept = new_figures(registry)
    kept.attempts.labels("accepted")
    kept.token_refreshes.labels("renewed")
    zeros = {each.name: 0 for each in fields(DatabaseFigures) if each.name != "workers"}
    yield from registry.collect()
    yield from families(DatabaseFigures(workers={"pump": 0, "control": 0}, **zeros))
    yield from _about(up=True)


def _figure(family: Metric) -> str:
    name = family.name + ("_total" if family.type == "counter" else "")
    labels = sorted(
        {label for each in family.samples for label in each.labels} - {"le"}
    )
    told = ", ".join(f"`{label}`" for label in labels)
    return f"| `{name}` | {family.type} | {told} | {_cell(family.documentation)} |"


def _cell(text: str) -> str:
    """What would end a cell of a table does not."""
    return text.replace("|", "\\|")
