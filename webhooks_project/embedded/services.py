"""PostgreSQL and Redis for as long as a `with` block lasts."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from webhooks_project.embedded import postgres as postgresql
from webhooks_project.embedded import processes, programs
from webhooks_project.embedded import redis as bell
from webhooks_project.embedded.account import give, unprivileged
from webhooks_project.embedded.errors import ServiceError
from webhooks_project.embedded.folder import (
    ENVIRONMENT,
    clear_spares,
    homes,
    owned,
    remove,
    write_values,
)
from webhooks_project.embedded.postgres import Postgres
from webhooks_project.embedded.redis import Redis

DATA = "postgres"


class Services:
    """Servers for whatever the environment does not name, in a folder of their own.

    `with Services(folder) as services:` starts them, writes the folder's state file
    for other terminals, and stops them at the end of the block, at the latest when
    the interpreter exits. `fresh` begins with empty data; without `keep` the folder
    is removed at the end. Raises `ServiceError`: nothing is left running then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fresh: bool = False,
        keep: bool = True,
        postgres_settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """`postgres_settings` go over the defaults of `postgres.SETTINGS`."""
        self.folder = folder.resolve()
        self._fresh = fresh
        self._keep = keep
        self._settings = postgres_settings
        self._given_database_url = environment.get("DATABASE_URL", "")
        self._given_redis_url = environment.get("REDIS_URL", "")
        self._postgres: Postgres | None = None
        self._redis: Redis | None = None
        self._owner = os.getpid()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start what is missing."""
        try:
            with ExitStack() as stack:
                self._start(stack)
                # Only now: until here, an interruption stops what was started.
                self._stack = stack.pop_all()
        except OSError as error:
            raise ServiceError(
                f"The services of {self.folder} cannot start: {error}."
            ) from error
        atexit.register(self.stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what was started."""
        self.stop()

    def stop(self) -> None:
        """Stop everything; harmless the second time, and in a forked child."""
        if os.getpid() == self._owner:
            atexit.unregister(self.stop)
            self._stack.close()

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL that was started."""
        if self._postgres is None:
            raise ServiceError("PostgreSQL is not ours: DATABASE_URL names another.")
        return self._postgres

    @property
    def redis(self) -> Redis:
        """The Redis that was started."""
        if self._redis is None:
            raise ServiceError("Redis is not ours: REDIS_URL names another.")
        return self._redis

    @property
    def database_url(self) -> str:
        """The one given or the one started."""
        return self._given_database_url or self.postgres.url

    @property
    def redis_url(self) -> str:
        """The one given or the one started."""
        return self._given_redis_url or self.redis.url

    def environment(self) -> dict[str, str]:
        """What the settings, and the service's processes, need to find them."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def _start(self, stack: ExitStack) -> None:
        stack.enter_context(owned(self.folder))
        recover(self.folder)
        if self._fresh:
            _wipe(self.folder)
        if not self._keep:
            stack.callback(remove, self.folder)
        if not self._given_database_url:
            self._postgres = self._make_postgres()
            stack.callback(self._postgres.stop, immediate=not self._keep)
            self._postgres.start()
        if not self._given_redis_url:
            self._redis = Redis(give(self.folder / "redis", None))
            stack.callback(self._redis.stop)
            self._redis.start()
        write_values(self.folder / ENVIRONMENT, self.environment())
        stack.callback((self.folder / ENVIRONMENT).unlink, missing_ok=True)

    def _make_postgres(self) -> Postgres:
        account = unprivileged()
        data = postgresql.data_home(self.folder, account) / DATA
        sockets = postgresql.socket_home(self.folder, account) / "run"
        binaries = programs.usable(self.folder, account)
        postgresql.initialise(binaries, data, account)
        return Postgres(
            programs=binaries,
            data=data,
            sockets=give(sockets, account),
            log=self.folder / "postgres.log",
            account=account,
            settings=self._settings,
        )


def recover(folder: Path) -> None:
    """Stop what an owner that was killed left running. The new owner's business."""
    (folder / ENVIRONMENT).unlink(missing_ok=True)
    for home in homes(folder):
        processes.stop_leftover(home / DATA)
    bell.stop_leftover(folder / "redis")


def discard(folder: Path) -> None:
    """Stop what a dead owner left in the folder and remove it.

    Raises `ServiceError` when its owner is alive.
    """
    with owned(folder, patience=0):
        recover(folder)
        remove(folder)


def _wipe(folder: Path) -> None:
    """Everything but the lock, which is held, and the keys of the folder."""
    clear_spares(folder)
    for path in (folder / DATA, folder / "run", folder / "redis"):
        if path.exists():
            shutil.rmtree(path)
    for path in folder.glob("*.log"):
        path.unlink()
