"""pgbouncer before a drill's database, in transaction mode."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import psycopg2

from tests.drills.drill import NotHere
from webhooks_project.embedded.account import Account, give, unprivileged
from webhooks_project.embedded.postgres import NAME
from webhooks_project.embedded.server import Server

PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
# Each transaction has another connection than the one before it, if it may.
_CONFIGURATION: Final = """
[databases]
{database} = host={server} port=5432 dbname={database} user={user}
[pgbouncer]
unix_socket_dir = {folder}
unix_socket_mode = 0700
listen_addr =
listen_port = 5432
auth_type = any
pool_mode = transaction
default_pool_size = {size}
server_round_robin = 1
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
"""


class Bouncer(Server):
    """One pgbouncer; `size` connections of it to the server at most."""

    title = "pgbouncer"
    variable = "DATABASE_URL"
    polite = signal.SIGINT
    abrupt = signal.SIGQUIT

    def __init__(self, folder: Path, url: str, size: int, account: Account | None):
        """`folder` is its own; `url` the database's."""
        super().__init__(log=folder / "log", account=account)
        place, _, server = url.partition("?host=")
        self._url = f"{place}?host={quote(str(folder))}"
        self._file = folder / "pgbouncer.ini"
        self._file.write_text(
            _CONFIGURATION.format(
                database=place.rpartition("/")[2],
                server=unquote(server),
                user=NAME,
                folder=folder,
                size=size,
            )
        )

    @property
    def url(self) -> str:
        """The database, through it."""
        return self._url

    def _command(self) -> list[str]:
        return [program(), str(self._file)]

    def _is_ready(self, pid: int) -> bool:
        try:
            psycopg2.connect(self._url).close()
        except psycopg2.OperationalError:
            return False
        return True


def program() -> str:
    """pgbouncer's path; raises `NotHere` where there is none."""
    found = shutil.which("pgbouncer", path=PLACES)
    if found is None:
        raise NotHere("There is no pgbouncer; apt-get install pgbouncer.")
    return found


@contextmanager
def before(url: str, size: int) -> Iterator[Bouncer]:
    """One that runs, before the database at `url`."""
    program()
    account = unprivileged()
    # A path for a socket must be short.
    folder = give(Path(tempfile.mkdtemp(prefix="drill-")), account)
    bouncer = Bouncer(folder, url, size, account)
    try:
        bouncer.start()
        yield bouncer
    finally:
        bouncer.stop()
        shutil.rmtree(folder)
