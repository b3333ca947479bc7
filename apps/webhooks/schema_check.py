"""Is a payload as its event's payloads are? Looked at when it is emitted.

WEBHOOKS_SCHEMA_CHECK
    off        nothing is looked at
    warn       the payload goes out as it is; of an event's faults one a minute is
               logged, by each process, with how many were not
    enforce    a payload with a fault is refused
"""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings

from apps.event_log.catalogue.faults import Fault, fault_in
from apps.webhooks.formats.json_body import CheckedPayload
from apps.webhooks.seldom import Seldom

logger = logging.getLogger(__name__)

OFF: Final = "off"
WARN: Final = "warn"
ENFORCE: Final = "enforce"
MODES: Final = (OFF, WARN, ENFORCE)


class PayloadInvalid(ValueError):
    """A payload is not as its event's schema has it; says where, not what is there."""


_seldom = Seldom()


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
    unsaid = _seldom.due(event)
    if unsaid is not None:
        _warn(event, fault, unsaid)


def _warn(event: str, fault: Fault, unsaid: int) -> None:
    logger.warning(
        "The payload of %s breaks the rule %r of its schema at %s.%s",
        event,
        fault.rule,
        fault.pointer,
        f" Since the last such line {unsaid} more had a fault." if unsaid else "",
        extra={
            "event": event,
            "rule": fault.rule,
            "pointer": fault.pointer,
            "unsaid": unsaid,
        },
    )
