"""`.env.example` says what the settings read: variables, defaults, meanings."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, NamedTuple

import environ
import pytest

from webhooks_project import __version__

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = PROJECT / "webhooks_project" / "settings.py"
EXAMPLE = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
COMPOSE = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
LINE = re.compile(r"(#?)([A-Z][A-Z0-9_]*)=(.*)")
REQUIRED = object()


class Read(NamedTuple):
    """One `env.kind("NAME", default=...)` of the settings."""

    kind: str
    default: Any


def settings_reads() -> dict[str, Read]:
    """What the settings read from the environment."""
    tree = ast.parse(SETTINGS.read_text(encoding="utf-8"))
    reads = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id == "env":
            name = ast.literal_eval(node.args[0])
            reads[name] = Read(node.func.attr, default_of(node))
    return reads


def default_of(call: ast.Call) -> Any:
    """The default that a read gives, in production."""
    for keyword in call.keywords:
        if keyword.arg == "default":
            code = compile(ast.Expression(keyword.value), "settings.py", "eval")
            return eval(code, {"DEBUG": False, "__version__": __version__})
    return REQUIRED


def example_lines() -> dict[str, tuple[bool, str, str]]:
    """Whether each variable of the example is given, its value, the line above it."""
    return {
        match[2]: (not match[1], match[3], above)
        for above, line in zip(["", *EXAMPLE], EXAMPLE, strict=False)
        if (match := LINE.fullmatch(line))
    }


READS = settings_reads()
EXAMPLES = example_lines()
OF_COMPOSE = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE)) - READS.keys()


def test_every_setting_is_in_the_example_and_nothing_else():
    assert len(READS) > 30
    assert EXAMPLES.keys() - OF_COMPOSE == READS.keys()


def test_what_only_compose_reads_is_in_the_example_too():
    assert not OF_COMPOSE - EXAMPLES.keys()


@pytest.mark.parametrize("name", READS)
def test_the_example_shows_the_default(name, monkeypatch):
    kind, default = READS[name]
    given, text, _ = EXAMPLES[name]
    if default is REQUIRED:
        assert given
        assert text == ""
        return
    assert not given
    monkeypatch.setenv(name, text)
    if kind == "email_url":
        assert text == default
    else:
        assert getattr(environ.Env(), kind)(name) == default


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_variable_has_a_comment_above_it(name):
    _, _, above = EXAMPLES[name]
    assert re.fullmatch(r"# .{8,}", above)
