"""Sealing anew, with the newest key, what older keys of the ring have sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.apps import apps
from django.db import connection
from django.db.models import Field

from apps.encryption.fields import EncryptedTextField, keyring, place
from apps.encryption.keyring import KeyringError

ROWS_AT_ONCE: Final = 500
_OLD: Final = """
SELECT {key}, {column} FROM {table}
WHERE {column} IS NOT NULL AND split_part({column}, '.', 1) <> %s AND {key} > %s
ORDER BY {key} LIMIT %s
"""
# What somebody has changed meanwhile is sealed by that already.
_RESEAL: Final = "UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"
_COUNT: Final = """
SELECT count(*) FROM {table}
WHERE {column} IS NOT NULL AND split_part({column}, '.', 1) <> %s
"""


class Column(NamedTuple):
    """A column with secrets, and the table's key, which is a number."""

    table: str
    column: str
    key: str

    @property
    def name(self) -> str:
        """What a sealed value is bound to."""
        return place(self.table, self.column)

    def sql(self, statement: str) -> str:
        """A statement about it; the names are those of models."""
        quote = connection.ops.quote_name
        names = {name: quote(text) for name, text in self._asdict().items()}
        return statement.format(**names)


class Batch(NamedTuple):
    """Rows of a column that were looked at: `sealed` anew, and what does not open."""

    sealed: int
    broken: int


def columns() -> list[Column]:
    """Every column that is sealed."""
    return [
        Column(model._meta.db_table, str(field.column), _key(model._meta.pk))
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    ]


def sealed_with_older_keys(column: Column) -> int:
    """How many of its secrets."""
    with connection.cursor() as cursor:
        cursor.execute(column.sql(_COUNT), [keyring().primary])
        return int(cursor.fetchone()[0])


def seal_anew(column: Column) -> Iterator[Batch]:
    """Batch by batch, in the order of the table's key."""
    ring, after, full = keyring(), 0, True
    while full:
        with connection.cursor() as cursor:
            cursor.execute(column.sql(_OLD), [ring.primary, after, ROWS_AT_ONCE])
            rows = cursor.fetchall()
            changes, broken = [], 0
            for key, old in rows:
                try:
                    new = ring.seal(ring.open(old, column.name), column.name)
                except KeyringError:
                    broken += 1
                else:
                    changes.append((new, key, old))
            cursor.executemany(column.sql(_RESEAL), changes)
        yield Batch(len(changes), broken)
        full = len(rows) == ROWS_AT_ONCE
        after = rows[-1][0] if rows else after


def _key(field: Field | None) -> str:  # type: ignore[type-arg]
    assert field is not None
    return str(field.column)
