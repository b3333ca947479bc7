"""When a connection is due: pure rules (contract, 2.3)."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import Final

# The user is in the middle of it: the API answers 202.
INTERACTIVE: Final = frozenset(
    {
        "SCARequired",
        "webauthRequired",
        "additionalInformationNeeded",
        "decoupled",
        "validating",
    }
)
# Nothing to gain by trying again before the user has done something.
NEEDS_USER: Final = INTERACTIVE | {"actionNeeded", "passwordExpired", "notSupported"}
WRONGPASS: Final = "wrongpass"
# A bank that mistook itself is right again by then; a user who changed the password
# is not locked out by a try a week.
WRONGPASS_FIRST: Final = timedelta(hours=12)
WRONGPASS_NEXT: Final = timedelta(days=7)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def next_sync(
    connection: int,
    state: str | None,
    *,
    wrongpasses: int,
    period: timedelta,
    retry_wrongpass: bool,
    now: datetime,
) -> datetime | None:
    """When to synchronise next; None if only the user can bring that about.

    `wrongpasses` in a row, this one included.
    """
    if state in NEEDS_USER:
        return None
    if state == WRONGPASS:
        wait = WRONGPASS_FIRST if wrongpasses <= 1 else WRONGPASS_NEXT
        return now + wait if retry_wrongpass else None
    return next_slot(connection, period=period, now=now)


def next_slot(connection: int, *, period: timedelta, now: datetime) -> datetime:
    """The connection's own moment of the period, at least half a period from now.

    So connections are spread evenly, and one that the user has just synchronised is
    not synchronised again at once.
    """
    share = spread(connection)
    turns = (now + period / 2 - _EPOCH) / period
    return _EPOCH + period * (math.floor(turns - share) + 1 + share)


def spread(connection: int) -> float:
    """A number from 0 to 1 that a connection keeps for ever."""
    digest = hashlib.sha256(b"connection %d" % connection).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
