"""What deploy/ and the compose file start, read from them: for tests."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PROJECT = Path(__file__).resolve().parents[1]
DEPLOY = PROJECT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
BASE = DEPLOY / "kubernetes" / "base"
# Where the units expect the release's programs.
BIN = "/opt/bankhooks/current/.venv/bin/"

# What others than the settings read: libpq, gunicorn, Python, PostgreSQL's image.
OF_OTHERS = {"PGOPTIONS", "WEB_CONCURRENCY", "PYTHONUNBUFFERED"}


class Command(NamedTuple):
    """A command line, and where it is written."""

    where: str
    line: tuple[str, ...]


class Unit(ConfigParser):
    """A systemd unit: the last of several equal keys wins, `every` has all."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.text = path.read_text()
        self.read_string(self.text)

    def every(self, key: str) -> list[str]:
        """The values of a key in all of the file."""
        return re.findall(rf"^{key}=(.*)$", self.text, re.MULTILINE)

    def environment(self) -> dict[str, str]:
        """The variables that the unit sets itself."""
        parts = [
            part for line in self.every("Environment") for part in shlex.split(line)
        ]
        return dict(part.split("=", 1) for part in parts)


def settings_names() -> set[str]:
    """The variables that the settings read."""
    source = (PROJECT / "webhooks_project" / "settings.py").read_text()
    return set(re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", source))


def is_known(variable: str) -> bool:
    """Whether anybody reads a variable that deploy/ names."""
    names = settings_names()
    return variable in names | OF_OTHERS or variable.removesuffix("_FILE") in names


def objects() -> list[dict[str, Any]]:
    """The objects of the kustomize base, as they are written."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    texts = [(BASE / name).read_text() for name in kustomization["resources"]]
    return [each for text in texts for each in yaml.safe_load_all(text)]


def pods() -> dict[str, dict[str, Any]]:
    """The pods of the base, by their role."""
    return {
        each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: (
            each["spec"]["template"]["spec"]
        )
        for each in objects()
        if each["kind"] in ("Deployment", "Job")
    }


def commands() -> Iterator[Command]:
    """Everything of ours that is started anywhere, health checks apart."""
    for name, service in OURS.items():
        yield Command(f"compose {name}", tuple(service["command"]))
    for command in re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE):
        yield Command("Dockerfile", tuple(json.loads(command)))
    for path in UNITS:
        unit = Unit(path)
        for line in unit.every("ExecStart") + unit.every("ExecStartPre"):
            words = shlex.split(line.replace("%%", "%"))
            yield Command(path.name, (words[0].removeprefix(BIN), *words[1:]))
    for role, pod in pods().items():
        for container in pod["containers"] + pod.get("initContainers", []):
            yield Command(f"{role}.yaml", tuple(container["command"]))
