"""One user: who it is, its connections, and what happened about it, live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.api_tokens.models import ApiToken
from apps.connections.models import Account, Connection
from apps.connections.plugin import profile_of
from apps.event_log.models import EndUser
from apps.event_log.user_config import config_of
from apps.webhooks.console.platform.forms import ConnectForm
from apps.webhooks.console.platform.story import SHOWN, hears, story_of
from apps.webhooks.console.platform.user_states import (
    badge_of_connection,
    badge_of_user,
)
from apps.webhooks.console.registry import may
from apps.webhooks.console.views import ConsoleView, Crumb
from apps.webhooks.explain.deliveries import why_held
from apps.webhooks.models import WebhookData

MOST_CONNECTIONS: Final = 50


class OneUser(ConsoleView):
    """A page about the user that the URL names."""

    permission = "event_log.view_enduser"

    @cached_property
    def user(self) -> EndUser:
        """404 if there never was one; without its token."""
        users = EndUser.objects.defer("token").filter(pk=self.kwargs["id_user"])
        user = users.first()
        if user is None:
            raise Http404
        return user

    def own_url(self) -> str:
        """Its page."""
        return reverse("admin:event_log_enduser_change", args=[self.kwargs["id_user"]])

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list and of its page."""
        users = Crumb(_("Users"), reverse("admin:event_log_enduser_changelist"))
        return (users, Crumb(str(self.user), self.own_url()))


class UserView(OneUser):
    """The page itself."""

    template_name = "console/user.html"
    fragment_name = "console/user_live.html"

    def get_title(self) -> str:
        """The user, by its number: that is all there is to call it."""
        return str(self.user).capitalize()

    def get_crumbs(self) -> Sequence[Crumb]:
        """By way of the list."""
        return super().get_crumbs()[:1]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """All that is known, but nothing secret."""
        user, allowed = self.user, self.request.user
        context = super().get_context_data(**kwargs) | {
            "person": user,
            "badge": badge_of_user(user),
            "can_try": may(allowed, "event_log.add_enduser"),
            "can_delete": may(allowed, "event_log.delete_enduser"),
            "connect_form": ConnectForm(),
        }
        if may(allowed, "event_log.view_event"):
            context |= self._story(user)
        if may(allowed, "connections.view_connection"):
            context["connections"] = _connections(user)
        if may(allowed, "event_log.view_userconfig"):
            context["config"] = list(config_of(user.pk))
        return context | {"tokens": _tokens(user)}

    def _story(self, user: EndUser) -> dict[str, Any]:
        story = story_of(user.pk)
        held = WebhookData.objects.filter(
            event__user=user.pk, state=WebhookData.State.HELD
        ).count()
        going = sum(
            told.data.state == WebhookData.State.PENDING
            for chapter in story
            for told in chapter.told
        )
        news = _now("Events: %(events)d. Held: %(held)d. Pending: %(going)d.")
        return {
            "story": story,
            "most": SHOWN,
            "held": held,
            "held_why": why_held(user),
            "heard": hears(),
            "news": news % {"events": len(story), "held": held, "going": going},
        }


def _tokens(user: EndUser) -> dict[str, Any]:
    """How many are good, and whether deliveries have one to carry."""
    good = ApiToken.objects.filter(user=user.pk, revoked_at__isnull=True)
    return {
        "good": good.count(),
        "prefixes": list(good.order_by("-pk").values_list("prefix", flat=True)[:3]),
        "is_carried": EndUser.objects.filter(pk=user.pk, token__isnull=False).exists(),
    }


def _connections(user: EndUser) -> list[dict[str, Any]]:
    rows = Connection.objects.defer("fields").filter(user=user).order_by("-pk")
    newest = list(rows[:MOST_CONNECTIONS])
    accounts: dict[int, list[Account]] = {}
    for account in Account.objects.filter(connection__in=newest).order_by("pk"):
        accounts.setdefault(account.connection_id, []).append(account)
    return [
        {
            "row": row,
            "bank": profile_of(row.id_connector)["name"] or row.id_connector,
            "badge": badge_of_connection(row),
            "accounts": accounts.get(row.pk, []),
        }
        for row in newest
    ]
