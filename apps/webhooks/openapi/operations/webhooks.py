"""`/webhooks`: registrations, and the log of their attempts."""

from __future__ import annotations

from typing import Final

from apps.webhooks.api.parameters import MAX_ID
from apps.webhooks.openapi.operation import Body, Operation, Reply, alike
from apps.webhooks.openapi.parameters import BETWEEN, EXPAND, PAGE, WEBHOOK, in_query
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.webhooks import (
    DELETED_EXAMPLE,
    EXAMPLE,
    GIVEN_EXAMPLE,
    LOG_EXAMPLE,
    NEW_EXAMPLE,
)
from apps.webhooks.openapi.shapes import listing, ref, whole

TAG: Final = "Webhooks"
_TOKENS: Final = ("config",)
_BAD_URL: Final = Refusal("invalidValue", "The URL must begin with https://.")
_BAD_DEADLINE: Final = Refusal(
    "invalidValue", "deadline must be an integer from 1 to 30."
)

OPERATIONS: Final = {
    "GET /webhooks": Operation(
        id="list_webhooks",
        tag=TAG,
        summary="List webhooks",
        description="Those that are not deleted, in the order of their ids; with `all` "
        "those too. Each says how it goes.",
        tokens=_TOKENS,
        parameters=(*PAGE[:-1], EXPAND),
        replies={
            200: Reply(
                description="A page of webhooks.",
                schema=listing("webhooks", ref("Webhook")),
                example={"webhooks": [EXAMPLE], "total": 1},
            )
        },
        refusals=(
            BAD_LIMIT,
            NOT_ALLOWED,
        ),
    ),
    "POST /webhooks": Operation(
        id="create_webhook",
        tag=TAG,
        summary="Register a webhook",
        description="One event, one URL. Without a `url` it is told nothing until one "
        "is set, and what happens before is not told later.",
        tokens=_TOKENS,
        parameters=(EXPAND,),
        body=Body(
            schema=ref("NewWebhook"),
            example=GIVEN_EXAMPLE,
            more={
                "everything": {
                    **GIVEN_EXAMPLE,
                    "id_user": 5,
                    "compression": True,
                    "deadline": 20,
                    "max_in_flight": 4,
                }
            },
            form={**GIVEN_EXAMPLE, "id_auth": "billing"},
        ),
        replies={
            200: Reply(
                description="The webhook.",
                schema=ref("Webhook"),
                example=NEW_EXAMPLE,
            )
        },
        refusals=(
            Refusal("missingParameter", "The parameter event is missing."),
            _BAD_URL,
            Refusal("invalidValue", "There is no such auth provider."),
            NOT_ALLOWED,
        ),
    ),
    "DELETE /webhooks": Operation(
        id="delete_webhooks",
        tag=TAG,
        summary="Delete all webhooks",
        description="What they have not received is cancelled, for good.",
        tokens=_TOKENS,
        replies={
            200: Reply(
                description="How many there were.",
                schema=ref("Total"),
                example={"total": 4},
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED),
    ),
    "GET /webhooks/{id_webhook}": Operation(
        id="get_webhook",
        tag=TAG,
        summary="Read a webhook",
        description="Deleted ones too.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, EXPAND),
        replies={
            200: Reply(
                description="The webhook.",
                schema=ref("Webhook"),
                example=EXAMPLE,
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK),
    ),
    **alike(
        "/webhooks/{id_webhook}",
        "PUT POST PATCH",
        Operation(
            id="update_webhook",
            tag=TAG,
            summary="Change a webhook",
            description="What is not given stays as it is.",
            tokens=_TOKENS,
            parameters=(WEBHOOK, EXPAND),
            body=Body(
                schema=ref("WebhookChange"),
                example={"url": "https://receiver.example.com/v2", "deadline": 20},
                more={"enable": {"deleted": None}},
                form={"url": "https://receiver.example.com/v2", "deadline": "20"},
                required=False,
            ),
            replies={
                200: Reply(
                    description="The webhook as it is now.",
                    schema=ref("Webhook"),
                    example={
                        **EXAMPLE,
                        "url": "https://receiver.example.com/v2",
                        "deadline": 20,
                    },
                )
            },
            refusals=(_BAD_URL, _BAD_DEADLINE, NOT_ALLOWED, NO_WEBHOOK),
        ),
    ),
    "DELETE /webhooks/{id_webhook}": Operation(
        id="delete_webhook",
        tag=TAG,
        summary="Delete a webhook",
        description="It is disabled, and what it has not received is cancelled, for "
        "good. Its log stays; `deleted: null` enables it again for events to come.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        replies={
            200: Reply(
                description="The webhook, disabled.",
                schema=ref("Webhook"),
                example=DELETED_EXAMPLE,
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK),
    ),
    "GET /webhooks/{id_webhook}/logs": Operation(
        id="list_webhook_logs",
        tag=TAG,
        summary="List a webhook's attempts",
        description="The newest first; those of the last 31 days unless `min_date` is "
        "given.",
        tokens=_TOKENS,
        parameters=(
            WEBHOOK,
            *PAGE,
            *BETWEEN,
            in_query("id_user", "Only events of this user.", whole(MAX_ID, 0)),
        ),
        replies={
            200: Reply(
                description="A page of attempts.",
                schema=listing("webhooklogs", ref("WebhookLog")),
                example={"webhooklogs": [LOG_EXAMPLE], "total": 1},
            )
        },
        refusals=(
            Refusal("invalidValue", "min_date must be a date."),
            NOT_ALLOWED,
            NO_WEBHOOK,
        ),
    ),
}
