"""Parameters of paths and of query strings."""

from __future__ import annotations

from typing import Any, Final

from apps.webhooks.api.parameters import MAX_ID, MAX_LIMIT, MAX_OFFSET
from apps.webhooks.openapi.shapes import (
    GIVEN_ID,
    GIVEN_INSTANT,
    TEXT,
    Schema,
    one_of,
    whole,
)

FLAG: Final[Schema] = one_of("", "1", "true", "0", "false")


def in_path(name: str, description: str, schema: Schema, example: Any) -> Schema:
    """A part of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


def in_query(
    name: str, description: str, schema: Schema, *, required: bool = False
) -> Schema:
    """A part of the query string."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema,
    }


def in_header(
    name: str, description: str, schema: Schema, *, required: bool = False
) -> Schema:
    """A header of the request."""
    return {**in_query(name, description, schema, required=required), "in": "header"}


def numbered(name: str, of: str, example: int) -> Schema:
    """An id in the path."""
    return in_path(name, f"The {of}'s id.", GIVEN_ID, example)


WEBHOOK: Final = numbered("id_webhook", "webhook", 7)
DATA: Final = numbered("id_data", "webhook data", 1)
EVENT: Final = numbered("id_event", "event", 1042)
PROVIDER: Final = numbered("id_auth", "auth provider", 3)
CONNECTION: Final = numbered("id_connection", "connection", 9)
ACCOUNT: Final = numbered("id_account", "account", 21)
SUBSCRIPTION: Final = numbered("id_subscription", "subscription", 31)
USER: Final = in_path(
    "id_user",
    "The user's id, or `me`: the user whose token is sent.",
    {"type": "string", "pattern": "^(me|[0-9]{1,19})$"},
    "5",
)
EVERYTHING: Final = in_query(
    "all",
    "A flag, which needs no value: include what is disabled or deleted.",
    FLAG,
)
PAGE: Final = (
    in_query(
        "limit",
        "How many to return.",
        {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_LIMIT,
            "default": MAX_LIMIT,
        },
    ),
    in_query(
        "offset",
        "How many to leave out first.",
        {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    ),
    EVERYTHING,
    in_query("expand", "Taken and ignored: nothing is nested.", TEXT),
)
STRETCH: Final = (
    PAGE[0],
    in_query(
        "after",
        "An id: those that came after it, the oldest first.",
        whole(MAX_ID, 0),
    ),
    in_query("before", "An id: those that came before it.", whole(MAX_ID, 0)),
    PAGE[-1],
)
EXPAND: Final = in_query(
    "expand", "`webhook_event` nests the event of the catalogue.", TEXT
)
BETWEEN: Final = (
    in_query(
        "min_date",
        "The first day, or instant, to include. Without a zone: Paris.",
        GIVEN_INSTANT,
    ),
    in_query(
        "max_date",
        "The last day, or instant, to include. Without a zone: Paris.",
        GIVEN_INSTANT,
    ),
)
SEARCH: Final = in_query("search", "A part of the key's name.", TEXT)
FORCE: Final = in_query(
    "force",
    "Delete even what webhooks use; they stay, without a provider.",
    one_of("true", "1", "false", "0"),
)
