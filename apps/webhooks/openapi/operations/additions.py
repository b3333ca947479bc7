"""`/webhooks/{id}/add_to_data`: what a webhook adds to its bodies."""

from __future__ import annotations

from typing import Final

from apps.webhooks.addition_fields import NAME_CHARACTERS
from apps.webhooks.openapi.operation import Body, Operation, Reply
from apps.webhooks.openapi.parameters import WEBHOOK, in_path
from apps.webhooks.openapi.refusals import (
    NO_SUCH_PARAMETER,
    NO_WEBHOOK,
    NOT_ALLOWED,
    Refusal,
)
from apps.webhooks.openapi.schemas.webhooks import ADDING_EXAMPLE, EXAMPLE
from apps.webhooks.openapi.shapes import ref, text

TAG: Final = "Added members"
_TOKENS: Final = ("config",)
_MEMBER: Final = in_path(
    "key", "The member's name, which may have slashes.", text(NAME_CHARACTERS), "agency"
)
_UNKNOWN: Final = Refusal("notFound", "Webhook 7 adds no member 'agency'.")
_BAD_KEY: Final = Refusal(
    "invalidValue",
    "agency needs a key of the user's configuration, as text: 1 to 100 printable "
    "characters.",
)
_ADDING: Final = Reply(
    description="The webhook, with what it adds.",
    schema=ref("Webhook"),
    example=ADDING_EXAMPLE,
)
_BARE: Final = Reply(
    description="The webhook, with what it still adds.",
    schema=ref("Webhook"),
    example=EXAMPLE,
)

OPERATIONS: Final = {
    "GET /webhooks/{id_webhook}/add_to_data": Operation(
        id="get_added_members",
        tag=TAG,
        summary="Read what a webhook adds to its bodies",
        description="In `add_to_data`: names of members, each with the key of the "
        "user's configuration that holds its value.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        replies={200: _ADDING},
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK),
    ),
    "POST /webhooks/{id_webhook}/add_to_data": Operation(
        id="add_members",
        tag=TAG,
        summary="Add members to a webhook's bodies",
        description="Each parameter is a member's name, and its value a key of the "
        "user's configuration, as it is when an event happens; null ends the member. "
        "All or none. What the payload has itself is not replaced.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        body=Body(
            schema=ref("AddedMembers"),
            example={"agency": "branch"},
            more={"end": {"agency": None}},
            form={"agency": "branch"},
        ),
        replies={200: _ADDING},
        refusals=(
            Refusal("missingParameter", "Give names and the user's keys."),
            _BAD_KEY,
            NOT_ALLOWED,
            NO_WEBHOOK,
        ),
    ),
    "DELETE /webhooks/{id_webhook}/add_to_data": Operation(
        id="clear_added_members",
        tag=TAG,
        summary="Add nothing to a webhook's bodies",
        description="All members end.",
        tokens=_TOKENS,
        parameters=(WEBHOOK,),
        replies={200: _BARE},
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK),
    ),
    "GET /webhooks/{id_webhook}/add_to_data/{key}": Operation(
        id="get_added_member",
        tag=TAG,
        summary="Read a member that a webhook adds",
        description="The webhook, if it adds this member.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, _MEMBER),
        replies={200: _ADDING},
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK, _UNKNOWN),
    ),
    "POST /webhooks/{id_webhook}/add_to_data/{key}": Operation(
        id="add_member",
        tag=TAG,
        summary="Add a member to a webhook's bodies",
        description="Or give it another key of the user's configuration.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, _MEMBER),
        body=Body(
            schema=ref("AddedMember"),
            example={"value": "branch"},
            form={"value": "branch"},
        ),
        replies={200: _ADDING},
        refusals=(
            Refusal("missingParameter", "Give the user's key as value."),
            _BAD_KEY,
            NOT_ALLOWED,
            NO_WEBHOOK,
        ),
    ),
    "DELETE /webhooks/{id_webhook}/add_to_data/{key}": Operation(
        id="remove_added_member",
        tag=TAG,
        summary="Do not add a member any more",
        description="The others stay.",
        tokens=_TOKENS,
        parameters=(WEBHOOK, _MEMBER),
        replies={200: _BARE},
        refusals=(NO_SUCH_PARAMETER, NOT_ALLOWED, NO_WEBHOOK, _UNKNOWN),
    ),
}
