"""`/users/{id|me}/accounts` and `/users/{id|me}/subscriptions`."""

from __future__ import annotations

import dataclasses
from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.operations.connections import NO_CONNECTION
from apps.webhooks.openapi.operations.users import TOKENS, UNKNOWN
from apps.webhooks.openapi.parameters import (
    ACCOUNT,
    CONNECTION,
    EVERYTHING,
    PAGE,
    SUBSCRIPTION,
    USER,
)
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.connections import (
    ACCOUNT_EXAMPLE,
    SUBSCRIPTION_EXAMPLE,
)
from apps.webhooks.openapi.shapes import listing, ref

TAG: Final = "Accounts and subscriptions"
_BAD_TRUTH: Final = Refusal("invalidValue", "disabled must be true or false.")
_NO_TRUTH: Final = Refusal("missingParameter", "The parameter disabled is missing.")
_ENABLING: Final = Body(
    schema=ref("Enabling"),
    example={"disabled": False},
    more={"disable": {"disabled": True}},
    form={"disabled": "false"},
    form_schema=ref("EnablingForm"),
)

_ACCOUNTS: Final = Operation(
    id="list_accounts",
    tag=TAG,
    summary="List a user's bank accounts",
    description="Those that are enabled; with `all` the others too.",
    tokens=TOKENS,
    parameters=(USER, *PAGE),
    replies={
        200: Reply(
            description="A page of accounts.",
            schema=listing("accounts", ref("Account")),
            example={"accounts": [ACCOUNT_EXAMPLE], "total": 1},
        )
    },
    refusals=(BAD_LIMIT, NOT_ALLOWED, UNKNOWN),
)

OPERATIONS: Final = {
    "GET /users/{id_user}/accounts": _ACCOUNTS,
    "GET /users/{id_user}/connections/{id_connection}/accounts": dataclasses.replace(
        _ACCOUNTS,
        id="list_accounts_of_connection",
        summary="List a connection's bank accounts",
        parameters=(USER, CONNECTION, *PAGE),
        refusals=(BAD_LIMIT, NOT_ALLOWED, NO_CONNECTION),
    ),
    "GET /users/{id_user}/accounts/{id_account}": Operation(
        id="get_account",
        tag=TAG,
        summary="Read a bank account",
        description="As it was last seen, enabled or not.",
        tokens=TOKENS,
        parameters=(USER, ACCOUNT, EVERYTHING),
        replies={
            200: Reply(
                description="The account.",
                schema=ref("Account"),
                example=ACCOUNT_EXAMPLE,
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            NOT_ALLOWED,
            Refusal("notFound", "There is no account 21."),
        ),
    ),
    **alike(
        "/users/{id_user}/accounts/{id_account}",
        "PUT POST",
        Operation(
            id="enable_account",
            tag=TAG,
            summary="Enable or disable a bank account",
            description="A new account is disabled until its user wants it. A change "
            "is told, as `ACCOUNT_ENABLED` or `ACCOUNT_DISABLED`.",
            tokens=TOKENS,
            parameters=(USER, ACCOUNT, EVERYTHING),
            body=_ENABLING,
            replies={
                200: Reply(
                    description="The account as it is now.",
                    schema=ref("Account"),
                    example=ACCOUNT_EXAMPLE,
                )
            },
            refusals=(
                _NO_TRUTH,
                _BAD_TRUTH,
                NOT_ALLOWED,
                Refusal("notFound", "There is no account 21."),
            ),
        ),
    ),
    "GET /users/{id_user}/subscriptions": Operation(
        id="list_subscriptions",
        tag=TAG,
        summary="List a user's subscriptions",
        description="Those that are enabled; with `all` the others too.",
        tokens=TOKENS,
        parameters=(USER, *PAGE),
        replies={
            200: Reply(
                description="A page of subscriptions.",
                schema=listing("subscriptions", ref("Subscription")),
                example={"subscriptions": [SUBSCRIPTION_EXAMPLE], "total": 1},
            )
        },
        refusals=(BAD_LIMIT, NOT_ALLOWED, UNKNOWN),
    ),
    **alike(
        "/users/{id_user}/subscriptions/{id_subscription}",
        "PUT POST",
        Operation(
            id="enable_subscription",
            tag=TAG,
            summary="Enable or disable a subscription",
            description="A new subscription is disabled until its user wants it.",
            tokens=TOKENS,
            parameters=(USER, SUBSCRIPTION, EVERYTHING),
            body=_ENABLING,
            replies={
                200: Reply(
                    description="The subscription as it is now.",
                    schema=ref("Subscription"),
                    example=SUBSCRIPTION_EXAMPLE,
                )
            },
            refusals=(
                _NO_TRUTH,
                _BAD_TRUTH,
                NOT_ALLOWED,
                Refusal("notFound", "There is no subscription 31."),
            ),
        ),
    ),
}
