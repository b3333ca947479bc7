"""`/webhooks/auth`: the auth providers that webhooks refer to."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.parameters import FORCE, PAGE, PROVIDER
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.providers import (
    CREATED_EXAMPLE,
    GIVEN_HMAC_EXAMPLE,
    GIVEN_OAUTH_EXAMPLE,
    HMAC_EXAMPLE,
    OAUTH_CONDITION_EXAMPLE,
    OAUTH_EXAMPLE,
)
from apps.webhooks.openapi.shapes import listing, ref

TAG: Final = "Auth providers"
_TOKENS: Final = ("config",)
_UNKNOWN: Final = Refusal("notFound", "There is no auth provider 3.")
_BAD_TYPE: Final = Refusal("invalidValue", "The type must be hmac_signature or oauth.")
_NO_NAME: Final = Refusal("missingParameter", "The parameter name is missing.")
_NAME_TAKEN: Final = Refusal("conflict", "There is an auth provider named shop.")
_IN_USE: Final = Refusal(
    "conflict", "A webhook is authenticated by the provider billing."
)
_BAD_FORCE: Final = Refusal("invalidValue", "force must be true or false.")

OPERATIONS: Final = {
    "GET /webhooks/auth": Operation(
        id="list_auth_providers",
        tag=TAG,
        summary="List auth providers",
        description="Their names and types. Secrets are never read back.",
        tokens=_TOKENS,
        parameters=PAGE,
        replies={
            200: Reply(
                description="A page of auth providers.",
                schema=listing("authproviders", ref("AuthProvider")),
                example={"authproviders": [HMAC_EXAMPLE, OAUTH_EXAMPLE], "total": 2},
            )
        },
        refusals=(
            BAD_LIMIT,
            NOT_ALLOWED,
        ),
    ),
    "POST /webhooks/auth": Operation(
        id="create_auth_provider",
        tag=TAG,
        summary="Create an auth provider",
        description="`hmac_signature` signs every delivery with a secret that the "
        "service makes: it is in this reply, and nowhere ever after. `oauth` sends an "
        "access token that the service gets from your authorization server with the "
        "grant type `client_credentials`.",
        tokens=_TOKENS,
        body=Body(
            schema=ref("NewAuthProvider"),
            example=GIVEN_HMAC_EXAMPLE,
            more={
                "with the user's token": {
                    **GIVEN_HMAC_EXAMPLE,
                    "config": {"send_user_token": True},
                },
                "oauth": GIVEN_OAUTH_EXAMPLE,
            },
            form=GIVEN_HMAC_EXAMPLE,
            form_schema=ref("AuthProviderForm"),
        ),
        replies={
            200: Reply(
                description="The provider, with the secret if the service made one.",
                schema=ref("CreatedAuthProvider"),
                example={**CREATED_EXAMPLE, "name": "shop"},
                more={"oauth": OAUTH_EXAMPLE},
            )
        },
        refusals=(_NO_NAME, _BAD_TYPE, NOT_ALLOWED, _NAME_TAKEN),
    ),
    "DELETE /webhooks/auth": Operation(
        id="delete_auth_providers",
        tag=TAG,
        summary="Delete all auth providers",
        description="All, or none while a webhook uses one of them. With `force` such "
        "webhooks stay, and carry the user's token from then on.",
        tokens=_TOKENS,
        parameters=(FORCE,),
        replies={
            200: Reply(
                description="How many there were.",
                schema=ref("Total"),
                example={"total": 2},
            )
        },
        refusals=(_BAD_FORCE, NOT_ALLOWED, _IN_USE),
    ),
    "GET /webhooks/auth/{id_auth}": Operation(
        id="get_auth_provider",
        tag=TAG,
        summary="Read an auth provider",
        description="Its name and type; of `oauth` also how its access token and its "
        "client certificate are.",
        tokens=_TOKENS,
        parameters=(PROVIDER,),
        replies={
            200: Reply(
                description="The provider.",
                schema=ref("AuthProviderCondition"),
                example=HMAC_EXAMPLE,
                more={"oauth": OAUTH_CONDITION_EXAMPLE},
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, _UNKNOWN),
    ),
    **alike(
        "/webhooks/auth/{id_auth}",
        "PUT POST",
        Operation(
            id="update_auth_provider",
            tag=TAG,
            summary="Change an auth provider",
            description="Rename it, or change what `config` gives; the rest of it "
            "stays, and so does a secret that the service made. The type cannot "
            "change.",
            tokens=_TOKENS,
            parameters=(PROVIDER,),
            body=Body(
                schema=ref("AuthProviderChange"),
                example={
                    "type": "hmac_signature",
                    "name": "invoices",
                    "config": {"send_user_token": True},
                },
                form={"type": "hmac_signature", "name": "invoices"},
                form_schema=ref("AuthProviderForm"),
            ),
            replies={
                200: Reply(
                    description="The provider.",
                    schema=ref("AuthProvider"),
                    example={**HMAC_EXAMPLE, "name": "invoices"},
                )
            },
            refusals=(
                _NO_NAME,
                Refusal("invalidValue", "A provider's type cannot change."),
                NOT_ALLOWED,
                _UNKNOWN,
                _NAME_TAKEN,
            ),
        ),
    ),
    "DELETE /webhooks/auth/{id_auth}": Operation(
        id="delete_auth_provider",
        tag=TAG,
        summary="Delete an auth provider",
        description="Refused while a webhook uses it. With `force` such webhooks stay, "
        "and carry the user's token from then on.",
        tokens=_TOKENS,
        parameters=(PROVIDER, FORCE),
        replies={
            200: Reply(
                description="The provider that was deleted.",
                schema=ref("AuthProvider"),
                example=HMAC_EXAMPLE,
            )
        },
        refusals=(_BAD_FORCE, NOT_ALLOWED, _UNKNOWN, _IN_USE),
    ),
    "POST /webhooks/auth/{id_auth}/rotate": Operation(
        id="rotate_auth_provider",
        tag=TAG,
        summary="Replace a secret",
        description="Another secret for a provider of type `hmac_signature`: it is in "
        "this reply, and nowhere ever after. It signs from `at` on. A rotation that is "
        "still to come is replaced.",
        tokens=_TOKENS,
        parameters=(PROVIDER,),
        body=Body(
            schema=ref("Rotation"),
            example={},
            more={"later": {"at": None}},
            form={"at": "null"},
            required=False,
        ),
        replies={
            200: Reply(
                description="The new secret, and from when on it signs.",
                schema=ref("RotatedAuthProvider"),
                example={**CREATED_EXAMPLE, "in_force": "2026-03-02T09:15:00.000Z"},
            )
        },
        refusals=(
            Refusal("invalidValue", "at is more than a year away."),
            NOT_ALLOWED,
            _UNKNOWN,
            Refusal(
                "conflict",
                "Only providers of type hmac_signature have a secret.",
            ),
        ),
    ),
}
