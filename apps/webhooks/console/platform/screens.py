"""The screens of what happens on the platform."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.webhooks.console.platform.doings import (
    ConnectView,
    DeleteUserView,
    DisableAccountView,
    DisconnectView,
    EnableAccountView,
    MakePermanentView,
    SynchroniseView,
)
from apps.webhooks.console.platform.erasing import EraseUserView
from apps.webhooks.console.platform.events import EventView
from apps.webhooks.console.platform.sandbox import (
    CreatePermanentUserView,
    CreateTemporaryUserView,
    SandboxView,
)
from apps.webhooks.console.platform.users import UserView
from apps.webhooks.console.registry import Group, Page, Screen

# Beside Django's lists, whose pages of a row these replace.
_USER: Final = "event_log/enduser/<int:id_user>"
_CONNECTION: Final = f"{_USER}/connections/<int:id_connection>"
_ACCOUNT: Final = f"{_USER}/accounts/<int:id_account>"

EVENTS: Final = Screen(
    title=_("Events"),
    url_name="admin:event_log_event_changelist",
    permission="event_log.view_event",
    group=Group.PLATFORM,
    icon="bolt",
    pages=(
        Page(
            route="event_log/event/<int:id_event>/change/",
            name="event_log_event_change",
            view=EventView,
        ),
    ),
)
USERS: Final = Screen(
    title=_("Users"),
    url_name="admin:event_log_enduser_changelist",
    permission="event_log.view_enduser",
    group=Group.PLATFORM,
    icon="people",
    pages=(
        Page(route=f"{_USER}/change/", name="event_log_enduser_change", view=UserView),
        Page(
            route=f"{_USER}/permanent/", name="user_permanent", view=MakePermanentView
        ),
        Page(route=f"{_USER}/remove/", name="user_delete", view=DeleteUserView),
        Page(route=f"{_USER}/erase/", name="user_erase", view=EraseUserView),
        Page(route=f"{_USER}/connect/", name="user_connect", view=ConnectView),
        Page(
            route=f"{_CONNECTION}/synchronise/",
            name="connection_synchronise",
            view=SynchroniseView,
        ),
        Page(
            route=f"{_CONNECTION}/delete/",
            name="connection_delete",
            view=DisconnectView,
        ),
        Page(
            route=f"{_ACCOUNT}/enable/", name="account_enable", view=EnableAccountView
        ),
        Page(
            route=f"{_ACCOUNT}/disable/",
            name="account_disable",
            view=DisableAccountView,
        ),
    ),
)
SANDBOX: Final = Screen(
    title=_("Sandbox"),
    url_name="admin:sandbox",
    permission=SandboxView.permission,
    group=Group.TOOLS,
    icon="flask",
    pages=(
        Page(route="sandbox/", name="sandbox", view=SandboxView),
        Page(
            route="sandbox/temporary/",
            name="sandbox_temporary",
            view=CreateTemporaryUserView,
        ),
        Page(
            route="sandbox/permanent/",
            name="sandbox_permanent",
            view=CreatePermanentUserView,
        ),
    ),
)
