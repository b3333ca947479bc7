"""`/webhooks/{id}/pause` and `/resume`."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply
from apps.webhooks.openapi.operations.webhooks import TAG
from apps.webhooks.openapi.parameters import WEBHOOK
from apps.webhooks.openapi.refusals import (
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.webhooks import (
    EXAMPLE,
    PAUSE_EXAMPLE,
    PAUSED_EXAMPLE,
)
from apps.webhooks.openapi.shapes import ref

_TOKENS: Final = ("config",)

OPERATIONS: Final = {
    "POST /webhooks/{id_webhook}/pause": Operation(
        id="pause_webhook",
        tag=TAG,
        summary="Pause a webhook",
        description="Nothing is sent to it, replays included, and what happens is "
        "recorded for it, until `until` or until it is resumed. What is in flight is "
        "finished. Again, with another end or note.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        body=Body(schema=ref("Pause"), example=PAUSE_EXAMPLE, required=False),
        replies={
            200: Reply(
                description="The webhook.",
                schema=ref("Webhook"),
                example=PAUSED_EXAMPLE,
            )
        },
        refusals=(
            Refusal("invalidValue", "until must be in the future."),
            NOT_ALLOWED,
            NO_WEBHOOK,
            Refusal("conflict", "Webhook 7 is deleted."),
        ),
    ),
    "POST /webhooks/{id_webhook}/resume": Operation(
        id="resume_webhook",
        tag=TAG,
        summary="Resume a webhook",
        description="What has gathered goes out: one request at first, and one more at "
        "a time with each success. One that is not paused stays as it is.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        replies={
            200: Reply(
                description="The webhook.", schema=ref("Webhook"), example=EXAMPLE
            )
        },
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK),
    ),
}
