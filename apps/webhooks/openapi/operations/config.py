"""`/config`: the configuration and the log of its changes."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.parameters import BETWEEN, PAGE, SEARCH, in_query
from apps.webhooks.openapi.refusals import NO_SUCH_PARAMETER, NOT_ALLOWED, Refusal
from apps.webhooks.openapi.schemas.config import CHANGE_EXAMPLE, EXAMPLE, LOG_EXAMPLE
from apps.webhooks.openapi.shapes import listing, one_of, ref

TAG: Final = "Configuration"
_TOKENS: Final = ("config",)

OPERATIONS: Final = {
    "GET /config": Operation(
        id="get_config",
        tag=TAG,
        summary="Read the configuration",
        description="Key and value of each. With `search` those whose names it is a "
        "part of.",
        tokens=_TOKENS,
        parameters=(SEARCH,),
        replies={
            200: Reply(
                description="Keys and their values.",
                schema=ref("ConfigPart"),
                example=EXAMPLE,
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED),
    ),
    **alike(
        "/config",
        "POST PUT",
        Operation(
            id="update_config",
            tag=TAG,
            summary="Change the configuration",
            description="All keys that are given, or none. null puts one back to its "
            "default. All processes have heard of it within a second.",
            tokens=_TOKENS,
            body=Body(
                schema=ref("ConfigChange"),
                example=CHANGE_EXAMPLE,
                more={"default": {"webhooks.compression.enabled": None}},
                form=CHANGE_EXAMPLE,
            ),
            replies={
                200: Reply(
                    description="The configuration as it is now.",
                    schema=ref("Config"),
                    example=EXAMPLE | CHANGE_EXAMPLE,
                )
            },
            refusals=(
                Refusal("missingParameter", "Give keys and their values."),
                Refusal("invalidValue", "autosync.cfonb must be '0' or '1'."),
                Refusal("invalidValue", "There is no configuration key 'colour'."),
                NOT_ALLOWED,
            ),
        ),
    ),
    "GET /config/logs": Operation(
        id="list_config_logs",
        tag=TAG,
        summary="List changes of the configuration",
        description="The newest last.",
        tokens=_TOKENS,
        parameters=(
            SEARCH,
            in_query(
                "type", "Only such changes.", one_of("", "add", "update", "delete")
            ),
            *BETWEEN,
            *PAGE,
        ),
        replies={
            200: Reply(
                description="A page of changes.",
                schema=listing("configlogs", ref("ConfigLog")),
                example={"configlogs": [LOG_EXAMPLE], "total": 1},
            )
        },
        refusals=(
            Refusal("invalidValue", "type must be add, update or delete."),
            NOT_ALLOWED,
        ),
    ),
}
