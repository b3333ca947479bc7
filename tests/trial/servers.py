"""PostgreSQL and Redis, as deploy/systemd.md sets them up."""

from __future__ import annotations

import os
import platform
import re
import shutil
from pathlib import Path
from typing import Final

from apps.webhooks.demo.processes import free_port, is_listening
from tests.trial.programs import Programs, program, run, server_user, until

ROLE: Final = "bankhooks"
SETTINGS: Final = {
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def start_postgresql(programs: Programs, password: str) -> str:
    """A server with `fsync` as it comes, a role and a database; the database's URL."""
    data = programs.folder / "postgresql"
    data.mkdir(mode=0o700)
    user = server_user()
    if user:
        shutil.chown(data, user)
    initdb = [program("initdb"), "-D", str(data), "--auth", "trust", "-U", "postgres"]
    run([*initdb, "--encoding", "UTF8", "--locale", "C.UTF-8"], user=user, cwd=data)
    (data / "pg_hba.conf").write_text(
        "host all postgres 127.0.0.1/32 trust\n"
        "host all bankhooks 127.0.0.1/32 scram-sha-256\n"
    )
    port = free_port(0)
    listen = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    programs.start(
        "postgresql",
        [program("postgres"), "-D", str(data), "-p", str(port), *listen],
        cwd=data,
        user=user,
    )
    until(lambda: is_listening(port), "PostgreSQL listens")
    statements = [f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'"]
    statements += [f"ALTER ROLE {ROLE} SET {n} = '{v}'" for n, v in SETTINGS.items()]
    statements += [f"CREATE DATABASE {ROLE} OWNER {ROLE}"]
    for statement in statements:
        psql = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-qc", statement]
        until_ready = [program("psql"), "-v", "ON_ERROR_STOP=1", *psql]
        run(until_ready, environment={"PATH": os.environ["PATH"]})
    return f"postgresql://{ROLE}@127.0.0.1:{port}/{ROLE}"


def start_redis(programs: Programs) -> str:
    """A server that evicts nothing; its URL."""
    folder = programs.folder / "redis"
    folder.mkdir()
    port = free_port(0)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    programs.start("redis", [program("redis-server"), *words])
    until(lambda: is_listening(port), "Redis listens")
    return f"redis://127.0.0.1:{port}/0"


def versions() -> str:
    """Of what is tried with, as each says it, and of this machine."""
    asked = {
        "PostgreSQL": [program("postgres"), "--version"],
        "Redis": [program("redis-server"), "--version"],
        "Prometheus": [program("prometheus"), "--version"],
        "Alertmanager": [program("prometheus-alertmanager"), "--version"],
    }
    told = [f"{name} {_number(run(command))}" for name, command in asked.items()]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{', '.join(told)}; {system}, {os.cpu_count()} cores"


def _number(text: str) -> str:
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else text.strip()


def folder_for_all(folder: Path) -> None:
    """PostgreSQL's own user must get to its data."""
    folder.chmod(0o755)
