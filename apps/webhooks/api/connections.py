"""`/users/{id|me}/connections`, accounts, subscriptions, and the test triggers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections.models import Account, Connection, Subscription
from apps.connections.plugin import profile_of
from apps.connections.resources import (
    account_object,
    connection_object,
    subscription_object,
)
from apps.connections.schedule import INTERACTIVE
from apps.webhooks.api.access import OfUserView, user_of
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, drop_all, parameters, refuse_unknown
from apps.webhooks.connections import (
    connect,
    disconnect,
    enable_account,
    enable_subscription,
    synchronise_any,
    synchronise_now,
)
from apps.webhooks.formats.instants import instant
from apps.webhooks.pushes import last_push, last_pushes
from apps.webhooks.registrations import Refused

_TEXTS: Final = {"null": None, "true": True, "false": False}


class ConnectionsView(OfUserView):
    """A user's connections."""

    def get(self, request: Request, id_user: str) -> Response:
        """Those that are not deleted; with `all`, those too."""
        user = user_of(request, id_user)
        page = Page.of(request)
        connections = Connection.objects.filter(user=user)
        if not page.everything:
            connections = connections.filter(deleted_at__isnull=True)
        part = page.part(connections)
        pushes = last_pushes(part)
        listed = [_resource(each, pushes.get(each.pk)) for each in part]
        return Response({"connections": listed, "total": connections.count()})

    def post(self, request: Request, id_user: str) -> Response:
        """Connect and synchronise; 202 if the user has to do something more."""
        user = user_of(request, id_user)
        return _reply(connect(user.pk, **parameters(request)), 201)


class ConnectionView(OfUserView):
    """One connection."""

    def get(self, request: Request, id_user: str, id_connection: int) -> Response:
        """How it is."""
        connection = _connection(request, id_user, id_connection)
        refuse_unknown(parameters(request))
        return Response(connection_resource(connection))

    def put(self, request: Request, id_user: str, id_connection: int) -> Response:
        """Synchronise now, with what is given of the credentials."""
        connection = _connection(request, id_user, id_connection)
        return _reply(synchronise_now(connection.pk, parameters(request)), 200)

    post = put

    def delete(self, request: Request, id_user: str, id_connection: int) -> Response:
        """Delete it, and tell of it."""
        connection = _connection(request, id_user, id_connection)
        refuse_unknown(parameters(request))
        deleted = disconnect(connection.user_id, connection.pk)
        return Response(connection_resource(deleted))


class AccountsView(OfUserView):
    """A user's bank accounts, or those of one connection."""

    def get(
        self, request: Request, id_user: str, id_connection: int | None = None
    ) -> Response:
        """Those that are enabled; with `all`, the others too."""
        accounts = Account.objects.select_related("connection")
        if id_connection is None:
            accounts = accounts.filter(
                connection__user=user_of(request, id_user),
                connection__deleted_at__isnull=True,
            )
        else:
            connection = _connection(request, id_user, id_connection)
            accounts = accounts.filter(connection=connection)
        page = Page.of(request)
        if not page.everything:
            accounts = accounts.filter(disabled_at__isnull=True)
        return page.reply("accounts", accounts, account_resource)


class AccountView(OfUserView):
    """One bank account."""

    def get(self, request: Request, id_user: str, id_account: int) -> Response:
        """How it was last seen, enabled or not."""
        user = user_of(request, id_user)
        given = parameters(request)
        drop_all(given)
        refuse_unknown(given)
        account = (
            Account.objects.filter(pk=id_account, connection__user=user)
            .filter(connection__deleted_at__isnull=True)
            .select_related("connection")
            .first()
        )
        if account is None:
            raise Refused("notFound", "id", f"There is no account {id_account}.")
        return Response(account_resource(account))

    def put(self, request: Request, id_user: str, id_account: int) -> Response:
        """Enable or disable."""
        user = user_of(request, id_user)
        enabled = not _disabled(request)
        account = enable_account(user.pk, id_account, enabled=enabled)
        return Response(account_resource(account))

    post = put


class SubscriptionsView(OfUserView):
    """A user's subscriptions."""

    def get(self, request: Request, id_user: str) -> Response:
        """Those that are enabled; with `all`, the others too."""
        user = user_of(request, id_user)
        page = Page.of(request)
        subscriptions = Subscription.objects.filter(
            connection__user=user, connection__deleted_at__isnull=True
        ).select_related("connection")
        if not page.everything:
            subscriptions = subscriptions.filter(disabled_at__isnull=True)
        return page.reply("subscriptions", subscriptions, subscription_resource)


class SubscriptionView(OfUserView):
    """One subscription."""

    def put(self, request: Request, id_user: str, id_subscription: int) -> Response:
        """Enable or disable."""
        user = user_of(request, id_user)
        enabled = not _disabled(request)
        return Response(
            subscription_resource(
                enable_subscription(user.pk, id_subscription, enabled=enabled)
            )
        )

    post = put


class TestSyncView(ApiView):
    """`/test/webhooks` and `/test/sync`: webhooks receive data of a real connection."""

    def post(self, request: Request) -> Response:
        """Synchronise a random connection."""
        refuse_unknown(parameters(request))
        return Response(connection_resource(synchronise_any()))


def connection_resource(connection: Connection) -> dict[str, Any]:
    """A Connection as the API answers it."""
    return _resource(connection, last_push(connection))


def account_resource(account: Account) -> dict[str, Any]:
    """A BankAccount."""
    parents = {}
    if account.parent is not None:
        siblings = Account.objects.filter(connection=account.connection_id)
        parents = dict(
            siblings.filter(reference=account.parent).values_list("reference", "pk")
        )
    return account_object(account, account.connection, parents, write=instant)


def subscription_resource(subscription: Subscription) -> dict[str, Any]:
    """A Subscription."""
    return subscription_object(subscription, subscription.connection, write=instant)


def _resource(connection: Connection, pushed: datetime | None) -> dict[str, Any]:
    profile = profile_of(connection.id_connector)
    return connection_object(connection, profile, last_push=pushed, write=instant)


def _connection(request: Request, id_user: str, id_connection: int) -> Connection:
    user = user_of(request, id_user)
    connections = Connection.objects.filter(user=user, deleted_at__isnull=True)
    connection = connections.filter(pk=id_connection).first()
    if connection is None:
        raise Refused("notFound", "id", f"There is no connection {id_connection}.")
    return connection


def _disabled(request: Request) -> bool:
    """A truth; null enables, as does the original's text `null`."""
    given = parameters(request)
    drop_all(given)
    if "disabled" not in given:
        raise Refused(
            "missingParameter", "disabled", "The parameter disabled is missing."
        )
    disabled = given.pop("disabled")
    refuse_unknown(given)
    if isinstance(disabled, str):
        disabled = _TEXTS.get(disabled, disabled)
    if disabled is None or isinstance(disabled, bool):
        return bool(disabled)
    raise Refused("invalidValue", "disabled", "disabled must be true or false.")


def _reply(connection: Connection, status: int) -> Response:
    waits = connection.state in INTERACTIVE
    return Response(connection_resource(connection), 202 if waits else status)
