"""What the console orders replays with, and how a refusal of one reads."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from apps.webhooks.registrations import Refused
from apps.webhooks.replay.plan import DEFAULT_RATE
from apps.webhooks.replays import Order


def order_of(
    user: User | AnonymousUser, *, reason: str = "", rate: float = DEFAULT_RATE
) -> Order:
    """Somebody of the staff wants it."""
    return Order(actor=f"console:{user.get_username()}", reason=reason, rate=rate)


def refusal(refused: Refused) -> str:
    """In the reader's language where it is a common one."""
    if (refused.code, refused.field) == ("conflict", ""):
        return _("There is nothing to send.")
    return refused.sentence
