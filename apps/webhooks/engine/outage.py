"""Which errors of the database pass by themselves, and which are bugs."""

from __future__ import annotations

from typing import Final

from django.db import DatabaseError, Error, InterfaceError, OperationalError

# A server that takes no changes for a while, as one that has just become a standby.
READ_ONLY: Final = "25006"


def is_outage(error: Error) -> bool:
    """True if the same statement may succeed on a fresh connection.

    A statement that the server refused has a class of its own. The plain base class
    is what psycopg2 raises when the server goes away in the middle of a statement.
    """
    passing = isinstance(error, OperationalError | InterfaceError)
    return passing or type(error) is DatabaseError or _is_read_only(error)


def _is_read_only(error: Error) -> bool:
    return getattr(error.__cause__, "pgcode", None) == READ_ONLY
