"""The Dockerfile: the rules that a linter of Dockerfiles has, and a few of ours."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from tests.deployment import DOCKERFILE, PROJECT
from webhooks_project import __version__

IGNORED = (PROJECT / ".dockerignore").read_text().splitlines()


class Instruction(NamedTuple):
    """One instruction, continued lines joined."""

    stage: int
    name: str
    text: str


def instructions() -> list[Instruction]:
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M))
    found, stage = [], 0
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, text = line.partition(" ")
        stage += name == "FROM"
        found.append(Instruction(stage, name, " ".join(text.split())))
    return found


ALL = instructions()
LAST = max(each.stage for each in ALL)
FINAL = [each for each in ALL if each.stage == LAST]


def texts(name: str, among: list[Instruction] = ALL) -> list[str]:
    return [each.text for each in among if each.name == name]


def test_it_is_built_in_stages_from_a_base_that_can_be_pinned():
    (base,) = texts("ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-\w+", base)
    assert texts("FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_instructions_are_known_and_in_capitals():
    known = {"ARG", "FROM", "ENV", "RUN", "COPY", "WORKDIR", "LABEL", "USER"}
    assert {each.name for each in ALL} <= known | {"EXPOSE", "CMD"}


def test_it_does_not_run_as_root():
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", texts("USER", FINAL)[-1])
    assert [each.name for each in FINAL][-3:] == ["USER", "EXPOSE", "CMD"]


def test_only_what_the_runtime_lock_names_is_installed():
    installs = [run for run in texts("RUN") if "pip install" in run]
    assert installs == [
        "pip install --require-hashes --no-deps --only-binary :all: "
        "-r /app/requirements-runtime.lock"
    ]
    assert "PIP_NO_CACHE_DIR=1" in texts("ENV")[0]


def test_nothing_that_installs_is_left():
    assert any("pip uninstall --yes pip" in run for run in texts("RUN"))
    assert not re.search(r"\b(apt|apt-get|apk|curl|wget|sudo|ssh)\b", DOCKERFILE)


def test_the_last_stage_takes_the_result_and_nothing_else():
    copies = texts("COPY", FINAL)
    assert copies == [
        "--from=build /opt/bankhooks /opt/bankhooks",
        "--from=build /app /app",
    ]


def test_what_is_copied_exists_and_is_not_ignored():
    for text in texts("COPY"):
        if text.startswith("--from"):
            continue
        source = text.split()[0]
        assert (PROJECT / source).exists()
        assert f"!{source}" in IGNORED
    assert IGNORED[1] == "*"


def test_folders_are_absolute():
    assert all(text.startswith("/") for text in texts("WORKDIR"))
    assert "cd " not in " ".join(texts("RUN"))


def test_no_secret_is_kept_in_a_layer():
    for text in texts("ENV") + texts("ARG"):
        assert not re.search("SECRET|PASSWORD|TOKEN|KEYS", text)


def test_the_command_is_a_list_and_the_first_process():
    for text in texts("CMD"):
        assert json.loads(text)[0] == "gunicorn"


def test_labels_tell_the_version():
    (label,) = texts("LABEL")
    assert f'version="{__version__}"' in label
