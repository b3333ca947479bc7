"""Connectors that go wrong, for tests of what the service makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from apps.connections.connectors.base import AccountSynced, ConnectionFacts, Phase
from apps.connections.connectors.sandbox import Sandbox
from apps.connections.models import Connection


class Crashed(Exception):
    """The process would be gone."""


class Crashing(Sandbox):
    """Dies before the phase of this number, so many times."""

    before: ClassVar[int] = 0
    times: ClassVar[int] = 0
    calls: ClassVar[int] = 0

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """As the sandbox, up to there."""
        cls = type(self)
        cls.calls += 1
        found = super().synchronise(connection, since=since, now=now)
        for number, phase in enumerate(found):
            if number == cls.before and cls.times > 0:
                cls.times -= 1
                raise Crashed
            yield phase


class Endless(Sandbox):
    """Tells more than may be sent."""

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """One account with a description of megabytes."""
        for phase in super().synchronise(connection, since=since, now=now):
            if isinstance(phase, AccountSynced):
                rows = [{**row, "comment": "x" * 1000} for row in phase.transactions]
                yield AccountSynced(account=phase.account, transactions=rows)
            else:
                yield phase


class Abandoned(Sandbox):
    """The user deletes the connection while the bank is being asked."""

    def synchronise(
        self, connection: ConnectionFacts, *, since: datetime | None, now: datetime
    ) -> Iterator[Phase]:
        """As the sandbox, but nobody waits for the rest."""
        found = super().synchronise(connection, since=since, now=now)
        yield next(found)
        Connection.objects.filter(pk=connection.id).update(deleted_at=now, fields=None)
        yield from found
