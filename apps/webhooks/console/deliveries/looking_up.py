"""An id in the search box: what there is with this very id."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.event_log.models import EndUser, Event
from apps.webhooks.console.fields import MAX_ID
from apps.webhooks.models import Webhook, WebhookData


class Match(NamedTuple):
    """Something with the id, and where to look at it."""

    title: str
    url: str


def look_up(term: str) -> list[Match]:
    """By exact id: a delivery, a webhook, a user, an event; five primary keys."""
    term = term.strip().removeprefix("#")
    if not (term.isascii() and term.isdecimal() and 0 < int(term) <= MAX_ID):
        return []
    number = int(term)
    deliveries = reverse("admin:deliveries")
    found = []
    if WebhookData.objects.filter(pk=number).exists():
        url = reverse("admin:delivery", args=[number])
        found.append(Match(_("Delivery %(id)d") % {"id": number}, url))
    if Webhook.objects.filter(pk=number).exists():
        title = _("Deliveries of webhook %(id)d") % {"id": number}
        found.append(Match(title, f"{deliveries}?webhook={number}"))
    if EndUser.objects.filter(pk=number).exists():
        title = _("Deliveries about user %(id)d") % {"id": number}
        found.append(Match(title, f"{deliveries}?user={number}"))
    if Event.objects.filter(pk=number).exists():
        title = _("Deliveries of event %(id)d") % {"id": number}
        found.append(Match(title, f"{deliveries}?of_event={number}"))
    return found
