"""`/users`: end users and what is configured for each."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.parameters import FLAG, PAGE, USER, in_query
from apps.webhooks.openapi.refusals import (
    NO_SUCH_PARAMETER,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.config import USER_EXAMPLE as CONFIG_EXAMPLE
from apps.webhooks.openapi.schemas.users import USER_EXAMPLE
from apps.webhooks.openapi.shapes import listing, ref

TAG: Final = "Users"
# A user's own token for `me`, or an operator's for everybody.
TOKENS: Final = ("user", "users")
_CONFIG_TOKENS: Final = ("user", "config")
UNKNOWN: Final = Refusal("notFound")

OPERATIONS: Final = {
    "GET /users": Operation(
        id="list_users",
        tag=TAG,
        summary="List users",
        description="Those that are not deleted, in the order of their ids; with `all` "
        "those too.",
        tokens=("users",),
        parameters=PAGE,
        replies={
            200: Reply(
                description="A page of users.",
                schema=listing("users", ref("User")),
                example={"users": [USER_EXAMPLE], "total": 1},
            )
        },
        refusals=(
            Refusal(
                "invalidValue", "offset must be a whole number, 2147483647 at most."
            ),
            NOT_ALLOWED,
        ),
    ),
    "GET /users/{id_user}": Operation(
        id="get_user",
        tag=TAG,
        summary="Read a user",
        description="A user's own token sees no other user: the answer is 404.",
        tokens=TOKENS,
        parameters=(USER,),
        replies={
            200: Reply(
                description="The user.", schema=ref("User"), example=USER_EXAMPLE
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, UNKNOWN),
    ),
    "DELETE /users/{id_user}": Operation(
        id="delete_user",
        tag=TAG,
        summary="Delete a user",
        description="The user's tokens end, the connections are deleted, and "
        "`USER_DELETED` is told, with the user's token for the last time. With `erase` "
        "nothing of the person is kept and nobody is told: what is unsent is "
        "cancelled, and bodies, answers, tokens and connections go. A token for users "
        "erases those that are deleted already, and the erased again.",
        tokens=TOKENS,
        parameters=(USER, in_query("erase", "Leave nothing of the person.", FLAG)),
        replies={
            200: Reply(
                description="The user, deleted.",
                schema=ref("User"),
                example={**USER_EXAMPLE, "deleted": "2026-03-09T18:00:00.000Z"},
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            Refusal("invalidValue", "erase must be true or false."),
            NOT_ALLOWED,
            UNKNOWN,
        ),
    ),
    "GET /users/{id_user}/config": Operation(
        id="get_user_config",
        tag=TAG,
        summary="Read a user's configuration",
        description="Free keys with their values, which webhooks can copy into their "
        "data.",
        tokens=_CONFIG_TOKENS,
        parameters=(USER,),
        replies={
            200: Reply(
                description="Keys and their values.",
                schema=ref("UserConfig"),
                example=CONFIG_EXAMPLE,
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, UNKNOWN),
    ),
    **alike(
        "/users/{id_user}/config",
        "POST PUT",
        Operation(
            id="update_user_config",
            tag=TAG,
            summary="Change a user's configuration",
            description="All keys that are given, or none; null removes one. What is "
            "not given stays.",
            tokens=_CONFIG_TOKENS,
            parameters=(USER,),
            body=Body(
                schema=ref("UserConfigChange"),
                example={"branch": "Lyon"},
                more={"removal": {"tariff": None}},
                form={"branch": "Lyon"},
            ),
            replies={
                200: Reply(
                    description="The user's configuration as it is now.",
                    schema=ref("UserConfig"),
                    example=CONFIG_EXAMPLE,
                )
            },
            refusals=(
                Refusal("missingParameter", "Give keys and their values."),
                Refusal("invalidValue", "A user has at most 100 keys."),
                NOT_ALLOWED,
                UNKNOWN,
            ),
        ),
    ),
}
