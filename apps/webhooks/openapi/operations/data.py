"""`/webhooks/{id}/data`: what a webhook is to be told, and the bodies."""

from __future__ import annotations

from typing import Final

from apps.webhooks.api.deliveries import STATES
from apps.webhooks.api.parameters import MAX_ID
from apps.webhooks.formats.cfonb import CONTENT_TYPE
from apps.webhooks.openapi.operation import NO_STORE, Operation, Reply
from apps.webhooks.openapi.operations.webhooks import TAG
from apps.webhooks.openapi.parameters import BETWEEN, DATA, STRETCH, WEBHOOK, in_query
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.data import EXAMPLE
from apps.webhooks.openapi.shapes import TRUTH, one_of, record, ref, told, whole

_TOKENS: Final = ("config",)
_STATEMENT: Final = "\r\n".join(
    (
        f"{'0130004    00001EUR2 00000123456  150626':90}{'0000000001904}':30}",
        f"{'0730004    00001EUR2 00000123456  160626':90}{'0000000001904}':30}",
    )
)

OPERATIONS: Final = {
    "GET /webhooks/{id_webhook}/data": Operation(
        id="list_webhook_data",
        tag=TAG,
        summary="List a webhook's data",
        description="The newest first, or what came after an id. Ids are given before "
        "they can be read: who follows the list looks back at what is younger than the "
        "longest transaction, and at what was held.",
        tokens=_TOKENS,
        parameters=(
            WEBHOOK,
            *STRETCH,
            *BETWEEN,
            in_query("id_user", "Only events of this user.", whole(MAX_ID, 0)),
            in_query("state", "Only those in this state.", one_of(*STATES)),
        ),
        replies={
            200: Reply(
                description="A part of the list.",
                schema=record(
                    webhookdata={"type": "array", "items": ref("WebhookData")},
                    has_more=told(TRUTH, "There are others in the same direction."),
                ),
                example={"webhookdata": [EXAMPLE], "has_more": False},
            )
        },
        refusals=(BAD_LIMIT, NOT_ALLOWED, NO_WEBHOOK),
    ),
    "GET /webhooks/{id_webhook}/data/{id_data}/body": Operation(
        id="read_webhook_data_body",
        tag=TAG,
        summary="Read the body of a webhook data",
        description="To the byte what is sent and signed, before compression. It comes "
        "without any signature or token. Bodies are bank data of persons: each look at "
        "one is a row of the audit trail.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, DATA),
        replies={
            200: Reply(
                description="The body: JSON, or a CFONB 120 file.",
                schema={"type": "object"},
                example={"id_webhook_data": 1},
                text=(CONTENT_TYPE, _STATEMENT),
                headers=NO_STORE,
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            NOT_ALLOWED,
            Refusal("notFound", "The body of webhook data 1 was purged on 2026-04-08."),
        ),
    ),
}
