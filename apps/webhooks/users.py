"""The life of an end user, as far as deliveries depend on it (contract, 1.2)."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.event_log.models import EndUser, Event
from apps.webhooks.emit import emit
from apps.webhooks.holds import release
from apps.webhooks.tasks import wake

TOKEN_BYTES = 64


class NotTemporary(ValueError):
    """The user does not exist, was dropped, or is permanent already."""


def create_user(*, permanent: bool = True) -> EndUser:
    """A new user and its USER_CREATED, held while the user is temporary."""
    now = timezone.now()
    lifetime = timedelta(minutes=settings.WEBHOOKS_TEMPORARY_USER_MINUTES)
    with transaction.atomic():
        user = EndUser.objects.create(
            signin=now,
            permanent_at=now if permanent else None,
            expires_at=None if permanent else now + lifetime,
            token=secrets.token_urlsafe(TOKEN_BYTES),
        )
        emit("USER_CREATED", user_payload(user), user=user.pk, origin=Event.Origin.API)
    return user


def make_permanent(user_id: int) -> None:
    """Release what was held, in the transaction that makes the user permanent."""
    with transaction.atomic():
        changed = EndUser.objects.filter(
            pk=user_id, permanent_at__isnull=True, deleted_at__isnull=True
        ).update(permanent_at=timezone.now(), expires_at=None)
        if not changed:
            raise NotTemporary(f"User {user_id} is not temporary.")
        release(user_id)
        transaction.on_commit(wake, robust=True)


def user_payload(user: EndUser) -> bytes:
    """The User of contract section 1.4, its date as the original writes it."""
    signin = user.signin.astimezone(settings.PAYLOAD_ZONE)
    return json.dumps(
        {"id": user.pk, "signin": signin.strftime("%Y-%m-%d %H:%M:%S")},
        separators=(",", ":"),
    ).encode()
