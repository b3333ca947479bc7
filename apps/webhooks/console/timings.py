"""Where the time of an attempt went: phases, one below the other, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from apps.outbound.outcome import Timing

WIDTH: Final = 240.0
# So narrow a bar is still seen.
LEAST: Final = 1.5


class Phase(NamedTuple):
    """A part of an attempt; microseconds from its beginning, None if left out."""

    name: str
    title: str | Promise
    began_us: int
    took_us: int | None
    whole_us: int

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.took_us is None else self.took_us / 1e6

    @property
    def bar(self) -> SafeString:
        """Its place in the whole; the numbers are beside it, so it is not read out."""
        svg = ET.Element(
            "svg",
            {
                "class": "phase-bar",
                "viewBox": f"0 0 {WIDTH:g} 8",
                "preserveAspectRatio": "none",
                "aria-hidden": "true",
                "focusable": "false",
            },
        )
        whole = max(self.whole_us, 1)
        ground = {"x": "0", "y": "3", "width": f"{WIDTH:g}", "height": "2"}
        ET.SubElement(svg, "rect", {"class": "ground", **ground})
        if self.took_us:
            width = max(LEAST, WIDTH * min(self.took_us / whole, 1.0))
            x = min(WIDTH * self.began_us / whole, WIDTH - width)
            place = {"x": f"{x:.1f}", "y": "0", "width": f"{width:.1f}", "height": "8"}
            ET.SubElement(svg, "rect", {"class": f"phase-{self.name}", **place})
        return mark_safe(ET.tostring(svg, encoding="unicode"))  # nosec B308


def phases(timing: Timing) -> list[Phase]:
    """In their order; a connection that was kept alive has neither of the first."""
    total = timing.total_us
    steps: Sequence[tuple[str, str | Promise, int | None]] = (
        ("dns", _("Name look-up"), timing.dns_us),
        ("connect", _("Connecting"), timing.connect_us),
        ("tls", _("TLS"), timing.tls_us),
    )
    found, began = [], 0
    for name, title, took in steps:
        found.append(Phase(name, title, began, took, total))
        began = min(began + (took or 0), total)
    first = timing.first_byte_us
    answered = total if first is None else max(began, min(first, total))
    found.append(
        Phase("wait", _("Waiting for the answer"), began, answered - began, total)
    )
    received = None if first is None else total - answered
    found.append(Phase("receive", _("Reading the answer"), answered, received, total))
    return found
