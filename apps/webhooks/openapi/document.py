"""The document as a whole: what stands in it beside the operations."""

from __future__ import annotations

from typing import Any, Final

from apps.webhooks.openapi import deliveries
from apps.webhooks.openapi.operations import (
    accounts,
    additions,
    catalogue,
    config,
    connections,
    data,
    events,
    explanations,
    pauses,
    providers,
    replays,
    tokens,
    users,
    webhooks,
)
from apps.webhooks.openapi.refusals import PROBLEM, shared_responses
from apps.webhooks.openapi.schemas import catalogue as catalogue_schemas
from apps.webhooks.openapi.schemas import config as config_schemas
from apps.webhooks.openapi.schemas import connections as connection_schemas
from apps.webhooks.openapi.schemas import data as data_schemas
from apps.webhooks.openapi.schemas import events as event_schemas
from apps.webhooks.openapi.schemas import explanations as explanation_schemas
from apps.webhooks.openapi.schemas import providers as provider_schemas
from apps.webhooks.openapi.schemas import replays as replay_schemas
from apps.webhooks.openapi.schemas import users as user_schemas
from apps.webhooks.openapi.schemas import webhooks as webhook_schemas
from apps.webhooks.openapi.shapes import Schema
from apps.webhooks.openapi.tokens import SECURITY_SCHEMES

OPERATIONS: Final = {
    **webhooks.OPERATIONS,
    **data.OPERATIONS,
    **pauses.OPERATIONS,
    **additions.OPERATIONS,
    **catalogue.OPERATIONS,
    **replays.OPERATIONS,
    **providers.OPERATIONS,
    **events.OPERATIONS,
    **explanations.OPERATIONS,
    **users.OPERATIONS,
    **tokens.OPERATIONS,
    **connections.OPERATIONS,
    **accounts.OPERATIONS,
    **config.OPERATIONS,
}
_SCHEMAS: Final[dict[str, Schema]] = {
    "Error": PROBLEM,
    **webhook_schemas.SCHEMAS,
    **data_schemas.SCHEMAS,
    **replay_schemas.SCHEMAS,
    **catalogue_schemas.SCHEMAS,
    **provider_schemas.SCHEMAS,
    **event_schemas.SCHEMAS,
    **explanation_schemas.SCHEMAS,
    **user_schemas.SCHEMAS,
    **connection_schemas.SCHEMAS,
    **config_schemas.SCHEMAS,
}

_DESCRIPTION: Final = """\
Tells other systems over HTTP what has happened on a bank-data platform.

- **Prefixes.** The paths are served as they are, and below `/2.0/`.
- **Tokens.** `Authorization: Bearer TOKEN`; each operation names the kinds that do.
- **Parameters** of a body can also come in the query string, each once; unknown ones
  are refused. In forms and query strings `null`, `true` and `false` are written so.
- **Methods.** `PUT` and `POST` to a resource do the same.
- **Lists** are `{"<plural>": [...], "total": N}`, with `limit` and `offset`.
- **Instants** are UTC, with `Z`; one that is given without a zone is of Paris.
- **Errors** are `{"code", "description", "message", "request_id"}`. Branch on `code`.

What receivers are sent is at the end, and in the document under `webhooks`.
"""
_TAGS: Final = {
    webhooks.TAG: "Registrations: one event, one URL. And the log of their attempts.",
    providers.TAG: "How deliveries prove who sends them.",
    replays.TAG: "Send again what was sent, or what was missed.",
    additions.TAG: "What a webhook adds to its bodies, from its users' configuration.",
    catalogue.TAG: "The catalogue of events, and the way in over HTTP.",
    catalogue.TRIALS_TAG: "Make webhooks receive something.",
    users.TAG: "End users of the platform.",
    tokens.TAG: "Tokens of users and of services.",
    connections.TAG: "Users' connections to banks.",
    accounts.TAG: "What is behind connections.",
    config.TAG: "What is configured, and who changed it.",
    deliveries.TAG: "What receivers are sent.",
}
_HEADERS: Final[dict[str, Schema]] = {
    "RequestId": {
        "description": "The request's number in the service's log, and in errors.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "Challenge": {
        "description": "How to do better.",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer "},
    },
    "RetryAfter": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "NoStore": {
        "description": "No cache may keep it.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
}


def complete(result: Schema, **context: Any) -> Schema:
    """Add, at the end of drf-spectacular's work, what is not about one route."""
    return {
        **result,
        "info": {**result["info"], "description": _DESCRIPTION},
        "tags": [{"name": name, "description": _TAGS[name]} for name in _TAGS],
        "webhooks": deliveries.deliveries(),
        "components": {
            "schemas": dict(sorted((_SCHEMAS | deliveries.payload_schemas()).items())),
            "responses": shared_responses() | deliveries.RESPONSES,
            "parameters": deliveries.HEADERS,
            "headers": _HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
