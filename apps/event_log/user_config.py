"""A user's own configuration: free keys, which webhooks may copy into their data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.configuration.keys import InvalidValue
from apps.event_log.models import EndUser, UserConfig

KEY_CHARACTERS: Final = 100
VALUE_CHARACTERS: Final = 10_000
KEYS: Final = 100


def config_of(user: int) -> dict[str, str]:
    """A user's keys with their values, in the order of the keys."""
    entries = UserConfig.objects.filter(user=user).order_by("key")
    return dict(entries.values_list("key", "value"))


def change_config(user: int, changes: Mapping[str, object]) -> None:
    """Set a user's keys, all or none; None removes one. Raises `InvalidValue`."""
    wanted = {_key(key): _value(key, value) for key, value in changes.items()}
    with transaction.atomic():
        # One change at a time, or two could together pass the bound; and none for a
        # user who is being deleted.
        live = EndUser.objects.filter(pk=user, deleted_at__isnull=True)
        if not live.select_for_update(no_key=True).values_list("pk").first():
            return
        before = config_of(user)
        removed = [key for key, value in wanted.items() if value is None]
        UserConfig.objects.filter(user=user, key__in=removed).delete()
        for key, value in wanted.items():
            if value is not None:
                UserConfig.objects.update_or_create(
                    user_id=user, key=key, defaults={"value": value}
                )
        if UserConfig.objects.filter(user=user).count() > KEYS:
            raise InvalidValue(f"A user has at most {KEYS} keys.")
        was = {key: before.get(key) for key in wanted}
        record(Action.USER_CONFIG, user, old=was, new=wanted, hide=wanted)


def erase_config(users: Collection[int]) -> None:
    """Nothing is left of what users had configured."""
    UserConfig.objects.filter(user__in=users).delete()


def _key(key: str) -> str:
    if not 0 < len(key) <= KEY_CHARACTERS or not key.isprintable():
        raise InvalidValue(
            f"A key has 1 to {KEY_CHARACTERS} printable characters: {key[:80]!r}."
        )
    return key


def _value(key: str, value: object) -> str | None:
    """Values are text, as in the service's own configuration."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if not isinstance(value, str | int | float | Decimal):
        raise InvalidValue(f"{key} must be text.")
    text = str(value)
    if len(text) > VALUE_CHARACTERS:
        raise InvalidValue(f"{key} has more than {VALUE_CHARACTERS} characters.")
    return text
