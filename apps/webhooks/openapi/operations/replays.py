"""`/replays`, and the replays of one webhook."""

from __future__ import annotations

from typing import Any, Final

from apps.webhooks.openapi.operation import Body, Operation, Reply
from apps.webhooks.openapi.parameters import DATA, PAGE, WEBHOOK, numbered
from apps.webhooks.openapi.refusals import (
    BAD_LIMIT,
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.replays import EXAMPLE, PLAN_EXAMPLE
from apps.webhooks.openapi.shapes import listing, ref

TAG: Final = "Replays"
_TOKENS: Final = ("config",)
_REPLAY: Final = numbered("id_replay", "replay", 11)
_UNKNOWN: Final = Refusal("notFound", "There is no replay 11.")
_NOTHING: Final = Refusal("conflict", "There is nothing to send.")
_BAD_RATE: Final = Refusal("invalidValue", "rate must be 1 to 500.")
_PLANNED: Final = Reply(
    description="With `dry_run`: what it would be.",
    schema=ref("ReplayPlan"),
    example=PLAN_EXAMPLE,
)
_BEGUN: Final = Reply(
    description="The replay, which has begun.", schema=ref("Replay"), example=EXAMPLE
)
_THERE: Final = Reply(description="The replay.", schema=ref("Replay"), example=EXAMPLE)
_RULES: Final = (
    "Each webhook data is sent once, with the same id and body and a new date and "
    "signature, marked with `X-Webhook-Attempt-Kind: replay`. Neither health nor the "
    "cutoff of live traffic counts it. Ten failures in a row, or two timeouts, "
    "pause it."
)


def _beginning(
    operation_id: str, summary: str, description: str, schema: str, example: Any,
    *parameters: dict[str, Any], refusals: tuple[Refusal, ...],
) -> Operation:  # fmt: skip
    return Operation(
        id=operation_id,
        tag=TAG,
        summary=summary,
        description=f"{description} {_RULES}",
        tokens=_TOKENS,
        parameters=parameters,
        body=Body(
            schema=ref(schema),
            example=example,
            more={"plan": {**example, "dry_run": True}},
            required=False,
        ),
        replies={200: _PLANNED, 202: _BEGUN},
        refusals=(_BAD_RATE, NOT_ALLOWED, *refusals, _NOTHING),
    )


def _steering(word: str, summary: str, description: str) -> dict[str, Operation]:
    return {
        f"POST /replays/{{id_replay}}/{word}": Operation(
            id=f"{word}_replay",
            tag=TAG,
            summary=summary,
            description=description,
            tokens=_TOKENS,
            parameters=(_REPLAY,),
            replies={200: _THERE},
            refusals=(
                NO_SUCH_PARAMETER,
                NOT_ALLOWED,
                _UNKNOWN,
                Refusal("conflict", "The replay is done."),
            ),
        )
    }


OPERATIONS: Final = {
    "GET /replays": Operation(
        id="list_replays",
        tag=TAG,
        summary="List replays",
        description="The newest first.",
        tokens=_TOKENS,
        parameters=PAGE,
        replies={
            200: Reply(
                description="A page of replays.",
                schema=listing("replays", ref("Replay")),
                example={"replays": [EXAMPLE], "total": 1},
            )
        },
        refusals=(BAD_LIMIT, NOT_ALLOWED),
    ),
    "POST /replays": _beginning(
        "start_replay",
        "Send webhook data again",
        "All that is given must hold.",
        "NewReplay",
        {"id_webhook": 7, "states": ["failed"], "reason": "The receiver was down."},
        refusals=(),
    ),
    "GET /replays/{id_replay}": Operation(
        id="get_replay",
        tag=TAG,
        summary="Read a replay",
        description="How far it is.",
        tokens=_TOKENS,
        parameters=(_REPLAY,),
        replies={200: _THERE},
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, _UNKNOWN),
    ),
    **_steering("pause", "Pause a replay", "What is in flight is still recorded."),
    **_steering("resume", "Resume a replay", "It goes on, with fresh counters."),
    **_steering("cancel", "Cancel a replay", "Nothing more is sent, for good."),
    "POST /webhooks/{id_webhook}/recover": _beginning(
        "recover_webhook",
        "Send what a webhook has not accepted",
        "From `min_date` to `max_date`.",
        "Recovery",
        {"min_date": "2026-01-01"},
        WEBHOOK,
        refusals=(NO_WEBHOOK,),
    ),
    "POST /webhooks/{id_webhook}/backfill": _beginning(
        "backfill_webhook",
        "Tell a webhook of the past",
        "Of the events that it would have been told of, had it been there. What is not "
        "accepted is retried by the flusher from then on.",
        "Backfill",
        {"min_date": "2026-01-01"},
        WEBHOOK,
        refusals=(
            Refusal("missingParameter", "min_date is missing."),
            NO_WEBHOOK,
        ),
    ),
    "POST /webhooks/{id_webhook}/data/{id_data}/resend": _beginning(
        "resend_data",
        "Send one webhook data again",
        "Whether it was accepted or not.",
        "Resending",
        {"reason": "Asked for by the receiver."},
        WEBHOOK,
        DATA,
        refusals=(Refusal("notFound", "Webhook 7 has no data 1."),),
    ),
}
