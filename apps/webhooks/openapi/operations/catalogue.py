"""`/webhooks_events`, and test deliveries."""

from __future__ import annotations

from typing import Final

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.openapi.operation import NO_STORE, Body, Operation, Reply
from apps.webhooks.openapi.parameters import PAGE, WEBHOOK, in_path
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.catalogue import EVENT_EXAMPLE, TRIAL_EXAMPLE
from apps.webhooks.openapi.shapes import listing, one_of, ref

TAG: Final = "Events"
TRIALS_TAG: Final = "Tests"
_TOKENS: Final = ("config",)

OPERATIONS: Final = {
    "GET /webhooks_events": Operation(
        id="list_event_types",
        tag=TAG,
        summary="List the events",
        description="That webhooks can be registered to: what each tells, when it "
        "fires, the JSON Schema of its payload and a sample.",
        tokens=_TOKENS,
        parameters=PAGE,
        replies={
            200: Reply(
                description="A page of events.",
                schema=listing("webhooks_events", ref("EventType")),
                example={"webhooks_events": [EVENT_EXAMPLE], "total": len(CATALOGUE)},
            )
        },
        refusals=(BAD_LIMIT, NOT_ALLOWED),
    ),
    "GET /webhooks_events/{name}": Operation(
        id="get_event_type",
        tag=TAG,
        summary="Read an event",
        description="What it tells, when it fires, the JSON Schema of its payload and "
        "a sample.",
        tokens=_TOKENS,
        parameters=(
            in_path("name", "The event's name.", one_of(*CATALOGUE), "USER_CREATED"),
        ),
        replies={
            200: Reply(
                description="The event.",
                schema=ref("EventType"),
                example=EVENT_EXAMPLE,
            )
        },
        refusals=(
            NO_SUCH_PARAMETER,
            NOT_ALLOWED,
            Refusal("notFound", "There is no event named 'USER_CRATED'."),
        ),
    ),
    "POST /webhooks/{id_webhook}/test": Operation(
        id="test_webhook",
        tag=TRIALS_TAG,
        summary="Send a test delivery",
        description="The event's sample, or a payload of yours, sent now by the same "
        "door and with the same authentication as any delivery, and marked "
        "`X-Webhook-Test: 1`. The answer is 200 whatever came of it. Nothing is "
        "recorded, and it is not tried again.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        body=Body(
            schema=ref("TrialRequest"),
            example={},
            more={"a payload": {"payload": {"id": 5}, "user": 5}},
            form={"user": "5"},
            form_schema=ref("TrialForm"),
            required=False,
        ),
        replies={
            200: Reply(
                description="What was sent, and what came of it.",
                schema=ref("Trial"),
                example=TRIAL_EXAMPLE,
                headers=NO_STORE,
            )
        },
        refusals=(
            Refusal("invalidValue", "The webhook has no URL yet."),
            NOT_ALLOWED,
            NO_WEBHOOK,
            Refusal("conflict", "The webhook is deleted."),
        ),
    ),
}
