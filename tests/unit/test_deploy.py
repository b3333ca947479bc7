"""The compose file, the image, secrets and CI's script: they fit together."""

from __future__ import annotations

import base64
import itertools
import os
import re
import shlex
import stat
import subprocess
import sys
from typing import Any

import pytest
import yaml
from django.conf import settings

from apps.encryption.keyring import Keyring
from tests.deployment import (
    COMPOSE,
    DEPLOY,
    OURS,
    PROJECT,
    SERVICES,
    is_known,
    settings_names,
)
from webhooks_project import __version__

OVERRIDE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.secrets.yml").read_text())
CI = PROJECT / ".ci" / "run"
NEW_SECRETS = DEPLOY / "new_secrets.py"

ROLES = {"migrate", "web", "worker-pump", "worker-control", "beat", "receiver"}
# What goes out, and what need not.
SENDERS = {"web", "worker-pump", "worker-control"}


def test_every_role_is_a_service():
    assert OURS.keys() == ROLES
    assert SERVICES.keys() == ROLES | {"postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_built_from_what_exists(name):
    build = OURS[name]["build"]
    assert (PROJECT / build["context"] / build["dockerfile"]).is_file()
    assert OURS[name]["image"] == f"bankhooks:{__version__}"


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_only(name):
    for port in SERVICES[name].get("ports", []):
        assert str(port).startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_it_needs(name):
    for other, wish in SERVICES[name].get("depends_on", {}).items():
        if wish["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        if wish["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(ROLES - {"migrate", "receiver"}))
def test_a_role_starts_on_a_healthy_migrated_database(name):
    assert SERVICES[name]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_a_service_that_stays_has_a_health_check(name):
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[0] in ("CMD", "CMD-SHELL")
    if test[1:3] == ["python", "-c"]:
        compile(test[3], name, "exec")
    if test[1].startswith("celery"):
        node = following(shlex.split(test[1]), "-d")
        assert node.split("@")[0] == name.removeprefix("worker-")
        assert following(SERVICES[name]["command"], "-n") == f"{node.split('@')[0]}@%h"


def following(command: list[str], option: str) -> str:
    """The value of an option of a command."""
    return command[command.index(option) + 1]


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_few_rights(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "volumes" not in service
    assert "ports" not in service or name == "web"


def test_a_way_out_is_not_a_way_to_the_servers():
    """PostgreSQL and Redis are on networks without a way out, and on no other."""
    networks = {name: set(each.get("networks", ())) for name, each in SERVICES.items()}
    assert networks["postgres"] == {"database"}
    assert networks["redis"] == {"bell"}
    assert COMPOSE["networks"]["database"]["internal"]
    assert COMPOSE["networks"]["bell"]["internal"]
    assert {name for name, each in networks.items() if "outside" in each} == SENDERS
    assert OURS["receiver"]["network_mode"] == "service:worker-pump"


@pytest.mark.parametrize("name", OURS)
def test_every_setting_reaches_the_services(name):
    given = OURS[name]["environment"].keys()
    # A port is for what serves nothing else.
    assert settings_names() - given <= {"WEBHOOKS_METRICS_PORT"}
    assert [each for each in given if not is_known(each)] == []


def test_no_secret_is_written_in_a_file():
    given = [each.get("environment", {}).items() for each in SERVICES.values()]
    secrets = [
        value
        for variable, value in itertools.chain.from_iterable(given)
        if re.search("KEYS?$|PASSWORD$|TOKEN$", variable)
    ]
    assert len(secrets) > 20
    assert {value for value in secrets if value and not value.startswith("${")} == set()


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"redis", "receiver"}))
def test_secrets_may_be_in_files(name):
    service = OVERRIDE["services"][name]
    for variable, path in service["environment"].items():
        assert variable.removesuffix("_FILE") in SERVICES[name]["environment"]
        assert path.removeprefix("/run/secrets/") in service["secrets"]
    for secret in service["secrets"]:
        assert OVERRIDE["secrets"][secret]["file"] == f"./secrets/{secret}"


def test_new_secrets_are_those_that_are_wanted_and_can_be_used(tmp_path):
    folder = tmp_path / "secrets"
    subprocess.run([sys.executable, NEW_SECRETS, folder], check=True)
    secrets = {path.name: path.read_text() for path in folder.iterdir()}
    assert secrets.keys() == OVERRIDE["secrets"].keys()
    assert len(secrets["secret_key"]) >= 50
    assert Keyring.parse([secrets["encryption_keys"]]).primary == "k1"
    assert len(base64.b64decode(secrets["encryption_keys"].partition(":")[2])) == 32
    assert re.fullmatch(r"[\w-]{32}", secrets["database_password"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_new_secrets_leave_old_ones_alone(tmp_path):
    for _ in range(2):
        subprocess.run([sys.executable, NEW_SECRETS, tmp_path], check=True)
        (tmp_path / "secret_key").chmod(0o644)
        (tmp_path / "secret_key").write_text("mine")
    assert (tmp_path / "secret_key").read_text() == "mine"


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"redis"}))
def test_a_service_has_the_time_to_finish_what_is_in_flight(name):
    seconds = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    # A webhook's own deadline may be 30.
    assert seconds >= 30 + settings.WEBHOOKS_SETTLE
    assert seconds > settings.CELERY_TASK_TIME_LIMIT


def test_the_script_of_ci_can_be_run():
    assert os.access(CI, os.X_OK)
    subprocess.run(["bash", "-n", CI], check=True)
    assert CI.read_text().rstrip().endswith("make lint\nmake test-release\nmake test")


def test_hooks_are_local_and_their_programs_are_the_projects():
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    assert [each["repo"] for each in config["repos"]] == ["local"]
    makefile = (PROJECT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    for hook in config["repos"][0]["hooks"]:
        if hook["language"] == "system":
            program = shlex.split(hook["entry"])[:2]
            assert " ".join(program) in makefile
