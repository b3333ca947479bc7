"""What the console orders replays with, and how a refusal of one reads."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.webhooks.registrations import Refused
from apps.webhooks.replay.plan import DEFAULT_RATE
from apps.webhooks.replays import Order

# The words of replay/filters.py, for people.
STATE_TITLES: Final[dict[str, str | Promise]] = {
    "failed": _lazy("Refused so far"),
    "never_attempted": _lazy("Never attempted"),
    "quarantined": _lazy("Quarantined"),
    "cancelled": _lazy("Cancelled"),
    "delivered": _lazy("Delivered already"),
}


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
