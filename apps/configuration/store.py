"""Reading and changing the configuration."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.configuration.keys import KEYS, MANAGER_EMAIL, checked, find
from apps.configuration.models import ConfigEntry, ConfigLog

# How long a process may go on with what has been changed elsewhere.
REMEMBERED_SECONDS: Final = 1.0
_remembered: dict[str, str] = {}
_until = 0.0


def current() -> dict[str, str]:
    """All keys with their values, from the database."""
    stored = dict(ConfigEntry.objects.values_list("key", "value"))
    return {name: stored.get(name, key.default) for name, key in KEYS.items()}


def value(name: str) -> str:
    """One value, at most a second old."""
    global _remembered, _until
    now = time.monotonic()
    if now >= _until:
        _remembered, _until = current(), now + REMEMBERED_SECONDS
    return _remembered[name]


def is_on(name: str) -> bool:
    """One flag, at most a second old."""
    return value(name) == "1"


def change(changes: Mapping[str, object], *, actor: str) -> None:
    """Set keys, all or none; None puts one back to its default.

    Raises `UnknownKey` or `InvalidValue`. What does not change is not logged.
    """
    wanted = {
        find(name).name: None if new is None else checked(find(name), new)
        for name, new in changes.items()
    }
    with transaction.atomic():
        # One change at a time, or two could log the same previous value.
        entries = ConfigEntry.objects.select_for_update().order_by("key")
        before = {entry.key: entry.value for entry in entries}
        for name, new in wanted.items():
            _change(name, before.get(name), new, actor)
        was = {name: before.get(name) for name in wanted}
        record(Action.CONFIG_CHANGE, old=was, new=wanted, hide={MANAGER_EMAIL})
    forget()


def forget() -> None:
    """Read anew next time."""
    global _until
    _until = 0.0


def _change(name: str, before: str | None, new: str | None, actor: str) -> None:
    if new == before:
        return
    if new is None:
        kind = ConfigLog.Kind.DELETE
        ConfigEntry.objects.filter(key=name).delete()
    else:
        kind = ConfigLog.Kind.ADD if before is None else ConfigLog.Kind.UPDATE
        ConfigEntry.objects.update_or_create(key=name, defaults={"value": new})
    ConfigLog.objects.create(
        key=name, previous_value=before, new_value=new, type=kind, actor=actor
    )
