"""`POST /events`: the way in over HTTP."""

from __future__ import annotations

from typing import Final

from apps.webhooks.openapi.operation import Body, Operation, Reply
from apps.webhooks.openapi.parameters import in_header
from apps.webhooks.openapi.refusals import NOT_ALLOWED, Refusal
from apps.webhooks.openapi.schemas.events import (
    BULK_EXAMPLE,
    EMISSION_EXAMPLE,
    EMITTED_BULK_EXAMPLE,
    EMITTED_EXAMPLE,
    KEY,
)
from apps.webhooks.openapi.shapes import Schema, ref

TAG: Final = "Events"
_REPLY: Final[Schema] = {"oneOf": [ref("Emitted"), ref("EmittedBulk")]}

OPERATIONS: Final = {
    "POST /events": Operation(
        id="emit_events",
        tag=TAG,
        summary="Emit an event, or up to 1,000",
        description="Each webhook that is registered to the event, and open to its "
        "user, is told of it. A bulk, as a list or as an object with `events`, is "
        "emitted whole or not at all. Events of a temporary user are held until the "
        "user is permanent. JSON only. While too much waits to be sent, or the "
        "database is slow, the answer is 503: send the same again after `Retry-After`, "
        "under the same idempotency key.",
        tokens=("emission",),
        parameters=(
            in_header(
                "Idempotency-Key",
                "For a single event: emit it once, however often it is sent. In a bulk "
                "each event has its own `idempotency_key`.",
                KEY,
            ),
        ),
        body=Body(
            schema={"oneOf": [ref("Emission"), ref("Emissions"), ref("EmissionBulk")]},
            example=EMISSION_EXAMPLE,
            more={"bulk": BULK_EXAMPLE, "list": BULK_EXAMPLE["events"]},
        ),
        replies={
            200: Reply(
                description="Nothing was new: all of it had been emitted before.",
                schema=_REPLY,
                example={**EMITTED_EXAMPLE, "repeated": True},
            ),
            201: Reply(
                description="Emitted.",
                schema=_REPLY,
                example=EMITTED_EXAMPLE,
                more={"bulk": EMITTED_BULK_EXAMPLE},
            ),
        },
        refusals=(
            Refusal("missingParameter", "The parameter payload is missing."),
            Refusal("invalidValue", "There is no event named 'CONNECTION_SYNCHED'."),
            Refusal(
                "invalidValue", "The payload has 10485761 bytes; 10485760 are allowed."
            ),
            NOT_ALLOWED,
            Refusal(
                "idempotencyConflict",
                "The idempotency key was used for another event.",
            ),
            Refusal("unavailable", "More than 5000000 deliveries wait to be sent."),
            Refusal("unavailable", "The database is slow."),
        ),
    )
}
