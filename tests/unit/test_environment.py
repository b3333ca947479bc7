"""Settings come from the environment, or from files that it names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.deployment import PROJECT
from webhooks_project.environment import Environment, is_given

env = Environment()
SHOW = (
    "from django.conf import settings; print(settings.SECRET_KEY, "
    "settings.DATABASES['default']['PASSWORD'], settings.WEBHOOKS_ENCRYPTION_KEYS)"
)


def settings_with(**changes: str) -> subprocess.CompletedProcess[str]:
    """What a process of its own reads."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "webhooks_project.settings",
        "SECRET_KEY": "a key",
        "WEBHOOKS_ENCRYPTION_KEYS": "k1:abc",
        "DATABASE_URL": "postgresql://nobody:of-the-url@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=PROJECT,
        env=environment | changes,
        capture_output=True,
        text=True,
    )


def test_a_file_holds_a_value_and_goes_over_it(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("of the file\n")
    monkeypatch.setenv("EXAMPLE", "of the environment")
    assert env.str("EXAMPLE") == "of the environment"
    monkeypatch.setenv("EXAMPLE_FILE", str(file))
    assert env.str("EXAMPLE") == "of the file"
    file.write_text("a, b")
    assert env.list("EXAMPLE") == ["a", " b"]


def test_an_empty_name_of_a_file_is_none(monkeypatch):
    monkeypatch.setenv("EXAMPLE_FILE", "")
    assert env.str("EXAMPLE", default="of the settings") == "of the settings"
    assert not is_given("EXAMPLE")


def test_a_file_that_cannot_be_read_is_said_in_a_line(monkeypatch, tmp_path):
    monkeypatch.setenv("EXAMPLE_FILE", str(tmp_path / "none"))
    assert is_given("EXAMPLE")
    with pytest.raises(ImproperlyConfigured, match="EXAMPLE_FILE names a file"):
        env.str("EXAMPLE", default="of the settings")


def test_what_is_given_as_a_file_is_not_filled_in(monkeypatch):
    monkeypatch.setenv("EXAMPLE_FILE", os.devnull)
    assert is_given("EXAMPLE")


def test_the_settings_read_files(tmp_path):
    for name in ("secret", "password"):
        (tmp_path / name).write_text(f"{name} of a file\n")
    done = settings_with(
        SECRET_KEY_FILE=str(tmp_path / "secret"),
        DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
    )
    expected = "secret of a file password of a file ['k1:abc']\n"
    assert (done.stdout, done.stderr) == (expected, "")


def test_a_password_in_the_url_does_too():
    assert settings_with(DATABASE_PASSWORD="").stdout.startswith("a key of-the-url ")


@pytest.mark.parametrize("name", ["SECRET_KEY", "WEBHOOKS_ENCRYPTION_KEYS"])
def test_an_empty_key_is_refused(name):
    done = settings_with(**{name: ""})
    assert done.returncode != 0
    assert "must both be given" in done.stderr.splitlines()[-1]
