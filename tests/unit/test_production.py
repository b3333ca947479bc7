"""`manage.py check --deploy` with the settings of a deployment."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.deployment import DEPLOY, PROJECT


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict[str, str]:
    """As deploy/systemd has it: new secrets in files, and the environment file."""
    folder = tmp_path_factory.mktemp("production") / "secrets"
    subprocess.run([sys.executable, DEPLOY / "new_secrets.py", folder], check=True)
    lines = (DEPLOY / "systemd" / "bankhooks.env").read_text().splitlines()
    environment = dict(
        line.split("=", 1) for line in lines if line and not line.startswith("#")
    )
    return environment | {
        "SECRET_KEY_FILE": str(folder / "secret_key"),
        "WEBHOOKS_ENCRYPTION_KEYS_FILE": str(folder / "encryption_keys"),
        "DATABASE_PASSWORD_FILE": str(folder / "database_password"),
        "WEBHOOKS_METRICS_TOKEN_FILE": str(folder / "metrics_token"),
    }


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_a_deployment_has_nothing_to_be_warned_of(production):
    done = check(production)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"HTTPS_ONLY": "false"}, "security.W008"),
        ({"DEBUG": "true"}, "security.W018"),
        ({"ALLOWED_HOSTS": ""}, "security.W020"),
        ({"WEBHOOKS_ALLOW_HTTP": "true"}, "webhooks.W002"),
        ({"SECRET_KEY_FILE": "", "SECRET_KEY": "short"}, "webhooks.E004"),
        ({"WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8"}, "webhooks.E006"),
    ],
)
def test_what_is_not_fit_for_it_is_said(production, changes, identifier):
    done = check(production | changes)
    assert done.returncode == 1
    assert identifier in done.stderr
