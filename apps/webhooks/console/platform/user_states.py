"""What users and their connections are, as badges."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.connections.models import Connection
from apps.connections.schedule import INTERACTIVE
from apps.event_log.models import EndUser
from apps.webhooks.console.badges import Badge, Tone

PERMANENT: Final = Badge(_("Permanent"), Tone.GOOD)
TEMPORARY: Final = Badge(_("Temporary"), Tone.WARNING)
DELETED: Final = Badge(_("Deleted"), Tone.QUIET)
ERASED: Final = Badge(_("Erased"), Tone.QUIET)


def badge_of_user(user: EndUser) -> Badge:
    """Whether anything about this user is told."""
    if user.deleted_at is not None:
        return ERASED if user.erased_at is not None else DELETED
    return TEMPORARY if user.is_temporary else PERMANENT


def badge_of_connection(connection: Connection) -> Badge:
    """How its last synchronisation ended."""
    if connection.deleted_at is not None:
        return DELETED
    until = connection.syncing_until
    if until is not None and until > timezone.now():
        return Badge(_("Synchronising"), Tone.BUSY)
    if connection.state is None:
        if connection.last_update_at is None:
            return Badge(_("Never synchronised"), Tone.QUIET)
        return Badge(_("Synchronised"), Tone.GOOD)
    tone = Tone.WARNING if connection.state in INTERACTIVE else Tone.BAD
    return Badge(connection.state, tone)
