"""Attempts as spans: children of the emission, parents of what the receiver does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from apps.outbound.outcome import Outcome
from apps.outbound.transport import OutgoingRequest
from apps.tracing.kept import kept_traces
from apps.webhooks.engine.unsent import Unsent

if TYPE_CHECKING:
    from apps.tracing.spans import Attempt, Spans


class Traces:
    """Of one run. There is none where nobody wishes for traces."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._parents: dict[int, str] = {}

    @classmethod
    def of(cls, spans: Spans | None) -> Traces | None:
        """None of none."""
        return cls(spans) if spans else None

    def load(self, rows: Iterable[Unsent]) -> None:
        """Look up the emissions of what is about to be sent, all at once."""
        self._parents = kept_traces([row.event for row in rows])

    def begin(
        self, row: Unsent, request: OutgoingRequest, started_us: int
    ) -> tuple[OutgoingRequest, Attempt]:
        """The request with the header that names the span of this attempt."""
        attempt = self._spans.attempt(
            self._parents.get(row.event),
            started_us=started_us,
            url=request.url,
            id_webhook=row.webhook,
            id_webhook_data=row.id,
            id_event=row.event,
            attempt=row.attempts + 1,
        )
        header = f"traceparent: {attempt.traceparent}"
        return request._replace(headers=[*request.headers, header]), attempt


def end(attempt: Attempt | None, outcome: Outcome) -> None:
    """An attempt is over, if it has a span."""
    if attempt is not None:
        attempt.end(outcome.cause.value, outcome.status, accepted=outcome.accepted)
