"""Is a payload as its event's payloads are? Looked at when it is emitted.

WEBHOOKS_SCHEMA_CHECK
    off        nothing is looked at
    warn       a fault is logged, and the payload goes out as it is
    enforce    a payload with a fault is refused
"""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings

from apps.event_log.catalogue.faults import fault_in
from apps.webhooks.formats.json_body import CheckedPayload

logger = logging.getLogger(__name__)

OFF: Final = "off"
WARN: Final = "warn"
ENFORCE: Final = "enforce"
MODES: Final = (OFF, WARN, ENFORCE)


class PayloadInvalid(ValueError):
    """A payload is not as its event's schema has it; says where, not what is there."""


def check_payload(event: str, payload: CheckedPayload) -> None:
    """Log or refuse a payload with a fault; raise `PayloadInvalid`."""
    mode = settings.WEBHOOKS_SCHEMA_CHECK
    if mode == OFF:
        return
    fault = fault_in(event, payload.members, payload)
    if fault is None:
        return
    if mode == ENFORCE:
        raise PayloadInvalid(
            f"The payload of {event} breaks the rule {fault.rule!r} of its schema "
            f"at {fault.pointer}."
        )
    logger.warning(
        "The payload of %s breaks the rule %r of its schema at %s.",
        event,
        fault.rule,
        fault.pointer,
        extra={"event": event, "rule": fault.rule, "pointer": fault.pointer},
    )
