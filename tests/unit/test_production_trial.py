"""The trial starts what deploy/ says; its page is of a run that held."""

from __future__ import annotations

import re

import pytest
import yaml

from apps.webhooks.demo.processes import free_port
from tests.deployment import PROJECT
from tests.trial import monitoring, servers, story
from tests.trial.programs import Programs, TrialFailed, program
from tests.trial.units import ROLES, Units

PAGE = (PROJECT / "docs" / "trial.md").read_text()


@pytest.fixture
def units(tmp_path) -> Units:
    with Programs(tmp_path) as programs:
        return Units(programs, {"REDIS_URL": "redis://127.0.0.1:1/0"})


@pytest.mark.parametrize("role", ROLES)
def test_a_process_of_the_trial_is_that_of_its_unit(units, role, tmp_path):
    ((_, _, *words),) = units._commands(role, "ExecStart")
    assert any("webhooks_project" in word for word in words)
    given = units.environment(role)
    assert given["SECRET_KEY_FILE"] == str(tmp_path / "secrets" / "secret_key")
    assert given["REDIS_URL"] == "redis://127.0.0.1:1/0"
    assert not any(value.startswith("%") for value in (*words, *given.values()))


@pytest.mark.parametrize("wait", [None, "4s"])
def test_prometheus_is_given_the_shipped_jobs_and_rules(tmp_path, wait):
    with Programs(tmp_path) as programs:
        ports = {role: free_port(0) for role in ROLES}
        asked = monitoring.Monitoring(programs, ports, tmp_path / "token", wait)
        config = asked._config(tmp_path / "alerts.yml")
        rules = yaml.safe_load(asked._rules())
    shipped = yaml.safe_load((monitoring.MONITORING / "alerts.yml").read_text())
    for group, other in zip(rules["groups"], shipped["groups"], strict=True):
        for rule, ours in zip(group["rules"], other["rules"], strict=True):
            assert rule["expr"] == ours["expr"]
            assert rule.get("for") == (
                wait if wait and "for" in ours else ours.get("for")
            )
    jobs = [job["static_configs"][0]["targets"] for job in config["scrape_configs"]]
    assert jobs == [[f"127.0.0.1:{ports[role]}"] for role in ("web", "pump", "control")]


def test_the_role_is_set_up_as_the_page_on_systemd_and_the_compose_file_have_it():
    page = (PROJECT / "deploy" / "systemd.md").read_text()
    compose = (PROJECT / "docker-compose.yml").read_text()
    for name, value in servers.SETTINGS.items():
        assert f"SET {name} = '{value}'" in page
        assert f"{name}={value}" in compose


def test_a_program_that_is_missing_is_named_with_its_package():
    with pytest.raises(TrialFailed, match=r"apt-get install .*prometheus"):
        program("no-such-program")


def test_the_page_is_of_a_run_that_held():
    assert f"{story.ALERT} fires" in PAGE
    assert "FULL=1" in PAGE
    assert re.search(r"lost 0 of \d+; doubled \d+; signatures", PAGE)
    assert PAGE.rstrip().endswith("doctor is content\n```")
