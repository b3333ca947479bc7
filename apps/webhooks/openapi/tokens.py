"""The kinds of token, as the document's `securitySchemes`."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.shapes import Schema

_OPERATOR: Final = "An operator's token: `manage.py create_token NAME --scope {scope}`."


def _bearer(description: str) -> Schema:
    return {"type": "http", "scheme": "bearer", "description": description}


SECURITY_SCHEMES: Final[dict[str, Schema]] = {
    "config": _bearer(
        _OPERATOR.format(scope="config")
        + " Webhooks, auth providers, the configuration, and that of users."
    ),
    "users": _bearer(_OPERATOR.format(scope="users") + " Seeing and deleting users."),
    "emission": _bearer(_OPERATOR.format(scope="emit") + " `POST /events`."),
    "user": _bearer(
        "A user's own token, from `POST /auth/init`, `/auth/token/access` or "
        "`/auth/renew`. It acts for that user alone, whose id is also `me`."
    ),
    "service": _bearer(
        "A client's token, from `POST /auth/token` with the grant type "
        "`client_credentials`; `client_id` and `client_secret` are parameters there, "
        "and come from `manage.py create_client NAME`."
    ),
    "deliveredUserToken": _bearer(
        "On deliveries, without an auth provider: the token of the event's user."
    ),
    "deliveredAccessToken": _bearer(
        "On deliveries, with a provider of type `oauth`: the access token that your "
        "authorization server gave."
    ),
    "deliveredSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "BI-Signature",
        "description": "On deliveries, with a provider of type `hmac_signature`: "
        'BASE64(HMAC-SHA256(secret_key, METHOD "." path "." BI-Signature-Date "." '
        "body)), over the body before gzip.",
    },
}
