"""The dashboard, the alerts and what scrapes: they name what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from apps.metrics.process import new_figures
from apps.webhooks.figures import DatabaseFigures
from apps.webhooks.heartbeats import needed_queues
from apps.webhooks.scrape import _about, families
from tests.deployment import BASE, DEPLOY, UNITS, Unit, pods

FOLDER = DEPLOY / "monitoring"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SCRAPES = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
PAGE = (DEPLOY / "monitoring.md").read_text()


def known() -> dict[str, set[tuple[str, str]]]:
    """Every sample's name, and what its labels are known to be."""
    registry = CollectorRegistry()
    figures = new_figures(registry)
    figures.attempts.labels("accepted")
    figures.token_refreshes.labels("renewed")
    figures.purged.labels("bodies")
    figures.refused_emissions.labels("backlog")
    zeros = DatabaseFigures(
        workers=dict.fromkeys(needed_queues(), 0),
        **{each.name: 0 for each in fields(DatabaseFigures) if each.name != "workers"},
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for family in (*registry.collect(), *families(zeros), *_about(up=True)):
        # When a counter was made: not kept where processes are added up.
        told = [each for each in family.samples if not each.name.endswith("_created")]
        for sample in told:
            found.setdefault(sample.name, set()).update(sample.labels.items())
    return found


KNOWN = known()


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of PromQL, and where it is."""
    for alert in ALERTS:
        yield alert["alert"], alert["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_names_what_there_is(where, expression):
    names = re.findall(r"bankhooks_\w+", expression)
    assert names or "up{" in expression
    assert [name for name in names if name not in KNOWN] == []
    for name, selector in re.findall(r"(bankhooks_\w+)\{(.*?)\}", expression):
        for label, value in re.findall(r'(\w+)="(.*?)"', selector):
            assert (label, value) in KNOWN[name]
    assert expression.count("(") == expression.count(")")


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_labels_that_are_grouped_by_are_there(where, expression):
    groups = re.findall(
        r"by \((\w+)\) \((?:rate|increase)?\(?(bankhooks_\w+)", expression
    )
    for label, name in groups:
        assert label in {each for each, _ in KNOWN[name]}


def test_an_expression_of_what_there_is_not_would_be_seen():
    assert "bankhooks_backlog" in KNOWN
    assert "bankhooks_backlogs" not in KNOWN


@pytest.mark.parametrize("alert", ALERTS, ids=lambda each: each["alert"])
def test_an_alert_says_what_is_wrong_and_how_to_mend_it(alert):
    assert alert["alert"].startswith("Bankhooks")
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"].keys() == {"summary", "mend"}


def test_alerts_have_names_of_their_own_and_are_on_the_page():
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names))
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_figure_is_on_the_page_with_its_meaning():
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in KNOWN}
    rows = set(re.findall(r"^\| `(bankhooks_\w+)", PAGE, re.MULTILINE))
    assert rows == bases


def test_every_figure_but_a_few_is_on_the_dashboard():
    text = json.dumps(DASHBOARD)
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in KNOWN}
    assert {name for name in bases if name not in text} == {"bankhooks_database_up"}


def test_panels_are_complete_and_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identifiers) == len(set(identifiers))
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${source}"
        assert panel["targets"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_prometheus_asks_the_units_where_they_serve():
    ports = {
        path.stem: unit.environment().get("WEBHOOKS_METRICS_PORT")
        for path in UNITS
        for unit in [Unit(path)]
    }
    expected = {name: f"127.0.0.1:{port}" for name, port in ports.items() if port}
    expected["bankhooks-web"] = "127.0.0.1:8000"
    told = {each["job_name"]: each["static_configs"][0]["targets"] for each in SCRAPES}
    assert told == {name: [target] for name, target in expected.items()}
    assert all("credentials_file" in each["authorization"] for each in SCRAPES)


def test_the_operator_asks_every_port_of_the_pods():
    monitor = yaml.safe_load((BASE.parent / "podmonitor.yaml").read_text())
    asked = {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]}
    served = {
        port["name"]
        for pod in pods().values()
        for container in pod["containers"]
        for port in container.get("ports", ())
    }
    assert asked == served
