"""One event: what happened, who was told, and what it says, for who may read that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.event_log.models import Event
from apps.webhooks.console.platform.story import chapters
from apps.webhooks.console.registry import may
from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.explain.events import explain_event

READ = "webhooks.view_payload"


class EventView(ConsoleView):
    """GET tells of it; POST shows the payload as well, which is put on record."""

    permission = "event_log.view_event"
    template_name = "console/event.html"

    @cached_property
    def event(self) -> Event:
        """404 if there is none. The payload is read only to be shown."""
        events = Event.objects.filter(pk=self.kwargs["id_event"])
        if self.request.method != "POST":
            events = events.defer("payload", "cfonb")
        event = events.select_related("user").defer("user__token").first()
        if event is None:
            raise Http404
        return event

    def get_title(self) -> str:
        """What happened."""
        return f"{self.event.name} #{self.event.pk}"

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (Crumb(_("Events"), reverse("admin:event_log_event_changelist")),)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever reads what is told about a person leaves a trace."""
        if not may(request.user, READ):
            raise PermissionDenied
        with transaction.atomic():
            record(Action.EVENT_READ, self.event.pk)
        response = self.get(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Its deliveries too."""
        (chapter,) = chapters([self.event])
        return super().get_context_data(**kwargs) | {
            "event": self.event,
            "digest": bytes(self.event.payload_sha256).hex(),
            "told": chapter.told,
            "explanation": explain_event(self.event.pk),
            "is_shown": self.request.method == "POST",
            "can_read": may(self.request.user, READ),
        }
