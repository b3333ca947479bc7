"""Badges: a state in a word, a sign and a colour; never by the colour alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.outbound.outcome import Cause
from apps.webhooks.models import Replay, WebhookData


class Tone(StrEnum):
    """How it is; the stylesheet has a colour and a sign for each."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    BUSY = "busy"
    QUIET = "quiet"


class Badge(NamedTuple):
    """What `{% badge %}` shows; `detail` in smaller letters after the text."""

    text: str | Promise
    tone: Tone
    detail: str | Promise = ""


State = WebhookData.State
_STATES: Final[dict[int, Badge]] = {
    State.HELD: Badge(_("Held"), Tone.QUIET),
    State.PENDING: Badge(_("Pending"), Tone.BUSY),
    State.DELIVERED: Badge(_("Delivered"), Tone.GOOD),
    State.CANCELLED: Badge(_("Cancelled"), Tone.QUIET),
    State.QUARANTINED: Badge(_("Quarantined"), Tone.BAD),
    State.PLANNED: Badge(_("Planned"), Tone.QUIET),
}
_REPLAYS: Final[dict[str, Badge]] = {
    Replay.State.RUNNING: Badge(_("Running"), Tone.BUSY),
    Replay.State.PAUSED: Badge(_("Paused"), Tone.WARNING),
    Replay.State.CANCELLED: Badge(_("Stopped"), Tone.QUIET),
    Replay.State.DONE: Badge(_("Done"), Tone.GOOD),
}
_CAUSES: Final[dict[str, Promise]] = {
    Cause.ACCEPTED: _("Accepted"),
    Cause.STATUS: _("Refused"),
    Cause.TIMEOUT: _("Timeout"),
    Cause.DNS: _("Unknown host"),
    Cause.BLOCKED: _("Forbidden address"),
    Cause.CONNECT: _("No connection"),
    Cause.TLS: _("TLS failure"),
    Cause.DISCONNECTED: _("Disconnected"),
    Cause.PROTOCOL: _("Not HTTP"),
    Cause.INTERNAL: _("Internal fault"),
}
_UNKNOWN: Final = _("Unknown")


def of_state(state: int, *, attempts: int = 0) -> Badge:
    """Of webhook data. What is pending and was refused before is being retried."""
    if state == State.PENDING and attempts:
        return Badge(_("Retrying"), Tone.WARNING)
    return _STATES.get(state, Badge(_UNKNOWN, Tone.QUIET))


def of_replay(state: str) -> Badge:
    """Of a replay."""
    return _REPLAYS.get(state, Badge(_UNKNOWN, Tone.QUIET))


def of_cause(cause: str, status: int | None = None) -> Badge:
    """Of a delivery attempt; `cause` as in apps/outbound/outcome.py."""
    tone = Tone.GOOD if cause == Cause.ACCEPTED else Tone.BAD
    return Badge(_CAUSES.get(cause, _UNKNOWN), tone, str(status) if status else "")
