"""PostgreSQL array literals: one parameter for a column instead of one per value."""

from __future__ import annotations

from collections.abc import Sequence


def array(column: Sequence[object]) -> str:
    """Numbers, booleans, texts, bytes and None as the text of an array."""
    if not column:
        return "{}"
    first = column[0]
    if column.count(first) == len(column):
        # Most columns of most statements: the peer, the cause, what is not known.
        values = ",".join([_element(first)] * len(column))
    elif isinstance(first, int):
        values = ",".join(map(str, column)).replace("None", "NULL")
    else:
        values = ",".join([_element(value) for value in column])
    return "{" + values + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if not value:
        return '""'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    text = str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
