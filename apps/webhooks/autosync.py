"""The background synchronisation: what is due, one connection after the other."""

from __future__ import annotations

import time
from typing import Final

from django.utils import timezone

from apps.connections.claims import claim_due
from apps.event_log.models import Event
from apps.webhooks.conf import autosync_settings
from apps.webhooks.sync import synchronise

# A turn is short: the flusher's ticks wait in the same queue.
TURN_SECONDS: Final = 5.0


def run_autosync(seconds: float = TURN_SECONDS) -> tuple[int, bool]:
    """Synchronise what is due until none is left, or the turn is over.

    Returns how many, and whether there may be more. Interrupted synchronisations are
    finished even if the configuration keeps new ones from beginning.
    """
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        only_interrupted = not autosync_settings().enabled
        claim = claim_due(now=timezone.now(), only_interrupted=only_interrupted)
        if claim is None:
            return count, False
        synchronise(claim, origin=Event.Origin.SYNC)
        count += 1
    return count, True
