"""Whose resources a caller may see and change (contract, 2.4 and 2.5)."""

from __future__ import annotations

from typing import Final

from rest_framework.exceptions import AuthenticationFailed, NotFound, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api_tokens.authentication import caller_of
from apps.api_tokens.models import Scope
from apps.event_log.models import EndUser
from apps.webhooks.api.base import ApiView
from apps.webhooks.api.parameters import MAX_ID

ME: Final = "me"


class HasToken(BasePermission):
    """Lets any good token through: `user_of` decides about each user."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Without a token the answer is 401, not what `user_of` finds."""
        return request.auth is not None


class OfUserView(ApiView):
    """A view of what belongs to one user: it calls `user_of` before all else."""

    permission_classes = (HasToken,)


def user_of(
    request: Request,
    id_or_me: str,
    *,
    scope: str = Scope.USERS,
    deleted: bool = False,
) -> EndUser:
    """The user that a path names, if the caller may act for them.

    A user's own token does for `me` and for its number, a token with `scope` for
    every number. Raises what is answered with 401 without a good token, 403 if the
    token is of another kind, and 404 alike for a user that another one's token asks
    for, that is deleted, or that never was: nobody learns which numbers exist. With
    `deleted` whoever may act for every number finds those that are deleted too.
    The user comes without `token`, which nothing but a delivery needs.
    """
    caller = caller_of(request)
    if caller.user is not None:
        if id_or_me != ME and _number(id_or_me) != caller.user:
            raise NotFound
        user = _live(caller.user)
        if user is None:
            # Deleted within the second for which its token is still remembered.
            raise AuthenticationFailed
        return user
    if scope not in caller.scopes or id_or_me == ME:
        raise PermissionDenied
    number = _number(id_or_me)
    user = None if number is None else _user(number) if deleted else _live(number)
    if user is None:
        raise NotFound
    return user


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= MAX_ID else None


def _live(number: int) -> EndUser | None:
    user = _user(number)
    return user if user is not None and user.deleted_at is None else None


def _user(number: int) -> EndUser | None:
    return EndUser.objects.defer("token").filter(pk=number).first()
