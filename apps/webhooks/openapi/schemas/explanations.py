"""What became of a delivery or an event, and why."""

from __future__ import annotations

from typing import Any, Final

from apps.webhooks.openapi.shapes import (
    ID,
    INSTANT,
    TEXT,
    Schema,
    one_of,
    or_null,
    record,
    told,
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Explanation": record(
        subject=one_of("delivery", "event"),
        id=ID,
        code=told(TEXT, "What it comes down to. Later versions may have others."),
        summary=told(TEXT, "The same in a sentence, for people, as in the console."),
        details=told(
            {"type": "array", "items": record(code=TEXT, text=TEXT)},
            "What there is to know about it.",
        ),
        next_try=told(
            or_null(INSTANT), "The next attempt; null: none, or at any moment."
        ),
        advice=told({"type": "array", "items": TEXT}, "What to do, the first first."),
    ),
}
DELIVERY_EXAMPLE: Final[dict[str, Any]] = {
    "subject": "delivery",
    "id": 1,
    "code": "waits_for_flusher",
    "summary": "It was not accepted, and is tried once in each execution of the "
    "flusher: it waits for the next one.",
    "details": [
        {
            "code": "told",
            "text": "Webhook 7 is registered for CONNECTION_SYNCED, for all users.",
        },
        {
            "code": "attempted",
            "text": "Attempt 1, on 2026-03-02 09:20:00 UTC: "
            "The receiver did not answer in time.",
        },
    ],
    "next_try": "2026-03-02T09:21:00.000Z",
    "advice": [
        "Answer first, with 204, and work afterwards; or give the webhook a longer "
        "deadline.",
        "Once the receiver is well again, flush the webhook to have it at once.",
    ],
}
EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "subject": "event",
    "id": 1042,
    "code": "accepted",
    "summary": "1 webhook was told of this CONNECTION_SYNCED; accepted by 1.",
    "details": [
        {
            "code": "delivered",
            "text": "Delivery 1, to webhook 7: The receiver accepted it on "
            "2026-03-02 09:20:00 UTC, at attempt 1.",
        },
        {
            "code": "not_its_user",
            "text": "Not webhook 8: it is for the events of user 6 alone.",
        },
    ],
    "next_try": None,
    "advice": [],
}
