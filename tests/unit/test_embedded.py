"""The parts of the embedded services that start nothing."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
import kombu.exceptions
import psycopg2.extensions
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from apps.encryption.keyring import Keyring
from webhooks_project.embedded import ServiceError, Services, running_environment
from webhooks_project.embedded.errors import reason
from webhooks_project.embedded.folder import (
    ENVIRONMENT,
    owned,
    place,
    read_values,
    remove,
    spares,
    write_values,
)
from webhooks_project.embedded.keys import kept_keys
from webhooks_project.embedded.launcher import fill, one_line
from webhooks_project.embedded.postgres import Postgres, socket_home
from webhooks_project.embedded.processes import command_line, stop_leftover
from webhooks_project.embedded.redis import HOST, PORTS, free_port


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", "it said nothing"),
        ("one\n\ntwo\n", "two"),
        ("LOG:  hello\nFATAL:  no room\nHINT:  make some\n", "no room"),
        ("FATAL:  first\nPANIC:  second\nbye", "second"),
        ("initdb: error: cannot be run as root", "cannot be run as root"),
    ],
)
def test_the_reason_is_the_line_that_tells(output: str, expected: str) -> None:
    assert reason(output) == expected


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (ServiceError("Redis cannot\nstart."), "Redis cannot start."),
        (ImproperlyConfigured("Set\n it"), "The settings cannot be used"),
        (OperationalError("refused\n\tIs it up?"), "The database cannot be used: ref"),
        (kombu.exceptions.OperationalError("gone"), "The broker cannot be used: gone"),
    ],
)
def test_a_failure_is_one_line(error: Exception, start: str) -> None:
    line = one_line(error)
    assert line.startswith(start)
    assert "\n" not in line


def test_values_are_kept_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "values"
    values = {"A": "postgresql:///x?host=/y", "B": "with = and spaces"}
    write_values(path, {"A": "before"})
    write_values(path, values)
    assert read_values(path) == values
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["values"]


def test_keys_are_made_once_and_can_be_used(tmp_path: Path) -> None:
    keys = kept_keys(tmp_path / "new")
    assert kept_keys(tmp_path / "new") == keys
    assert kept_keys(tmp_path / "other") != keys
    assert (tmp_path / "new" / "secrets").stat().st_mode & 0o777 == 0o600
    ring = Keyring.parse((keys["WEBHOOKS_ENCRYPTION_KEYS"],))
    assert ring.open(ring.seal("secret", "here"), "here") == "secret"


def test_what_the_environment_has_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EMBEDDED_GIVEN", "given")
    monkeypatch.setenv("EMBEDDED_EMPTY", "")
    monkeypatch.setenv("EMBEDDED_MISSING", "")
    monkeypatch.delenv("EMBEDDED_MISSING")
    fill(dict.fromkeys(("EMBEDDED_GIVEN", "EMBEDDED_EMPTY"), "ours"))
    fill({"EMBEDDED_MISSING": "ours"})
    assert os.environ["EMBEDDED_GIVEN"] == "given"
    assert os.environ["EMBEDDED_EMPTY"] == "ours"
    assert os.environ["EMBEDDED_MISSING"] == "ours"


def test_given_urls_are_used_as_they_are(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://r/0"}
    with Services(tmp_path / "services", environment=given) as services:
        assert services.environment() == given
        with pytest.raises(ServiceError, match="not ours"):
            _ = services.postgres
        with pytest.raises(ServiceError, match="not ours"):
            _ = services.redis


@pytest.mark.parametrize("sockets", ["/tmp/plain", "/tmp/a b+c%d&e=f?g#h", "/tmp/é"])
def test_the_database_url_means_the_same_to_django_and_libpq(sockets: str) -> None:
    server = Postgres(
        programs=Path("/"),
        data=Path("/"),
        sockets=Path(sockets),
        log=Path("/"),
        account=None,
    )
    django = environ.Env.db_url_config(server.url)
    libpq = psycopg2.extensions.parse_dsn(server.url)
    assert django["OPTIONS"] == {"host": sockets}
    assert django["HOST"] == ""
    assert libpq == {"user": "bankhooks", "dbname": "bankhooks", "host": sockets}
    assert parse_qs(urlsplit(server.url).query) == {"host": [sockets]}


def test_a_socket_whose_path_is_too_long_goes_to_a_spare_folder(
    tmp_path: Path,
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    home = socket_home(long, None)
    assert home in spares(long)
    home.rmdir()


def test_a_spare_folder_of_somebody_elses_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "services"
    spares(folder)[0].symlink_to(tmp_path)
    with pytest.raises(ServiceError, match="belongs to somebody else"):
        place(folder, lambda home: home != folder)


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(ServiceError) as refused:
        owned(tmp_path, patience=0).__enter__()
    assert f"in use by process {os.getpid()}: stop it first" in str(refused.value)
    with owned(tmp_path, patience=0):
        pass


def test_the_state_of_an_owner_that_is_gone_is_not_believed(tmp_path: Path) -> None:
    assert running_environment(tmp_path) == {}
    with owned(tmp_path):
        write_values(tmp_path / ENVIRONMENT, {"A": "1"})
        assert running_environment(tmp_path) == {"A": "1"}
    assert running_environment(tmp_path) == {}


def test_a_stale_pid_harms_nobody(tmp_path: Path) -> None:
    innocent = os.getpid()
    (tmp_path / "postmaster.pid").write_text(f"{innocent}\n{tmp_path}\n")
    assert str(tmp_path) not in command_line(innocent)
    stop_leftover(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_a_free_port_is_none_that_clients_are_given() -> None:
    port = free_port()
    assert port in PORTS
    with socket.socket() as listener:
        listener.bind((HOST, port))


def test_two_may_remove_the_same_folder_at_once(tmp_path):
    folder = tmp_path / "test-1"
    for number in range(300):
        (folder / str(number % 10)).mkdir(parents=True, exist_ok=True)
        (folder / str(number % 10) / str(number)).touch()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(remove, [folder] * 4)) == [None] * 4
    assert not folder.exists()
