"""A text column that is readable in Python and sealed in the database."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models

from apps.encryption.keyring import Keyring


@lru_cache(maxsize=4)
def _parsed(entries: tuple[str, ...]) -> Keyring:
    return Keyring.parse(entries)


def keyring() -> Keyring:
    """The ring of the setting `WEBHOOKS_ENCRYPTION_KEYS`."""
    return _parsed(tuple(settings.WEBHOOKS_ENCRYPTION_KEYS))


def place(table: str, column: str) -> str:
    """What a sealed value is bound to."""
    return f"{table}.{column}"


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Seals on the way in, opens on the way out. Cannot be searched."""

    def _place(self) -> str:
        return place(self.model._meta.db_table, str(self.column))

    def get_prep_value(self, value: Any) -> Any:
        """Seal."""
        return None if value is None else keyring().seal(str(value), self._place())

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Open."""
        return None if value is None else keyring().open(value, self._place())
