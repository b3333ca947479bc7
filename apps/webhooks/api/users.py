"""`/users`: end users and what is configured for each (contract, 2.3 and 2.4)."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api_tokens.models import Scope
from apps.event_log.models import EndUser
from apps.event_log.user_config import change_config, config_of
from apps.webhooks.api.access import OfUserView, user_of
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import Page, parameters, refuse_unknown
from apps.webhooks.formats.instants import instant
from apps.webhooks.registrations import Refused
from apps.webhooks.users import delete_user, erase_user


class UsersView(ApiView):
    """All users."""

    required_scope = Scope.USERS

    def get(self, request: Request) -> Response:
        """Those that are not deleted; with `all`, those too."""
        page = Page.of(request)
        users = EndUser.objects.defer("token")
        if not page.everything:
            users = users.filter(deleted_at__isnull=True)
        return page.reply("users", users, user_resource)


class UserView(OfUserView):
    """One user."""

    def get(self, request: Request, id_user: str) -> Response:
        """Who it is."""
        user = user_of(request, id_user)
        refuse_unknown(parameters(request))
        return Response(user_resource(user))

    def delete(self, request: Request, id_user: str) -> Response:
        """Delete the user, end the user's tokens, and tell of it; or, with `erase`,
        leave nothing of the person, and tell nobody.
        """
        given = parameters(request)
        erase = given.pop("erase", False)
        erase = erase == "" or erase
        user = user_of(request, id_user, deleted=erase is not False)
        refuse_unknown(given)
        if not isinstance(erase, bool):
            raise Refused("invalidValue", "erase", "erase must be true or false.")
        done = erase_user(user.pk) if erase else delete_user(user.pk)
        return Response(user_resource(done))


class UserConfigView(OfUserView):
    """One user's configuration."""

    def get(self, request: Request, id_user: str) -> Response:
        """Key and value of each."""
        user = user_of(request, id_user, scope=Scope.CONFIG)
        refuse_unknown(parameters(request))
        return Response(config_of(user.pk))

    def post(self, request: Request, id_user: str) -> Response:
        """Set keys, all or none; null removes one."""
        user = user_of(request, id_user, scope=Scope.CONFIG)
        changes = parameters(request)
        if not changes:
            raise Refused("missingParameter", "", "Give keys and their values.")
        change_config(user.pk, changes)
        return Response(config_of(user.pk))

    put = post


def user_resource(user: EndUser) -> dict[str, Any]:
    """A User, never with a token."""
    return {
        "id": user.pk,
        "signin": instant(user.signin),
        "type": "temporary" if user.is_temporary else "permanent",
        "expires": instant(user.expires_at) if user.expires_at else None,
        "deleted": instant(user.deleted_at) if user.deleted_at else None,
        "erased": instant(user.erased_at) if user.erased_at else None,
    }
