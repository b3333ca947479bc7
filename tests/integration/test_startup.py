"""What cannot be used is said in a line, and nothing starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CELERY = ("celery", "-q", "-A", "webhooks_project")
GUNICORN = ("gunicorn", "-c", "python:webhooks_project.gunicorn_config")
ROLES = {
    "pump": (*CELERY, "worker", "-Q", "pump"),
    "beat": (*CELERY, "beat"),
    "web": (*GUNICORN, "-b", "127.0.0.1:0"),
}


@pytest.mark.parametrize("role", ROLES)
def test_without_a_key_nothing_starts(role):
    surroundings = {**os.environ, "WEB_CONCURRENCY": "1"}
    del surroundings["WEBHOOKS_ENCRYPTION_KEYS"]
    ended = subprocess.run(
        [sys.executable, "-m", *ROLES[role]],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    lines = [line for line in ended.stderr.splitlines() if "settings" in line]
    assert lines == [
        "The settings cannot be used (see .env.example): "
        "Set the WEBHOOKS_ENCRYPTION_KEYS environment variable"
    ]
    assert "Traceback" not in ended.stderr
