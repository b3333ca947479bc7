"""The compose file, the image and CI's script: what they name exists."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery import Celery
from django.conf import settings
from django.core.management import get_commands

from webhooks_project.celery import app

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (PROJECT / "deploy" / "Dockerfile").read_text()
IGNORED = (PROJECT / ".dockerignore").read_text().splitlines()
CI = PROJECT / ".ci" / "run"

ROLES = {"migrate", "web", "worker-pump", "worker-control", "beat", "receiver"}


def following(command: list[str], option: str) -> str:
    """The value of an option of a command."""
    return command[command.index(option) + 1]


def check_command(command: list[str]) -> None:
    """Assert that a command starts something that exists."""
    program, *arguments = command
    if program == "python":
        assert (PROJECT / arguments[0]).is_file()
        assert arguments[1] in get_commands()
    elif program == "gunicorn":
        assert callable(importlib.import_module(arguments[0]).application)
    else:
        assert program == "celery"
        package = importlib.import_module(following(arguments, "-A"))
        assert isinstance(package.celery_app, Celery)


def test_every_role_is_a_service():
    assert OURS.keys() == ROLES
    assert SERVICES.keys() == ROLES | {"postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_starts_what_exists(name):
    check_command(OURS[name]["command"])


def test_the_image_starts_what_exists():
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    check_command(yaml.safe_load(command))


def test_every_queue_has_a_worker():
    commands = [SERVICES[name]["command"] for name in ("worker-pump", "worker-control")]
    served = {following(command, "-Q") for command in commands}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert served == routed | {app.conf.task_default_queue}


@pytest.mark.parametrize("name", OURS)
def test_a_service_is_built_from_what_exists(name):
    build = OURS[name]["build"]
    assert (PROJECT / build["context"] / build["dockerfile"]).is_file()


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


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_a_service_that_stays_has_a_health_check(name):
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[0] in ("CMD", "CMD-SHELL")
    if test[1:3] == ["python", "-c"]:
        compile(test[3], name, "exec")


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_few_rights(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "ports" not in service or name == "web"


@pytest.mark.parametrize("name", ["postgres", "redis", "migrate", "beat"])
def test_what_need_not_go_out_cannot(name):
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"]


def test_every_setting_reaches_the_services():
    source = (PROJECT / "webhooks_project" / "settings.py").read_text()
    names = set(re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", source))
    for service in OURS.values():
        assert service["environment"].keys() == names


def test_a_worker_has_the_time_to_finish_what_is_in_flight():
    seconds = int(SERVICES["worker-pump"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= settings.WEBHOOKS_PUMP_RUN + 30


def test_the_image_copies_what_exists_and_is_not_ignored():
    sources = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    assert sources
    for source in sources:
        assert (PROJECT / source).exists()
        assert f"!{source}" in IGNORED


def test_the_image_is_not_run_as_root_and_takes_only_what_the_lock_names():
    *_, last = DOCKERFILE.split("\nFROM ")
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    (line,) = re.findall(r"pip install .*", DOCKERFILE)
    assert "--require-hashes -r /app/requirements.lock" in line


def test_the_script_of_ci_can_be_run():
    assert os.access(CI, os.X_OK)
    subprocess.run(["bash", "-n", CI], check=True)
    assert CI.read_text().rstrip().endswith("make lint\nmake test")


def test_hooks_are_local_and_their_programs_are_the_projects():
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    assert [each["repo"] for each in config["repos"]] == ["local"]
    makefile = (PROJECT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    for hook in config["repos"][0]["hooks"]:
        if hook["language"] == "system":
            program = shlex.split(hook["entry"])[:2]
            assert " ".join(program) in makefile
