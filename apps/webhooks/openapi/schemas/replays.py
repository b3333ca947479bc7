"""Replays, and what they would be."""

from __future__ import annotations

from typing import Any, Final

from apps.event_log.catalogue import ALIASES, CATALOGUE
from apps.webhooks.api.replays import REASON_CHARACTERS
from apps.webhooks.models import Replay
from apps.webhooks.openapi.shapes import (
    COUNT,
    GIVEN_ID,
    GIVEN_INSTANT,
    ID,
    INSTANT,
    NUMBER,
    TEXT,
    TRUTH,
    Schema,
    choice,
    one_of,
    or_null,
    record,
    told,
)
from apps.webhooks.replay.filters import MOST_IDS, STATES
from apps.webhooks.replay.plan import DEFAULT_RATE, LEAST_RATE, MOST_RATE

_ORDER: Final[dict[str, Schema]] = {
    "rate": {
        "type": "number",
        "minimum": LEAST_RATE,
        "maximum": MOST_RATE,
        "default": DEFAULT_RATE,
        "description": "Requests a second, at most.",
    },
    "reason": told(
        or_null({"type": "string", "maxLength": REASON_CHARACTERS}),
        "Why, for those who look at it later.",
    ),
    "dry_run": told(TRUTH, "Send nothing; say how much it would be."),
}
_BETWEEN: Final[dict[str, Schema]] = {
    "min_date": told(or_null(GIVEN_INSTANT), "The first day, or instant, to include."),
    "max_date": told(or_null(GIVEN_INSTANT), "The last day, or instant, to include."),
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Replay": record(
        id=ID,
        state=one_of(*Replay.State.values),
        remark=told(or_null(TEXT), "Why it paused itself."),
        filters=told({"type": "object"}, "What was chosen."),
        rate=told(NUMBER, "Requests a second, at most."),
        actor=told(TEXT, "Who began it."),
        reason=or_null(TEXT),
        total=told(COUNT, "How many webhook data were chosen."),
        delivered=COUNT,
        failed=told(COUNT, "Not accepted; what is undelivered the flusher retries."),
        skipped=told(COUNT, "Accepted or cancelled since they were chosen."),
        cancelled=told(COUNT, "Not sent, because the replay was cancelled before."),
        waiting=told(COUNT, "The five add up to `total`."),
        created=INSTANT,
        ended=or_null(INSTANT),
    ),
    "ReplayPlan": record(
        count=told(COUNT, "How many webhook data; 1,000,000 can be replayed at once."),
        oldest=or_null(INSTANT),
        newest=or_null(INSTANT),
        bytes=told(COUNT, "Of their payloads, before compression."),
        estimated_seconds=told(NUMBER, "At this rate, if the receivers keep up."),
    ),
    "NewReplay": choice(
        id_webhook=or_null(GIVEN_ID),
        event=or_null(one_of(*CATALOGUE, *ALIASES)),
        id_user=or_null(GIVEN_ID),
        id_connection=told(or_null(GIVEN_ID), "Looked up in the payloads."),
        states={
            "anyOf": [
                {"type": "array", "minItems": 1, "items": one_of(*STATES)},
                {"type": "null"},
            ],
            "description": "By default what has not been accepted.",
        },
        **_BETWEEN,
        ids={
            "anyOf": [
                {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_IDS,
                    "items": GIVEN_ID,
                },
                {"type": "null"},
            ],
            "description": "Values of id_webhook_data.",
        },
        **_ORDER,
    ),
    "Recovery": choice(**_BETWEEN, **_ORDER),
    "Backfill": choice("min_date", **{**_BETWEEN, "min_date": GIVEN_INSTANT}, **_ORDER),
    "Resending": choice(**_ORDER),
}

EXAMPLE: Final[dict[str, Any]] = {
    "id": 11,
    "state": "running",
    "remark": None,
    "filters": {"webhook": 7, "states": ["failed"]},
    "rate": 50.0,
    "actor": "api:token 4",
    "reason": "The receiver was down.",
    "total": 1204,
    "delivered": 830,
    "failed": 2,
    "skipped": 1,
    "cancelled": 0,
    "waiting": 371,
    "created": "2026-05-04T10:12:30.123Z",
    "ended": None,
}
PLAN_EXAMPLE: Final[dict[str, Any]] = {
    "count": 1204,
    "oldest": "2026-05-03T22:00:01.000Z",
    "newest": "2026-05-04T09:58:12.500Z",
    "bytes": 2_418_331,
    "estimated_seconds": 24.1,
}
