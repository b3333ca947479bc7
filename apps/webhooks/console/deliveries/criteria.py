"""What a list of deliveries is restricted to: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from apps.outbound.outcome import Cause
from apps.webhooks.models import WebhookData

_State = WebhookData.State
# The words of the list for states, and the rows they mean.
STATES: Final[Mapping[str, str]] = {
    "failing": f"d.state = {_State.PENDING:d} AND d.attempts > 0",
    "waiting": f"d.state = {_State.PENDING:d} AND d.attempts = 0",
    "delivered": f"d.state = {_State.DELIVERED:d}",
    "held": f"d.state = {_State.HELD:d}",
    "cancelled": f"d.state = {_State.CANCELLED:d}",
    "quarantined": f"d.state = {_State.QUARANTINED:d}",
    "planned": f"d.state = {_State.PLANNED:d}",
}
# How an attempt failed: a class of statuses, or a cause without a status.
CLASSES: Final[Mapping[str, int]] = {"1xx": 1, "3xx": 3, "4xx": 4, "5xx": 5}
CAUSES: Final = tuple(
    str(cause) for cause in Cause if cause not in (Cause.ACCEPTED, Cause.STATUS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """All that are given must hold; nothing given means every delivery.

    `state` is a key of `STATES`, `event` a name, `origin` an `Event.Origin`; `since`
    is included, `until` is not. `outcome` is one of `CLASSES` or `CAUSES`, `status` a
    status: some attempt ended so.
    """

    state: str = ""
    event: str = ""
    webhook: int | None = None
    user: int | None = None
    of_event: int | None = None
    outcome: str = ""
    status: int | None = None
    origin: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def given(self) -> set[str]:
        """The names of those that are given."""
        return {
            field.name
            for field in fields(self)
            if getattr(self, field.name) not in (None, "")
        }

    @property
    def failure(self) -> tuple[str, int] | None:
        """Cause and class of the attempts looked for, as their index has them."""
        if self.status is not None:
            return Cause.STATUS, self.status // 100
        if self.outcome in CLASSES:
            return Cause.STATUS, CLASSES[self.outcome]
        return (self.outcome, 0) if self.outcome else None
