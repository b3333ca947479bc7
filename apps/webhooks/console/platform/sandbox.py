"""The sandbox: users and connections made by hand, and the callbacks that follow.

All of it by the functions that the API calls: what is seen here is what happens.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.connections.plugin import connector
from apps.event_log.models import EndUser
from apps.webhooks.console.platform.story import hears
from apps.webhooks.console.platform.user_states import badge_of_user
from apps.webhooks.console.views import ActionView, ConsoleView, Crumb
from apps.webhooks.users import create_user

SHOWN: Final = 10
# What somebody who tries it out meets, in the order in which they do.
EVENTS: Final = (
    "USER_CREATED",
    "ACCOUNT_FOUND",
    "ACCOUNTS_FETCHED",
    "ACCOUNT_SYNCED",
    "CONNECTION_SYNCED",
    "ACCOUNT_ENABLED",
    "ACCOUNT_DISABLED",
    "CONNECTION_DELETED",
    "USER_DELETED",
)
TRY: Final = "event_log.add_enduser"


class SandboxView(ConsoleView):
    """Who there is, and who hears of it."""

    title = _("Sandbox")
    permission = "event_log.view_enduser"
    template_name = "console/sandbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The newest users, and the events with their webhooks."""
        live = Count("connections", Q(connections__deleted_at__isnull=True))
        users = EndUser.objects.defer("token").annotate(live_connections=live)
        heard = hears()
        return super().get_context_data(**kwargs) | {
            "rows": [
                (user, badge_of_user(user)) for user in users.order_by("-pk")[:SHOWN]
            ],
            "events": [(name, heard.get(name, 0)) for name in EVENTS],
            "is_heard": any(heard.get(name) for name in EVENTS),
            "minutes": settings.WEBHOOKS_TEMPORARY_USER_MINUTES,
            "banks": [profile["name"] for profile in connector().profiles],
        }


class CreateUserView(ActionView):
    """A new user, whom the callbacks will be about."""

    permission = TRY
    button = _("Create")
    is_permanent: ClassVar[bool]
    made: EndUser | None = None

    def question(self) -> str | Promise:
        """What for."""
        if self.is_permanent:
            return _("Create a permanent user? USER_CREATED is told at once.")
        return _(
            "Create a temporary user? What is told about it is held until it is made "
            "permanent."
        )

    def get_crumbs(self) -> tuple[Crumb, ...]:
        """By way of the sandbox."""
        return (Crumb(_("Sandbox"), reverse("admin:sandbox")),)

    def act(self) -> str:
        """Create it; its token is in nobody's hands."""
        self.made = create_user(permanent=self.is_permanent)
        return _now("User %(id)d is created.") % {"id": self.made.pk}

    def get_next_url(self) -> str:
        """The user's page; the sandbox before there is one."""
        if self.made is None:
            return reverse("admin:sandbox")
        return reverse("admin:event_log_enduser_change", args=[self.made.pk])


class CreateTemporaryUserView(CreateUserView):
    """As `POST /auth/init` without credentials."""

    title = _("New temporary user")
    is_permanent = False


class CreatePermanentUserView(CreateUserView):
    """As `POST /auth/init` with credentials."""

    title = _("New permanent user")
    is_permanent = True
