"""End users, their tokens and their codes."""

from __future__ import annotations

from typing import Any, Final

from apps.api_tokens.models import ServiceScope
from apps.api_tokens.tokens import (
    CLIENT_MARK,
    CODE_MARK,
    RANDOM_BYTES,
    SERVICE_MARK,
    USER_MARK,
    token_text,
)
from apps.webhooks.openapi.shapes import (
    GIVEN_ID,
    ID,
    INSTANT,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    told,
    whole,
)

_NOTHING: Final = bytes(RANDOM_BYTES)
USER_TOKEN: Final = token_text(_NOTHING, USER_MARK)
SERVICE_TOKEN: Final = token_text(_NOTHING, SERVICE_MARK)
CODE: Final = token_text(_NOTHING, CODE_MARK)
CLIENT_SECRET: Final = token_text(_NOTHING, CLIENT_MARK)
CLIENT_ID: Final = "100000000000042"

_SECONDS: Final[Schema] = {"type": "integer", "minimum": 0}


def _secret(mark: str) -> Schema:
    return {"type": "string", "pattern": f"^{mark}[0-9A-Za-z]{{49}}$"}


_CLIENT_NUMBER: Final = whole(10**15 - 1, 10**14)
GIVEN_CLIENT: Final[dict[str, Schema]] = {
    "client_id": told(
        {"anyOf": [{"type": "string", "pattern": "^[0-9]{15}$"}, _CLIENT_NUMBER]},
        "The client's id: fifteen digits, as text or as a number.",
    ),
    "client_secret": told(TEXT, "The client's secret."),
}
_SCOPE: Final = "|".join(ServiceScope.values)
_GRANT: Final = one_of("client_credentials")

SCHEMAS: Final[dict[str, Schema]] = {
    "User": record(
        id=ID,
        signin=told(INSTANT, "When it was created."),
        type=one_of("temporary", "permanent"),
        expires=told(or_null(INSTANT), "When a temporary user is deleted."),
        deleted=or_null(INSTANT),
        erased=told(or_null(INSTANT), "When nothing of the person was left."),
    ),
    "Init": choice(**GIVEN_CLIENT)
    | {
        "dependentRequired": {
            "client_id": ["client_secret"],
            "client_secret": ["client_id"],
        }
    },
    "NewUser": record(
        auth_token=_secret(USER_MARK),
        type=one_of("temporary", "permanent"),
        id_user=ID,
        expires_in=told(or_null(_SECONDS), "Seconds; null: for ever."),
    ),
    "ServiceTokenRequest": record(
        grant_type=_GRANT,
        **GIVEN_CLIENT,
        scope={
            "type": "string",
            "pattern": f"^({_SCOPE})( ({_SCOPE}))*$",
            "description": "Scopes with a blank between them.",
        },
    ),
    "ServiceToken": record(token=_secret(SERVICE_MARK), scope=TEXT),
    "Code": record(
        code=_secret(CODE_MARK),
        type=one_of("temporary", "singleAccess"),
        access=one_of("standard", "single"),
        expires_in=_SECONDS,
    ),
    "CodeRequest": choice(type=or_null(one_of("singleAccess"))),
    "CodeExchange": choice(
        "client_id",
        "client_secret",
        "code",
        **GIVEN_CLIENT,
        code=TEXT,
        grant_type=or_null(one_of("authorization_code")),
    ),
    "Renewal": choice(
        "grant_type",
        "client_id",
        "client_secret",
        "id_user",
        grant_type=_GRANT,
        **GIVEN_CLIENT,
        id_user=GIVEN_ID,
        revoke_previous=told(TRUTH, "End the user's other permanent tokens."),
    ),
    "UserToken": record(access_token=_secret(USER_MARK), token_type=one_of("Bearer")),
}

CLIENT_EXAMPLE: Final[dict[str, Any]] = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}
USER_EXAMPLE: Final[dict[str, Any]] = {
    "id": 5,
    "signin": "2026-03-01T12:00:00.000Z",
    "type": "permanent",
    "expires": None,
    "deleted": None,
    "erased": None,
}
TEMPORARY_EXAMPLE: Final[dict[str, Any]] = {
    "auth_token": USER_TOKEN,
    "type": "temporary",
    "id_user": 6,
    "expires_in": 1800,
}
