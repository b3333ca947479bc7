"""Explanations of deliveries and of events."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Operation, Reply
from apps.webhooks.openapi.operations import events, webhooks
from apps.webhooks.openapi.parameters import DATA, EVENT, WEBHOOK
from apps.webhooks.openapi.refusals import NO_SUCH_PARAMETER, NOT_ALLOWED, Refusal
from apps.webhooks.openapi.schemas.explanations import DELIVERY_EXAMPLE, EVENT_EXAMPLE
from apps.webhooks.openapi.shapes import ref

_TOKENS: Final = ("config",)

OPERATIONS: Final = {
    "GET /webhooks/{id_webhook}/data/{id_data}/explanation": Operation(
        id="explain_webhook_data",
        tag=webhooks.TAG,
        summary="Explain a webhook data",
        description="What became of it and why: held, cut off, without a token, in "
        "flight, delivered, cancelled; which limit holds it back, when it is tried "
        "next, and what to do. `manage.py explain` and the console say the same.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, DATA),
        replies={
            200: Reply(
                description="The explanation.",
                schema=ref("Explanation"),
                example=DELIVERY_EXAMPLE,
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            NOT_ALLOWED,
            Refusal("notFound", "Webhook 7 has no data 1."),
        ),
    ),
    "GET /events/{id_event}/explanation": Operation(
        id="explain_event",
        tag=events.TAG,
        summary="Explain an event",
        description="Which webhooks were told of it, what became of that, and why "
        "others were not told.",
        tokens=_TOKENS,
        parameters=(EVENT,),
        replies={
            200: Reply(
                description="The explanation.",
                schema=ref("Explanation"),
                example=EVENT_EXAMPLE,
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            NOT_ALLOWED,
            Refusal("notFound", "There is no event 1042."),
        ),
    ),
}
