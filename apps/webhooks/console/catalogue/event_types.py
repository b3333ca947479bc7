"""The catalogue of events: what each tells, its schema, its sample, who wants it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.event_log.catalogue import CATALOGUE, EventType
from apps.webhooks.console.badges import Badge, Tone
from apps.webhooks.console.catalogue.schema_tree import tree_of
from apps.webhooks.console.catalogue.send_test import (
    TEST,
    SendTestView,
    cfonb_of,
    sample_of,
)
from apps.webhooks.console.registry import Group, Page, Screen, may
from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.models import Webhook

VIEW_WEBHOOK: Final = "webhooks.view_webhook"
# Of the webhooks that a sample may be sent to.
SHOWN: Final = 50


class Row(NamedTuple):
    """An event, and how many webhooks there are for it; None if that is not shown."""

    entry: EventType
    description: str
    when: str
    badges: list[Badge]
    webhooks: int | None


class EventTypesView(ConsoleView):
    """All of them, in the order of their ids."""

    title = _("Event catalogue")
    template_name = "console/event_types.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the number of webhooks of each, for who may see webhooks."""
        used = None
        if may(self.request.user, VIEW_WEBHOOK):
            live = Webhook.objects.filter(deleted_at__isnull=True)
            used = Counter(live.values_list("event", flat=True).iterator())
        rows = [row_of(entry, used) for entry in CATALOGUE.values()]
        return super().get_context_data(**kwargs) | {"rows": rows}


class EventTypeView(ConsoleView):
    """One of them."""

    template_name = "console/event_type.html"

    @cached_property
    def entry(self) -> EventType:
        """404 if there is none."""
        try:
            return CATALOGUE[self.kwargs["name"]]
        except KeyError as error:
            raise Http404 from error

    def get_title(self) -> str:
        """Its name."""
        return self.entry.name

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return (Crumb(_("Event catalogue"), reverse("admin:event_types")),)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The sample is what a test delivery sends."""
        sample = sample_of(self.entry)
        webhooks = Webhook.objects.none()
        if may(self.request.user, TEST) and may(self.request.user, VIEW_WEBHOOK):
            webhooks = Webhook.objects.filter(
                event=self.entry.name, deleted_at__isnull=True, url__isnull=False
            )
        return super().get_context_data(**kwargs) | {
            "row": row_of(self.entry, None),
            "tree": tree_of(self.entry.schema),
            "schema": json.dumps(self.entry.schema, ensure_ascii=False, indent=2),
            "sample": sample,
            "cfonb": cfonb_of(self.entry, sample),
            "webhooks": webhooks.order_by("pk")[:SHOWN],
            "may_send": may(self.request.user, TEST),
        }


def row_of(entry: EventType, used: Counter[str] | None) -> Row:
    """An event in the reader's language."""
    badges = []
    if entry.deprecated:
        badges.append(Badge(_now("deprecated"), Tone.WARNING))
    if not entry.documented:
        badges.append(Badge(_now("not documented"), Tone.QUIET))
    if not entry.user_scoped:
        badges.append(Badge(_now("no user"), Tone.QUIET))
    if entry.cfonb:
        badges.append(Badge("CFONB", Tone.QUIET))
    return Row(
        entry=entry,
        description=translation.gettext(entry.description),
        when=translation.gettext(entry.when),
        badges=badges,
        webhooks=None if used is None else used[entry.name],
    )


SCREEN: Final = Screen(
    title=_("Event catalogue"),
    url_name="admin:event_types",
    group=Group.TOOLS,
    icon="book",
    pages=(
        Page(route="catalogue/", name="event_types", view=EventTypesView),
        Page(route="catalogue/<str:name>/", name="event_type", view=EventTypeView),
        Page(
            route="webhooks/webhook/<int:id_webhook>/test/",
            name="test_webhook",
            view=SendTestView,
        ),
    ),
)
