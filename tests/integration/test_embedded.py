"""The embedded PostgreSQL and Redis, really started, killed and recovered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import environ
import kombu
import psycopg2
import pytest
import redis

from webhooks_project.embedded import (
    ServiceError,
    Services,
    discard,
    running_environment,
)
from webhooks_project.embedded.folder import spares
from webhooks_project.embedded.processes import command_line

PROJECT = Path(__file__).resolve().parents[2]

OWNER = """
import sys
from pathlib import Path
from webhooks_project.embedded import Services
with Services(Path(sys.argv[1]), environment={}) as services:
    print(services.postgres.pid, services.redis.pid, flush=True)
    sys.stdin.read()
"""


def make_services(folder: Path, *, fresh: bool = False, keep: bool = True) -> Services:
    """Services that pay no attention to those of the test run."""
    settings = {"shared_buffers": "16MB"}
    return Services(
        folder, fresh=fresh, keep=keep, postgres_settings=settings, environment={}
    )


def ask(url: str, question: str) -> object:
    """The first value that the database answers."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]


def ping(url: str) -> bool:
    """Whether Redis answers."""
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


@contextmanager
def other_owner(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Another process that owns the folder, and its servers; gone after the block."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as owner:
        assert owner.stdout is not None
        yield owner, [int(pid) for pid in owner.stdout.readline().split()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an initialised cluster, for all tests of the module."""
    return tmp_path_factory.mktemp("embedded") / "services"


@pytest.fixture
def running(folder: Path) -> Iterator[Services]:
    """Services in that folder."""
    with make_services(folder) as services:
        yield services


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(folder: Path) -> Iterator[None]:
    """Root's clusters may be outside of pytest's folders."""
    yield
    discard(folder)
    assert not folder.exists()
    assert not any(spare.exists() for spare in spares(folder))


def test_every_client_understands_the_urls(running: Services) -> None:
    url = running.database_url
    assert str(ask(url, "SHOW server_version")).startswith("18.")
    assert environ.Env.db_url_config(url)["NAME"] == ask(
        url, "SELECT current_database()"
    )
    assert ping(running.redis_url)
    with kombu.Connection(running.redis_url) as connection:
        connection.ensure_connection(max_retries=1)


def test_the_database_is_as_durable_as_production(running: Services) -> None:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert ask(running.database_url, f"SHOW {name}") == "on"
    assert ask(running.database_url, "SHOW shared_buffers") == "16MB"
    assert ask(running.database_url, "SHOW listen_addresses") == ""


def test_a_wrong_password_is_refused(running: Services) -> None:
    with (
        redis.Redis.from_url(running.redis_url.replace("//:", "//:x")) as client,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        client.ping()


def test_other_terminals_find_the_services_while_they_run(folder: Path) -> None:
    with make_services(folder) as services:
        state = services.folder / "environment"
        assert state.stat().st_mode & 0o777 == 0o600
        assert running_environment(folder) == services.environment()
        pids = [services.postgres.pid, services.redis.pid]
    assert not state.exists()
    assert running_environment(folder) == {}
    assert [command_line(pid or 0) for pid in pids] == ["", ""]
    services.stop()


def test_data_is_kept_until_a_fresh_start(folder: Path) -> None:
    with make_services(folder) as services:
        ask(services.database_url, "CREATE TABLE kept (id int)")
    with make_services(folder) as services:
        assert ask(services.database_url, "SELECT to_regclass('kept')") == "kept"
    with make_services(folder, fresh=True) as services:
        assert ask(services.database_url, "SELECT to_regclass('kept')") is None


def test_a_second_owner_is_told_that_the_folder_is_in_use(running: Services) -> None:
    with pytest.raises(ServiceError, match=f"in use by process {os.getpid()}"):
        make_services(running.folder).__enter__()
    assert ping(running.redis_url)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_server_comes_back_on_the_same_url(running: Services, name: str) -> None:
    server = running.postgres if name == "postgres" else running.redis
    pids = {server.pid}
    for immediate in (True, False):
        server.restart(immediate=immediate)
        pids.add(server.pid)
    server.kill()
    assert server.pid is None
    server.stop()
    server.start()
    pids.add(server.pid)
    server.start()
    assert len(pids - {None}) == 4
    assert ask(running.database_url, "SELECT 1") == 1
    assert ping(running.redis_url)


def test_sessions_of_a_killed_server_do_not_keep_it_from_starting(
    running: Services,
) -> None:
    with closing(psycopg2.connect(running.database_url)) as connection:
        running.postgres.kill()
        running.postgres.start()
        with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert ask(running.database_url, "SELECT 1") == 1


def test_what_a_killed_owner_left_is_taken_over(folder: Path) -> None:
    with other_owner(folder) as (owner, pids):
        owner.kill()
    assert all(command_line(pid) for pid in pids)
    assert running_environment(folder) == {}
    with make_services(folder) as services:
        assert [command_line(pid) for pid in pids] == ["", ""]
        assert ask(services.database_url, "SELECT 1") == 1
        assert ping(services.redis_url)


def test_ctrl_c_reaches_the_owner_only(folder: Path) -> None:
    with other_owner(folder) as (owner, pids):
        os.killpg(owner.pid, signal.SIGINT)
        _, complaints = owner.communicate()
    assert b"KeyboardInterrupt" in complaints
    assert [command_line(pid) for pid in pids] == ["", ""]
    log = (folder / "postgres.log").read_text(encoding="utf-8")
    assert log.rstrip().endswith("database system is shut down")


def test_a_folder_that_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    # Longer than a socket's path may be, so that a spare folder is in use too.
    folder = tmp_path / ("long" * 25)
    with make_services(folder, keep=False) as services:
        assert ask(services.database_url, "SELECT 1") == 1
        assert any(spare.exists() for spare in spares(folder))
    assert not folder.exists()
    assert not any(spare.exists() for spare in spares(folder))


def test_a_server_that_cannot_start_says_why_in_one_line(folder: Path) -> None:
    wrong = {"shared_buffers": "nonsense"}
    with pytest.raises(ServiceError) as refused:
        Services(folder, postgres_settings=wrong, environment={}).__enter__()
    line = str(refused.value)
    assert line.startswith('PostgreSQL cannot start: invalid value for parameter "sh')
    assert line.endswith("or set DATABASE_URL.")
    assert "\n" not in line
    with make_services(folder) as services:
        assert services.redis.pid is not None
