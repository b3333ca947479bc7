"""The audit trail: who did what, when, from where, and what was before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.models import ApiToken, Client
from apps.audit.actors import Kind
from apps.audit.models import AuditEntry
from apps.webhooks.console.paging import CappedPaginator
from apps.webhooks.console.registry import Group, Page, Screen
from apps.webhooks.console.tags import ABSENT
from apps.webhooks.console.views import ConsoleView

_KINDS: Final = {
    Kind.CONSOLE: _("console"),
    Kind.TOKEN: _("API token"),
    Kind.CLIENT: _("client application"),
    Kind.USER: _("end user"),
    Kind.NOBODY: _("nobody"),
    Kind.COMMAND: _("command"),
    Kind.SYSTEM: _("the service"),
}
_TARGETS: Final = {
    "webhook": (_("Webhooks"), "admin:webhooks_webhook_change"),
    "delivery": (_("Deliveries"), "admin:delivery"),
    "event": (_("Events"), "admin:event_log_event_change"),
    "replay": (_("Replays"), "admin:replay"),
    "flusher": (_("Flusher"), ""),
    "provider": (_("Auth providers"), "admin:provider"),
    "config": (_("Configuration"), ""),
    "user": (_("Users"), "admin:event_log_enduser_change"),
    "connection": (_("Connections"), ""),
    "account": (_("Bank accounts"), ""),
    "subscription": (_("Subscriptions"), ""),
    "token": (_("API tokens"), ""),
    "client": (_("Client applications"), ""),
    "operator": (_("Operators"), "admin:auth_user_change"),
    "role": (_("Roles"), "admin:auth_group_change"),
}


class AuditFilters(forms.Form):
    """Which rows; all that is given must hold."""

    kind = forms.ChoiceField(
        label=_("Who"), required=False, choices=[("", _("anybody")), *_KINDS.items()]
    )
    target = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[
            ("", _("anything")),
            *((kind, name) for kind, (name, _url) in _TARGETS.items()),
        ],
    )
    number = forms.IntegerField(label=_("Its id"), required=False, min_value=1)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput({"type": "date"})
    )

    def apply(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The rows that are meant; none for what is not valid."""
        if not self.is_valid():
            return rows.none()
        chosen = {
            "actor_kind": self.cleaned_data["kind"],
            "target_kind": self.cleaned_data["target"],
            "target_id": self.cleaned_data["number"],
            "at__gte": _midnight(self.cleaned_data["since"], 0),
            "at__lt": _midnight(self.cleaned_data["until"], 1),
        }
        return rows.filter(**{name: value for name, value in chosen.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row as it is read."""

    entry: AuditEntry
    who: str
    what_kind: str
    target_url: str
    changes: list[tuple[str, Any, Any]]


class AuditView(ConsoleView):
    """The newest first."""

    title = _("Audit trail")
    permission = "audit.view_auditentry"
    template_name = "console/audit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of it; the names of people are looked up, for they are not in it."""
        form = AuditFilters(self.request.GET)
        rows = form.apply(AuditEntry.objects.order_by("-pk"))
        page = CappedPaginator(rows).get_page(self.request.GET.get("page"))
        entries = list(page.object_list)
        return super().get_context_data(**kwargs) | {
            "form": form,
            "clear_url": reverse("admin:audit"),
            "page": page,
            "lines": _lines(entries),
        }


def _lines(entries: list[AuditEntry]) -> list[Line]:
    names = _names(entries)
    return [
        Line(
            entry=entry,
            who=_who(entry, names),
            what_kind=str(_KINDS.get(Kind(entry.actor_kind), entry.actor_kind)),
            target_url=_url(entry),
            changes=[
                (name, entry.old.get(name), entry.new.get(name))
                for name in {**entry.old, **entry.new}
            ],
        )
        for entry in entries
    ]


def people(entries: Sequence[AuditEntry]) -> list[str]:
    """Who did each, in a word."""
    names = _names(entries)
    return [_who(entry, names) for entry in entries]


def _names(entries: Iterable[AuditEntry]) -> dict[tuple[str, int | None], str]:
    """What accounts, tokens and clients are called now, in a query for each kind."""
    found: dict[tuple[str, int | None], str] = {}
    for kind, model, field in (
        (Kind.CONSOLE, User, "username"),
        (Kind.TOKEN, ApiToken, "name"),
        (Kind.CLIENT, Client, "name"),
    ):
        ids = {each.actor_id or 0 for each in entries if each.actor_kind == kind}
        rows = model._default_manager.filter(pk__in=ids)
        found |= {(kind, pk): name for pk, name in rows.values_list("pk", field)}
    return found


def _who(entry: AuditEntry, names: dict[tuple[str, int | None], str]) -> str:
    known = names.get((entry.actor_kind, entry.actor_id))
    if known is not None:
        return known
    if entry.actor_kind == Kind.COMMAND:
        return f"manage.py {entry.actor_label}"
    if entry.actor_kind == Kind.NOBODY:
        return _now("without credentials")
    if entry.actor_kind == Kind.SYSTEM:
        return "Bankhooks"
    return ABSENT if entry.actor_id is None else f"#{entry.actor_id}"


def _url(entry: AuditEntry) -> str:
    _title, name = _TARGETS.get(entry.target_kind, ("", ""))
    if not name or entry.target_id is None or entry.action.endswith(".erase"):
        return ""
    try:
        return reverse(name, args=[entry.target_id])
    except NoReverseMatch:
        return ""


def _midnight(day: Any, later: int) -> datetime | None:
    if day is None:
        return None
    midnight = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    return midnight + timedelta(days=later)


SCREEN: Final = Screen(
    title=_("Audit trail"),
    url_name="admin:audit",
    permission=AuditView.permission,
    group=Group.SYSTEM,
    icon="history",
    pages=(Page(route="audit/", name="audit", view=AuditView),),
)
