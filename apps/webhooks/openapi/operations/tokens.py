"""`/auth`: the tokens of users and of services."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import NO_STORE, Body, Operation, Reply, alike
from apps.webhooks.openapi.parameters import in_query
from apps.webhooks.openapi.refusals import (
    NO_SUCH_PARAMETER,
    NOT_ALLOWED,
    TOO_MANY,
    Refusal,
)
from apps.webhooks.openapi.schemas.users import (
    CLIENT_EXAMPLE,
    CODE,
    SERVICE_TOKEN,
    TEMPORARY_EXAMPLE,
    USER_TOKEN,
)
from apps.webhooks.openapi.shapes import TEXT, one_of, ref

TAG: Final = "Tokens"
_BAD_CLIENT: Final = Refusal("unauthorized", "The client credentials are not valid.")
_NO_CLIENT: Final = Refusal(
    "missingParameter", "The parameter client_secret is missing."
)
_BAD_GRANT: Final = Refusal("invalidValue", "grant_type must be client_credentials.")
_SERVICE_EXAMPLE: Final = {
    "grant_type": "client_credentials",
    **CLIENT_EXAMPLE,
    "scope": "payments:admin",
}
_EXCHANGE_EXAMPLE: Final = {**CLIENT_EXAMPLE, "code": CODE}
_RENEWAL_EXAMPLE: Final = {
    "grant_type": "client_credentials",
    **CLIENT_EXAMPLE,
    "id_user": 5,
}
_USER_TOKEN: Final = Reply(
    description="A permanent token of the user.",
    schema=ref("UserToken"),
    example={"access_token": USER_TOKEN, "token_type": "Bearer"},
    headers=NO_STORE,
)
_CODE: Final = Reply(
    description="A code, for half an hour.",
    schema=ref("Code"),
    example={
        "code": CODE,
        "type": "temporary",
        "access": "standard",
        "expires_in": 1800,
    },
    headers=NO_STORE,
)
_EXCHANGE: Final = Operation(
    id="exchange_code",
    tag=TAG,
    summary="Exchange a code for a token",
    description="The token is permanent, and so is the user from now on: what was held "
    "for it is told. A code is good for one exchange.",
    body=Body(
        schema=ref("CodeExchange"), example=_EXCHANGE_EXAMPLE, form=_EXCHANGE_EXAMPLE
    ),
    replies={200: _USER_TOKEN},
    refusals=(
        Refusal("missingParameter", "The parameter code is missing."),
        Refusal("invalidValue", "grant_type must be authorization_code."),
        Refusal("invalidValue", "The code is wrong, used, or too old."),
        _BAD_CLIENT,
        TOO_MANY,
    ),
)

OPERATIONS: Final = {
    "POST /auth/init": Operation(
        id="create_user",
        tag=TAG,
        summary="Create a user",
        description="Without client credentials the user is temporary: it expires "
        "after half an hour, and what happens to it is held until a code of its is "
        "exchanged. With them it is permanent at once, and so is its token.",
        body=Body(
            schema=ref("Init"),
            example={},
            more={"permanent": CLIENT_EXAMPLE},
            form=CLIENT_EXAMPLE,
            required=False,
        ),
        replies={
            200: Reply(
                description="The user, and the token that acts for it.",
                schema=ref("NewUser"),
                example=TEMPORARY_EXAMPLE,
                more={
                    "permanent": {
                        **TEMPORARY_EXAMPLE,
                        "type": "permanent",
                        "expires_in": None,
                    }
                },
                headers=NO_STORE,
            )
        },
        refusals=(_NO_CLIENT, NO_SUCH_PARAMETER, _BAD_CLIENT, TOO_MANY),
    ),
    "POST /auth/token": Operation(
        id="create_service_token",
        tag=TAG,
        summary="Get a service token",
        description="For a client, with its credentials, for half an hour.",
        body=Body(
            schema=ref("ServiceTokenRequest"),
            example=_SERVICE_EXAMPLE,
            form=_SERVICE_EXAMPLE,
        ),
        replies={
            200: Reply(
                description="The token and its scopes.",
                schema=ref("ServiceToken"),
                example={"token": SERVICE_TOKEN, "scope": "payments:admin"},
                headers=NO_STORE,
            )
        },
        refusals=(_NO_CLIENT, _BAD_GRANT, _BAD_CLIENT, TOO_MANY),
    ),
    "DELETE /auth/token": Operation(
        id="revoke_token",
        tag=TAG,
        summary="Revoke the token of this request",
        description="Whichever kind it is of. If deliveries carried it they go without "
        "until the user's next permanent token.",
        tokens=("config", "users", "emission", "user", "service"),
        replies={204: Reply(description="It is revoked.")},
        refusals=(NO_SUCH_PARAMETER,),
    ),
    "GET /auth/token/code": Operation(
        id="create_code",
        tag=TAG,
        summary="Get a code",
        description="With a user's token: a code to exchange, once, for a permanent "
        "token of the same user.",
        tokens=("user",),
        parameters=(
            in_query(
                "type", "Said again in the reply.", one_of("singleAccess", "null")
            ),
        ),
        replies={200: _CODE},
        refusals=(
            Refusal("invalidValue", "type can be singleAccess only."),
            NOT_ALLOWED,
        ),
    ),
    "POST /auth/token/code": Operation(
        id="create_code_post",
        tag=TAG,
        summary="Get a code (POST)",
        description="Does what GET does.",
        tokens=("user",),
        body=Body(
            schema=ref("CodeRequest"),
            example={},
            more={"single": {"type": "singleAccess"}},
            form={"type": "singleAccess"},
            required=False,
        ),
        replies={200: _CODE},
        refusals=(
            Refusal("invalidValue", "type can be singleAccess only."),
            NOT_ALLOWED,
        ),
    ),
    **alike("/auth/token/access", "POST", _EXCHANGE),
    "GET /auth/token/access": Operation(
        id="exchange_code_get",
        tag=TAG,
        summary="Exchange a code for a token (GET)",
        description="Does what POST does, which is to be preferred: secrets in a query "
        "string end in logs.",
        parameters=(
            in_query("client_id", "The client's id.", TEXT, required=True),
            in_query("client_secret", "The client's secret.", TEXT, required=True),
            in_query("code", "The code.", TEXT, required=True),
            in_query(
                "grant_type", "May be said.", one_of("authorization_code", "null")
            ),
        ),
        replies={200: _USER_TOKEN},
        refusals=_EXCHANGE.refusals,
    ),
    "POST /auth/renew": Operation(
        id="renew_token",
        tag=TAG,
        summary="Get another token of a user",
        description="A permanent one, which deliveries carry from now on. The user's "
        "other tokens stay good; with `revoke_previous` they end.",
        body=Body(
            schema=ref("Renewal"),
            example=_RENEWAL_EXAMPLE,
            more={"alone": {**_RENEWAL_EXAMPLE, "revoke_previous": True}},
            form={
                **CLIENT_EXAMPLE,
                "grant_type": "client_credentials",
                "id_user": "5",
                "revoke_previous": "true",
            },
        ),
        replies={200: _USER_TOKEN},
        refusals=(
            Refusal("missingParameter", "The parameter id_user is missing."),
            _BAD_GRANT,
            _BAD_CLIENT,
            Refusal("notFound", "There is no user 5."),
            TOO_MANY,
        ),
    ),
}
