"""`/webhooks/{id}/pause` and `/resume`: sending nothing for a while, losing nothing."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.authentication import caller_of
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import moment, parameters, refuse_unknown
from apps.webhooks.api.webhooks import webhook_reply
from apps.webhooks.pauses import pause_webhook, resume_webhook
from apps.webhooks.registrations import Refused


class PauseView(ApiView):
    """Nothing is sent, and its data is kept."""

    def post(self, request: Request, id_webhook: int) -> Response:
        """Until `until`, or until it is resumed; again, with another end or note."""
        given = parameters(request)
        until, note = given.pop("until", None), given.pop("note", None)
        refuse_unknown(given)
        if not isinstance(until, str | None):
            raise Refused("invalidValue", "until", "until must be a date.")
        if not isinstance(note, str | None):
            raise Refused("invalidValue", "note", "note must be text.")
        webhook = pause_webhook(
            id_webhook,
            actor=f"api:token {caller_of(request).token}",
            until=moment("until", until, 0),
            note=note or "",
        )
        return webhook_reply(webhook)


class ResumeView(ApiView):
    """What has gathered goes out."""

    def post(self, request: Request, id_webhook: int) -> Response:
        """Whether it is paused or not."""
        refuse_unknown(parameters(request))
        return webhook_reply(resume_webhook(id_webhook))
