"""The configuration, the log of its changes, and what users configure."""

from __future__ import annotations

from typing import Any, Final

from apps.configuration.keys import ALIASES, KEYS, MAX_VALUE_CHARACTERS
from apps.event_log.user_config import KEY_CHARACTERS, VALUE_CHARACTERS
from apps.event_log.user_config import KEYS as USER_KEYS
from apps.webhooks.openapi.shapes import (
    ID,
    INSTANT,
    TEXT,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    told,
)


def _given(most: int) -> Schema:
    """A value: numbers and booleans stand for their texts, null for none."""
    return {"type": ["string", "number", "boolean", "null"], "maxLength": most}


_VALUES: Final[dict[str, Schema]] = {
    name: {"type": "string", "default": key.default, "description": key.meaning}
    for name, key in KEYS.items()
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Config": record(**_VALUES),
    "ConfigPart": choice(**_VALUES),
    "ConfigChange": choice(
        **{
            name: told(_given(MAX_VALUE_CHARACTERS), f"{key.meaning}: {key.rule}")
            for name, key in KEYS.items()
        },
        **{
            alias: told(_given(MAX_VALUE_CHARACTERS), f"Another spelling of {name}.")
            for alias, name in ALIASES.items()
        },
    )
    | {"minProperties": 1},
    "ConfigLog": record(
        id=ID,
        key=one_of(*KEYS),
        previous_value=told(or_null(TEXT), "null: it had its default."),
        new_value=told(or_null(TEXT), "null: it has its default."),
        type=one_of("add", "update", "delete"),
        timestamp=INSTANT,
    ),
    "UserConfig": {
        "type": "object",
        "maxProperties": USER_KEYS,
        "propertyNames": {"minLength": 1, "maxLength": KEY_CHARACTERS},
        "additionalProperties": {"type": "string", "maxLength": VALUE_CHARACTERS},
    },
    "UserConfigChange": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"minLength": 1, "maxLength": KEY_CHARACTERS},
        "additionalProperties": _given(VALUE_CHARACTERS),
    },
}

EXAMPLE: Final[dict[str, Any]] = {name: key.default for name, key in KEYS.items()}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {
    "webhooks.compression.enabled": "1",
    "biapi.manager.email": "webhooks@example.com",
}
LOG_EXAMPLE: Final[dict[str, Any]] = {
    "id": 12,
    "key": "webhooks.compression.enabled",
    "previous_value": None,
    "new_value": "1",
    "type": "add",
    "timestamp": "2026-03-02T09:15:00.000Z",
}
USER_EXAMPLE: Final[dict[str, Any]] = {"branch": "Lyon", "tariff": "2"}
