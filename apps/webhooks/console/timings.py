"""How long each part of a request took, for a bar of its own."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.outbound.outcome import Timing


class Phase(NamedTuple):
    """A part of a request. Seconds; `began` counts from the start of it."""

    name: str
    title: str
    began: float
    seconds: float


def phases(timing: Timing) -> list[Phase]:
    """Those that there were, one after the other, and at last all of it."""
    named = [
        ("dns", _("Name"), timing.dns_us),
        ("connect", _("Connection"), timing.connect_us),
        ("tls", "TLS", timing.tls_us),
    ]
    found, reached = [], 0
    for name, title, taken in named:
        if taken is not None:
            found.append(Phase(name, title, reached / 1e6, taken / 1e6))
            reached += taken
    first = timing.first_byte_us
    if found and first is not None and first >= reached:
        found.append(
            Phase("wait", _("First byte"), reached / 1e6, (first - reached) / 1e6)
        )
    found.append(Phase("total", _("In all"), 0.0, timing.total_us / 1e6))
    return found
