"""`/webhooks/{id}/add_to_data`: members that a webhook adds to its bodies, with values
from the configuration of each event's user (contract, 2.1).
"""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.webhooks.additions import (
    add_to_data,
    check_added,
    clear_added,
    remove_added,
)
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import parameters, refuse_unknown
from apps.webhooks.api.webhooks import webhook_of, webhook_reply
from apps.webhooks.registrations import Refused


class AddedMembersView(ApiView):
    """All that one webhook adds."""

    def get(self, request: Request, id_webhook: int) -> Response:
        """What is added, in the Webhook."""
        refuse_unknown(parameters(request))
        return webhook_reply(webhook_of(id_webhook))

    def post(self, request: Request, id_webhook: int) -> Response:
        """Each parameter is a member's name, and its value the user's key; null ends
        the member."""
        given = parameters(request)
        if not given:
            raise Refused("missingParameter", "", "Give names and the user's keys.")
        return webhook_reply(add_to_data(id_webhook, given))

    def delete(self, request: Request, id_webhook: int) -> Response:
        """Add nothing any more."""
        refuse_unknown(parameters(request))
        return webhook_reply(clear_added(id_webhook))


class AddedMemberView(ApiView):
    """One member that a webhook adds; `key` is its name."""

    def get(self, request: Request, id_webhook: int, key: str) -> Response:
        """The Webhook, if it adds the member."""
        refuse_unknown(parameters(request))
        webhook = webhook_of(id_webhook)
        check_added(webhook, key)
        return webhook_reply(webhook)

    def post(self, request: Request, id_webhook: int, key: str) -> Response:
        """Add it, or give it another key of the user's: `value`."""
        given = parameters(request)
        value = given.pop("value", None)
        refuse_unknown(given)
        if value is None:
            raise Refused("missingParameter", "value", "Give the user's key as value.")
        return webhook_reply(add_to_data(id_webhook, {key: value}))

    def delete(self, request: Request, id_webhook: int, key: str) -> Response:
        """Do not add it any more."""
        refuse_unknown(parameters(request))
        return webhook_reply(remove_added(id_webhook, key))
