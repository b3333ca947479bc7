"""Auth providers: how a delivery proves who sends it."""

from __future__ import annotations

from typing import Any, Final

from apps.auth_providers.oauth_config import LONGEST_CREDENTIAL
from apps.auth_providers.providers import NAME_CHARACTERS
from apps.outbound.urls import LONGEST_URL
from apps.webhooks.openapi.shapes import (
    COUNT,
    GIVEN_INSTANT,
    ID,
    INSTANT,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    ref,
    text,
    told,
)

_NAME: Final = told(text(NAME_CHARACTERS), "Its name, which no other provider has.")
_GIVEN_NAME: Final = told(
    text(NAME_CHARACTERS),
    "A name of its own, printable; neither a number nor `null`.",
)
_SECRET: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{43}$",
    "description": "Shown in this reply, and nowhere ever after.",
}
_CREDENTIAL: Final = text(LONGEST_CREDENTIAL)
_PEM: Final = told(or_null(TEXT), "PEM; the pair goes together, null for both removes.")
_HMAC_CONFIG: Final = choice(
    send_user_token=told(TRUTH, "Send the user's token beside the signature.")
)
_OAUTH_SETTINGS: Final[dict[str, Schema]] = {
    "url": {
        "type": "string",
        "format": "uri",
        "maxLength": LONGEST_URL,
        "description": "The token endpoint.",
    },
    "client_id": _CREDENTIAL,
    "client_secret": _CREDENTIAL,
    "grant_type": one_of("client_credentials"),
    "public_cert": told(_PEM, "The client's certificate in PEM; null for none."),
    "private_cert": told(_PEM, "The certificate's key in PEM; null for none."),
}
_MANDATORY: Final = ("url", "client_id", "client_secret", "grant_type")


def _given(kind: str, config: Schema, *required: str) -> Schema:
    return choice(
        "type", "name", *required, type=one_of(kind), name=_GIVEN_NAME, config=config
    )


def _shown(kind: str, **more: Schema) -> Schema:
    return record(id=ID, type=one_of(kind), name=_NAME, **more)


SCHEMAS: Final[dict[str, Schema]] = {
    "AuthProvider": record(id=ID, type=one_of("hmac_signature", "oauth"), name=_NAME),
    "NewAuthProvider": {
        "oneOf": [
            _given("hmac_signature", or_null(_HMAC_CONFIG)),
            _given("oauth", choice(*_MANDATORY, **_OAUTH_SETTINGS), "config"),
        ]
    },
    "AuthProviderForm": told(
        record(type=one_of("hmac_signature", "oauth"), name=_GIVEN_NAME),
        "A form has no place for a `config`.",
    ),
    "AuthProviderChange": {
        "oneOf": [
            _given("hmac_signature", or_null(_HMAC_CONFIG)),
            _given("oauth", or_null(choice(**_OAUTH_SETTINGS))),
        ]
    },
    "CreatedAuthProvider": {
        "oneOf": [
            _shown("hmac_signature", config=record(secret_key=_SECRET)),
            _shown("oauth"),
        ]
    },
    "AuthProviderCondition": {
        "oneOf": [
            _shown("hmac_signature"),
            _shown("oauth", token=ref("OAuthToken"), warning=or_null(ref("Expiry"))),
        ]
    },
    "OAuthToken": record(
        state=told(one_of("ok", "failing"), "How the token server was, last asked."),
        refreshed=told(or_null(INSTANT), "When the token was got."),
        expires=or_null(INSTANT),
        failures=told(COUNT, "In a row."),
        error=told(or_null(text(32)), "What came of the last request, as a code."),
        next_try=told(or_null(INSTANT), "When the token server is asked again."),
    ),
    "Expiry": record(code=one_of("certificate_expiry"), message=TEXT),
    "Rotation": choice(
        at=told(
            or_null(GIVEN_INSTANT),
            "From when on the new secret signs, a year away at most; null: at once.",
        )
    ),
    "RotatedAuthProvider": _shown(
        "hmac_signature",
        config=record(secret_key=_SECRET),
        in_force=told(INSTANT, "From when on the new secret signs."),
    ),
}

HMAC_EXAMPLE: Final[dict[str, Any]] = {
    "id": 3,
    "type": "hmac_signature",
    "name": "billing",
}
OAUTH_EXAMPLE: Final[dict[str, Any]] = {
    "id": 4,
    "type": "oauth",
    "name": "ACME provider",
}
CREATED_EXAMPLE: Final = {**HMAC_EXAMPLE, "config": {"secret_key": "A" * 43}}
OAUTH_CONDITION_EXAMPLE: Final[dict[str, Any]] = {
    **OAUTH_EXAMPLE,
    "token": {
        "state": "ok",
        "refreshed": "2026-03-02T09:00:00.000Z",
        "expires": "2026-03-02T10:00:00.000Z",
        "failures": 0,
        "error": None,
        "next_try": None,
    },
    "warning": {
        "code": "certificate_expiry",
        "message": "The client certificate of the provider ACME provider expires "
        "on 2026-03-20.",
    },
}
GIVEN_HMAC_EXAMPLE: Final[dict[str, Any]] = {
    "type": "hmac_signature",
    "name": "shop",
}
GIVEN_OAUTH_EXAMPLE: Final[dict[str, Any]] = {
    "type": "oauth",
    "name": "ACME partner",
    "config": {
        "url": "https://auth.example.org/token",
        "client_id": "123456",
        "client_secret": "a secret of that server",
        "grant_type": "client_credentials",
    },
}
