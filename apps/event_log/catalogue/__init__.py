"""The events a webhook can be registered to (contract, section 1.1).

values         kinds of values that payloads are made of
objects        the objects they share, each described once
schemas        what the payload of each event is, as JSON Schema 2020-12
samples        a payload of each event, always the same
event_types    the catalogue: all of it together, and how events are named
faults         what is wrong with a payload
"""

from __future__ import annotations

from apps.event_log.catalogue.event_types import (
    ALIASES,
    CATALOGUE,
    EventType,
    UnknownEvent,
    event_name,
)

__all__ = ["ALIASES", "CATALOGUE", "EventType", "UnknownEvent", "event_name"]
