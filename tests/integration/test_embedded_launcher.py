"""What `manage.py` does around Django, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import redis

from webhooks_project.embedded import discard

PROJECT = Path(__file__).resolve().parents[2]

NEEDED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WEBHOOKS_ENCRYPTION_KEYS")

HOSTING = """
import json, os, sys, time
from pathlib import Path
from webhooks_project.embedded import launcher
with launcher.hosting(Path(sys.argv[1], "dev"), fresh=False):
    print(json.dumps(dict(os.environ)), flush=True)
    time.sleep(600)
"""

ADOPTING = """
import json, os, sys
from pathlib import Path
from webhooks_project.embedded import launcher
launcher.adopt(Path(sys.argv[1]))
print(json.dumps(dict(os.environ)))
"""

CHECKING = """
import sys
from pathlib import Path
from webhooks_project.embedded import launcher
launcher.ROOT = Path(sys.argv[1])
sys.exit(launcher.main(["manage.py", "check"]))
"""


def bare(**variables: str) -> dict[str, str]:
    """This environment without what names services and keys."""
    kept = {name: value for name, value in os.environ.items() if name not in NEEDED}
    return kept | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the arguments to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=bare(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


UNREACHABLE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "test",
    "WEBHOOKS_ENCRYPTION_KEYS": "test1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_variable_is_one_line(missing: str, tmp_path: Path) -> None:
    given = {name: value for name, value in UNREACHABLE.items() if name != missing}
    done = run("-c", CHECKING, str(tmp_path), **given)
    assert done.returncode == 1
    assert done.stderr.startswith("The settings cannot be used")
    assert missing in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_one_line() -> None:
    done = run("manage.py", "migrate", **UNREACHABLE)
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: connection to server")
    assert done.stderr.count("\n") == 1


def test_a_traceback_is_shown_on_request() -> None:
    done = run("manage.py", "migrate", "--traceback", **UNREACHABLE)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr


def test_help_needs_nothing() -> None:
    done = run("manage.py", "migrate", "--help")
    assert done.returncode == 0
    assert "usage: manage.py migrate" in done.stdout


def test_a_terminal_uses_what_another_one_hosts_until_it_ends(tmp_path: Path) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOSTING, str(tmp_path)],
        cwd=PROJECT,
        env=bare(),
        stdout=subprocess.PIPE,
    )
    assert host.stdout is not None
    hosted = json.loads(host.stdout.readline())
    adopted = json.loads(run("-c", ADOPTING, str(tmp_path)).stdout)
    own = run("-c", ADOPTING, str(tmp_path), DATABASE_URL="postgresql://own/own")
    with closing(psycopg2.connect(hosted["DATABASE_URL"])):
        pass
    host.send_signal(signal.SIGTERM)
    host.communicate()
    after = json.loads(run("-c", ADOPTING, str(tmp_path)).stdout)
    discard(tmp_path / "dev")
    assert host.returncode == 128 + signal.SIGTERM
    assert {name: adopted[name] for name in NEEDED} == {
        name: hosted[name] for name in NEEDED
    }
    assert adopted["WEBHOOKS_ALLOWED_NETWORKS"] == "127.0.0.0/8"
    assert not set(NEEDED[1:]) & set(json.loads(own.stdout))
    assert not set(NEEDED) & set(after)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(hosted["DATABASE_URL"])
    with (
        redis.Redis.from_url(hosted["REDIS_URL"]) as client,
        pytest.raises(redis.exceptions.ConnectionError),
    ):
        client.ping()
