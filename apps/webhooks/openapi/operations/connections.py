"""`/users/{id|me}/connections`, and the test triggers."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.operations.catalogue import TRIALS_TAG
from apps.webhooks.openapi.operations.users import TOKENS, UNKNOWN
from apps.webhooks.openapi.parameters import CONNECTION, PAGE, USER
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.connections import (
    DELETED_EXAMPLE,
    EXAMPLE,
    NEW_EXAMPLE,
    WAITING_EXAMPLE,
)
from apps.webhooks.openapi.shapes import listing, ref

TAG: Final = "Connections"
NO_CONNECTION: Final = Refusal("notFound", "There is no connection 9.")
_LOCKED: Final = Refusal("connectionLocked", "The connection is being synchronised.")
_UP_TO_DATE: Final = Refusal("tooManySync", "The connection is up to date.")
_WAITING: Final = Reply(
    description="It waits for the user, who has to do something at the bank; `state` "
    "says what.",
    schema=ref("Connection"),
    example=WAITING_EXAMPLE,
)

SYNC: Final = Operation(
    id="test_webhooks",
    tag=TRIALS_TAG,
    summary="Synchronise a random connection",
    description="So that webhooks receive data: through the real path, with real "
    "deliveries.",
    tokens=("config",),
    replies={
        200: Reply(
            description="The connection.", schema=ref("Connection"), example=EXAMPLE
        )
    },
    refusals=(
        NO_SUCH_PARAMETER,
        NOT_ALLOWED,
        Refusal("conflict", "There is no connection to synchronise."),
        _LOCKED,
    ),
)

OPERATIONS: Final = {
    "GET /users/{id_user}/connections": Operation(
        id="list_connections",
        tag=TAG,
        summary="List a user's connections",
        description="Those that are not deleted; with `all` those too.",
        tokens=TOKENS,
        parameters=(USER, *PAGE),
        replies={
            200: Reply(
                description="A page of connections.",
                schema=listing("connections", ref("Connection")),
                example={"connections": [EXAMPLE], "total": 1},
            )
        },
        refusals=(
            BAD_LIMIT,
            NOT_ALLOWED,
            UNKNOWN,
        ),
    ),
    "POST /users/{id_user}/connections": Operation(
        id="create_connection",
        tag=TAG,
        summary="Connect to a bank",
        description="And synchronise: the answer comes when that has ended. Which "
        "credentials there are is the connector's to say; the sandbox wants `login` "
        "and takes `password`, `code`, `transactions`, `accounts` and "
        "`subscriptions`. A `login` that is the name of a state ends in it.",
        tokens=TOKENS,
        parameters=(USER,),
        body=Body(
            schema=ref("NewConnection"),
            example=NEW_EXAMPLE,
            more={"waiting": {**NEW_EXAMPLE, "login": "SCARequired"}},
            form=NEW_EXAMPLE,
        ),
        replies={
            201: Reply(
                description="The connection; `state` says how it went.",
                schema=ref("Connection"),
                example=EXAMPLE,
            ),
            202: _WAITING,
        },
        refusals=(
            Refusal("missingParameter", "The parameter login is missing."),
            Refusal("invalidValue", "There is no such connector."),
            NOT_ALLOWED,
            UNKNOWN,
            _LOCKED,
        ),
    ),
    "GET /users/{id_user}/connections/{id_connection}": Operation(
        id="get_connection",
        tag=TAG,
        summary="Read a connection",
        description="How it was when last synchronised.",
        tokens=TOKENS,
        parameters=(USER, CONNECTION),
        replies={
            200: Reply(
                description="The connection.", schema=ref("Connection"), example=EXAMPLE
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_CONNECTION),
    ),
    **alike(
        "/users/{id_user}/connections/{id_connection}",
        "PUT POST",
        Operation(
            id="synchronise_connection",
            tag=TAG,
            summary="Synchronise a connection",
            description="Now, with the credentials changed first if any are given. The "
            "answer comes when it has ended.",
            tokens=TOKENS,
            parameters=(USER, CONNECTION),
            body=Body(
                schema=ref("Credentials"),
                example={"code": "482915"},
                more={"as it is": {}},
                form={"code": "482915"},
                required=False,
            ),
            replies={
                200: Reply(
                    description="The connection; `state` says how it went.",
                    schema=ref("Connection"),
                    example=EXAMPLE,
                ),
                202: _WAITING,
            },
            refusals=(
                Refusal("invalidValue", "There is no parameter 'colour'."),
                NOT_ALLOWED,
                NO_CONNECTION,
                _LOCKED,
                _UP_TO_DATE,
            ),
        ),
    ),
    "DELETE /users/{id_user}/connections/{id_connection}": Operation(
        id="delete_connection",
        tag=TAG,
        summary="Delete a connection",
        description="Its credentials are erased, and `CONNECTION_DELETED` is told.",
        tokens=TOKENS,
        parameters=(USER, CONNECTION),
        replies={
            200: Reply(
                description="The connection, no longer active.",
                schema=ref("Connection"),
                example=DELETED_EXAMPLE,
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_CONNECTION),
    ),
    **alike("/test/webhooks", "POST", SYNC),
    "POST /test/sync": Operation(
        id="test_sync",
        tag=SYNC.tag,
        summary="Synchronise a random connection (/test/sync)",
        description=f"Does what `/test/webhooks` does. {SYNC.description}",
        tokens=SYNC.tokens,
        replies=SYNC.replies,
        refusals=SYNC.refusals,
    ),
}
