"""The life of an end user and of its tokens (contract, 1.2 and 2.4).

Of a user's tokens the newest permanent one is sealed in `EndUser.token`, for
deliveries to carry; the API knows all of them by their hashes. Whoever changes a user
locks its row first, and only then those of its tokens and codes.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.api_tokens.authentication import Caller, forget_callers
from apps.api_tokens.codes import issue_code, redeem, user_of_code
from apps.api_tokens.models import USER_SCOPE, ApiToken, issue, revoke, revoke_all_of
from apps.api_tokens.tokens import USER_MARK, token_hash
from apps.audit.actions import Action
from apps.audit.trail import record
from apps.auth_providers.providers import Refused
from apps.connections.claims import live
from apps.event_log.models import EndUser, Event
from apps.event_log.user_config import erase_config
from apps.webhooks.connections import end_connection
from apps.webhooks.emit import emit
from apps.webhooks.erasure import BATCHES_AT_ONCE, begin_erasure, continue_erasure
from apps.webhooks.holds import drop, release
from apps.webhooks.tasks import wake


class NotTemporary(ValueError):
    """The user does not exist, was dropped, or is permanent already."""


def create_user(*, permanent: bool = True) -> EndUser:
    """A new user and its USER_CREATED, held while the user is temporary.

    `token` is the user's, to be given away once; it ends with a temporary user.
    """
    now = timezone.now()
    lifetime = timedelta(minutes=settings.WEBHOOKS_TEMPORARY_USER_MINUTES)
    with transaction.atomic():
        user = EndUser.objects.create(
            signin=now,
            permanent_at=now if permanent else None,
            expires_at=None if permanent else now + lifetime,
        )
        _issue_token(user)
        emit("USER_CREATED", user_payload(user), user=user.pk, origin=Event.Origin.API)
        record(Action.USER_CREATE, user.pk, new={"permanent": permanent})
    return user


def make_permanent(user_id: int) -> None:
    """Release what was held, in the transaction that makes the user permanent.

    The user's token stays, and does not expire any more.
    """
    with transaction.atomic():
        user = _locked(EndUser.objects.filter(pk=user_id, permanent_at__isnull=True))
        if user is None:
            raise NotTemporary(f"User {user_id} is not temporary.")
        _make_permanent(user)
        if user.token is not None:
            token = ApiToken.objects.filter(sha256=token_hash(user.token))
            token.update(expires_at=None)
        record(Action.USER_PERMANENT, user_id)


def renew_token(user_id: int, *, revoke_previous: bool = False) -> str:
    """A new permanent token, which makes a temporary user permanent.

    The tokens before stay good, unless told otherwise; deliveries carry the new one.
    """
    with transaction.atomic():
        user = _live(user_id)
        if revoke_previous:
            revoke_all_of([user_id])
        text = _grant(user)
        record(Action.USER_TOKEN, user_id, new={"revoke_previous": revoke_previous})
    forget_callers()
    return text


def code_for(user_id: int) -> tuple[str, datetime]:
    """A code to exchange for a permanent token, and when it expires.

    It does not outlive a temporary user.
    """
    lifetime = timedelta(minutes=settings.WEBHOOKS_SHORT_TOKEN_MINUTES)
    with transaction.atomic():
        user = _live(user_id)
        expires_at = timezone.now() + lifetime
        if user.expires_at is not None:
            expires_at = min(expires_at, user.expires_at)
        record(Action.USER_CODE, user_id, new={"expires_at": expires_at})
        return issue_code(user_id, expires_at), expires_at


def exchange_code(code: str) -> str:
    """A new permanent token for a code, which is good once; raises `Refused`."""
    wrong = Refused("invalidValue", "code", "The code is wrong, used, or too old.")
    user_id = user_of_code(code)
    if user_id is None:
        raise wrong
    with transaction.atomic():
        user = _locked(EndUser.objects.defer("token").filter(pk=user_id))
        if user is None or not redeem(code):
            raise wrong
        record(Action.USER_TOKEN, user_id, new={"for_code": True})
        return _grant(user)


def revoke_token(caller: Caller) -> None:
    """End a token. Deliveries carry no revoked one: if it was theirs, they go without
    until the user's next permanent token.
    """
    with transaction.atomic():
        of_caller = EndUser.objects.filter(pk=caller.user or 0)
        user = _locked(of_caller)
        token = ApiToken.objects.filter(pk=caller.token)
        revoke(token)
        record(Action.TOKEN_REVOKE, caller.token)
        if user is not None and user.token is not None:
            carried = token.filter(sha256=token_hash(user.token))
            if carried.exists():
                user.token = None
                user.save(update_fields=["token"])
    forget_callers()


def delete_user(user_id: int) -> EndUser:
    """Delete a user with its connections, and end its tokens.

    Raises `Refused` if there is no such user. CONNECTION_DELETED is told first.
    USER_DELETED, like whatever else is unsent, still carries the user's token, which
    is erased when the last delivery has ended. A temporary user, of whom nobody was
    told, is dropped with what was held.
    """
    with transaction.atomic():
        user = _live(user_id)
        if user.is_temporary:
            drop([user_id])
        else:
            for connection in live().filter(user=user_id).values_list("pk", flat=True):
                end_connection(user_id, connection)
            emit(
                "USER_DELETED",
                user_payload(user),
                user=user_id,
                origin=Event.Origin.API,
            )
            revoke_all_of([user_id])
            erase_config([user_id])
            user.deleted_at = timezone.now()
            user.save(update_fields=["deleted_at"])
        record(Action.USER_DELETE, user_id, old={"permanent": not user.is_temporary})
    forget_callers()
    return user


def erase_user(user_id: int, *, reason: str = "") -> EndUser:
    """Erase a person, deleted or not, and tell nobody; raises `Refused`.

    Of a person with very many events the rest is erased by the sweep, soon.
    """
    user = begin_erasure(user_id, reason=reason)
    forget_callers()
    for _ in range(BATCHES_AT_ONCE):
        if not continue_erasure(user_id):
            break
    return user


def user_payload(user: EndUser) -> bytes:
    """The User of contract section 1.4, its date as the original writes it."""
    signin = user.signin.astimezone(settings.PAYLOAD_ZONE)
    return json.dumps(
        {"id": user.pk, "signin": signin.strftime("%Y-%m-%d %H:%M:%S")},
        separators=(",", ":"),
    ).encode()


def _locked(users: QuerySet[EndUser]) -> EndUser | None:
    """The user, if it is not deleted, locked until the transaction ends."""
    return users.filter(deleted_at__isnull=True).select_for_update(no_key=True).first()


def _live(user_id: int) -> EndUser:
    user = _locked(EndUser.objects.defer("token").filter(pk=user_id))
    if user is None:
        raise Refused("notFound", "id_user", f"There is no user {user_id}.")
    return user


def _grant(user: EndUser) -> str:
    if user.is_temporary:
        _make_permanent(user)
    return _issue_token(user)


def _issue_token(user: EndUser) -> str:
    """A new token that deliveries carry; it expires when the user does."""
    _, text = issue(
        f"user {user.pk}", [USER_SCOPE], user.expires_at, mark=USER_MARK, user=user.pk
    )
    user.token = text
    user.save(update_fields=["token"])
    return text


def _make_permanent(user: EndUser) -> None:
    user.permanent_at, user.expires_at = timezone.now(), None
    user.save(update_fields=["permanent_at", "expires_at"])
    release(user.pk)
    transaction.on_commit(wake, robust=True)
