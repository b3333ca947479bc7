"""`/webhooks_events`: the events that webhooks can be registered to (contract, 2.1)."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from apps.event_log.catalogue import CATALOGUE, UnknownEvent, event_name
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters, refuse_unknown
from apps.webhooks.api.resources import event_resource
from apps.webhooks.registrations import Refused


class EventTypesView(ApiView):
    """All events."""

    def get(self, request: Request) -> Response:
        """Each with what it tells, when, and in which form."""
        page = Page.of(request)
        entries = list(CATALOGUE.values())
        return page.reply_fixed("webhooks_events", entries, event_resource)


class EventTypeView(ApiView):
    """One event."""

    def get(self, request: Request, name: str) -> Response:
        """The same, by its name."""
        refuse_unknown(parameters(request))
        try:
            entry = CATALOGUE[event_name(name)]
        except UnknownEvent as error:
            raise Refused("notFound", "name", str(error)) from error
        return Response(event_resource(entry))
