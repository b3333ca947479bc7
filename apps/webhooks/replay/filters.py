"""Which webhook data a replay is about: pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

MOST_IDS: Final = 10_000

# The words for states, and the rows they mean. Held data waits for its user, and is
# never replayed.
STATES: Final = {
    "failed": "d.state = 1 AND d.attempts > 0",
    "never_attempted": "d.state = 1 AND d.attempts = 0",
    "delivered": "d.state = 2",
    "cancelled": "d.state = 3",
    "quarantined": "d.state = 4",
}
DEFAULT_STATES: Final = ("failed", "never_attempted", "quarantined")
ANY_STATE: Final = (*DEFAULT_STATES, "delivered", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """All that are given must hold. `since` is included, `until` is not.

    Dates are those of the webhook data, the moment of the event. Of ids there are up
    to 10,000. `connection` is looked up in the payloads.
    """

    webhook: int | None = None
    event: str | None = None
    user: int | None = None
    connection: int | None = None
    states: tuple[str, ...] = DEFAULT_STATES
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[int, ...] = ()

    @property
    def conditions(self) -> tuple[str, dict[str, Any]]:
        """A condition on `d`, the webhook data, and `e`, its event; its parameters."""
        given = {
            field.name: value
            for field in fields(self)
            if field.name in _CONDITIONS
            and (value := getattr(self, field.name)) not in (None, ())
        }
        texts = [_CONDITIONS[name] for name in given]
        states = " OR ".join(f"({STATES[state]})" for state in self.states)
        parameters = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
        }
        return " AND ".join([*texts, f"({states})"]), parameters

    def as_json(self) -> dict[str, Any]:
        """What was given, for the record."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
            if value not in (None, ())
        }


_CONDITIONS: Final = {
    "webhook": "d.webhook_id = %(webhook)s",
    "event": "e.name = %(event)s",
    "user": "e.user_id = %(user)s",
    "connection": """(CASE WHEN e.payload IS NOT NULL THEN coalesce(
        e.payload::json #>> '{connection,id}', e.payload::json ->> 'id_connection',
        CASE WHEN e.name LIKE 'CONNECTION%%' THEN e.payload::json ->> 'id' END)
        END = %(connection)s::text)""",
    "since": "d.created_at >= %(since)s",
    "until": "d.created_at < %(until)s",
    "ids": "d.id = ANY(%(ids)s)",
}
