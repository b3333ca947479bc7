"""What is done to users and connections, by the functions that the API calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.http import Http404
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.connections.models import Account, Connection
from apps.webhooks.connections import (
    connect,
    disconnect,
    enable_account,
    synchronise_now,
)
from apps.webhooks.console.platform.forms import ConnectForm
from apps.webhooks.console.platform.users import OneUser
from apps.webhooks.console.refusals import said
from apps.webhooks.console.views import ActionRefused, ActionView
from apps.webhooks.registrations import Refused
from apps.webhooks.users import NotTemporary, delete_user, make_permanent


class UserAction(OneUser, ActionView):
    """Something that is done to a user; its page comes after it."""

    template_name = "console/confirm.html"

    def act(self) -> str:
        """What the API refuses is refused here, in the same words."""
        try:
            return self.do()
        except Refused as refused:
            raise ActionRefused(said(refused.sentence)) from refused

    def do(self) -> str:
        """Do it, and say so."""
        raise NotImplementedError

    def get_next_url(self) -> str:
        """Where it is seen what comes of it."""
        return self.own_url()


class MakePermanentView(UserAction):
    """What was held goes."""

    title = _("Make permanent")
    permission = "event_log.change_enduser"
    button = _("Make permanent")

    def question(self) -> str | Promise:
        """It cannot be undone but by deletion."""
        return _("Make this user permanent? What was held about it is told at once.")

    def do(self) -> str:
        """As the exchange of a code does."""
        try:
            make_permanent(self.user.pk)
        except NotTemporary as error:
            raise ActionRefused(_now("The user is not temporary.")) from error
        return _now("The user is permanent. What was held is on its way.")


class DeleteUserView(UserAction):
    """USER_DELETED, or nothing if nobody ever heard of it."""

    title = _("Delete user")
    permission = "event_log.delete_enduser"
    button = _("Delete the user")
    is_dangerous = True

    def question(self) -> str | Promise:
        """What comes with it."""
        if self.user.is_temporary:
            return _(
                "Delete this temporary user? What is held about it is dropped: nobody "
                "ever hears of it."
            )
        return _(
            "Delete this user? Its connections go with it, its tokens end, and "
            "CONNECTION_DELETED and USER_DELETED are told."
        )

    def do(self) -> str:
        """For good."""
        delete_user(self.user.pk)
        return _now("The user is deleted.")


class ConnectView(UserAction):
    """A new connection, synchronised at once."""

    title = _("Connect")
    permission = "connections.add_connection"
    template_name = "console/connect.html"
    button = _("Connect and synchronise")

    def question(self) -> str | Promise:
        """What the sandbox is to play."""
        return _("Connect this user to a bank?")

    @cached_property
    def form(self) -> ConnectForm:
        """With what was sent."""
        return ConnectForm(self.request.POST or None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form."""
        return super().get_context_data(**kwargs) | {"form": self.form}

    def do(self) -> str:
        """As `POST /users/{id}/connections`."""
        if not self.form.is_valid():
            raise ActionRefused(_now("Check what was typed."))
        row = connect(self.user.pk, **self.form.parameters())
        return _now("Connection %(id)d is synchronised: %(state)s.") % {
            "id": row.pk,
            "state": row.state or _now("without an error"),
        }


class ConnectionAction(UserAction):
    """Something that is done to a connection of the user."""

    @cached_property
    def connection(self) -> Connection:
        """404 if the user has no such."""
        rows = Connection.objects.filter(user=self.user, deleted_at__isnull=True)
        row = rows.filter(pk=self.kwargs["id_connection"]).first()
        if row is None:
            raise Http404
        return row


class SynchroniseView(ConnectionAction):
    """What a bank's news look like."""

    title = _("Synchronise")
    permission = "connections.change_connection"
    button = _("Synchronise")

    def question(self) -> str | Promise:
        """Nothing that could go wrong."""
        return _("Synchronise this connection now?")

    def do(self) -> str:
        """However short ago it was: here somebody is watching."""
        row = synchronise_now(self.connection.pk, apart=timedelta(0))
        return _now("Connection %(id)d is synchronised: %(state)s.") % {
            "id": row.pk,
            "state": row.state or _now("without an error"),
        }


class DisconnectView(ConnectionAction):
    """CONNECTION_DELETED."""

    title = _("Delete connection")
    permission = "connections.delete_connection"
    button = _("Delete the connection")
    is_dangerous = True

    def question(self) -> str | Promise:
        """What comes with it."""
        return _(
            "Delete this connection? Its credentials are forgotten, and "
            "CONNECTION_DELETED is told."
        )

    def do(self) -> str:
        """As `DELETE /users/{id}/connections/{id}`."""
        disconnect(self.user.pk, self.connection.pk)
        return _now("The connection is deleted.")


class AccountAction(UserAction):
    """A bank account, enabled or disabled."""

    permission = "connections.change_account"
    enabled: ClassVar[bool]

    @cached_property
    def account(self) -> Account:
        """404 if the user has no such."""
        rows = Account.objects.filter(connection__user=self.user)
        row = rows.filter(pk=self.kwargs["id_account"]).first()
        if row is None:
            raise Http404
        return row

    def consequences(self) -> Sequence[tuple[str | Promise, Any]]:
        """Which one."""
        return [(_("Account"), self.account.name)]

    def do(self) -> str:
        """As `PUT /users/{id}/accounts/{id}`."""
        enable_account(self.user.pk, self.account.pk, enabled=self.enabled)
        return (
            _now("The account is enabled.")
            if self.enabled
            else _now("The account is disabled.")
        )


class EnableAccountView(AccountAction):
    """ACCOUNT_ENABLED."""

    title = button = _("Enable")
    enabled = True

    def question(self) -> str | Promise:
        """What is told."""
        return _("Enable this account? ACCOUNT_ENABLED is told.")


class DisableAccountView(AccountAction):
    """ACCOUNT_DISABLED."""

    title = button = _("Disable")
    enabled = False

    def question(self) -> str | Promise:
        """What is told."""
        return _("Disable this account? ACCOUNT_DISABLED is told.")
