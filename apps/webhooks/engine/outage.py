"""Which errors of the database pass by themselves, and which are bugs."""

from __future__ import annotations

from django.db import DatabaseError, Error, InterfaceError, OperationalError


def is_outage(error: Error) -> bool:
    """True if the same statement may succeed on a fresh connection.

    A statement that the server refused has a class of its own. The plain base class
    is what psycopg2 raises when the server goes away in the middle of a statement.
    """
    passing = isinstance(error, OperationalError | InterfaceError)
    return passing or type(error) is DatabaseError
