"""The list as a file, line by line: what it shows, without payloads and answers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from apps.webhooks.console.deliveries.criteria import Criteria
from apps.webhooks.console.deliveries.finding import find
from apps.webhooks.console.deliveries.forms import FilterForm
from apps.webhooks.console.views import ConsoleView
from apps.webhooks.models import WebhookData

# Lines of one file, and pages that are read for them: the rest has other dates.
MOST: Final = 50_000
MOST_PAGES: Final = 2_000


class ExportView(ConsoleView):
    """GET with the filters of the list: one line for each delivery, newest first."""

    permission = "webhooks.view_webhookdata"
    kind: ClassVar[str]
    ending: ClassVar[str]

    # Django's own class of streams is not one of its `HttpResponse`.
    def get(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> StreamingHttpResponse:
        """Written while it is read: a page of the list at a time, by its cursor."""
        criteria = FilterForm(request.GET).criteria()
        lines = self.lines(_rows(criteria))
        response = StreamingHttpResponse(lines, content_type=self.kind)
        name = f"deliveries-{timezone.now():%Y%m%d-%H%M%S}.{self.ending}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def lines(self, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
        """The file's."""
        raise NotImplementedError


class CsvView(ExportView):
    """For spreadsheets."""

    kind = "text/csv; charset=utf-8"
    ending = "csv"

    def lines(self, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
        """With a heading."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(_FIELDS))
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()


class NdjsonView(ExportView):
    """For programs: a JSON object on each line."""

    kind = "application/x-ndjson"
    ending = "ndjson"

    def lines(self, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
        """One after the other."""
        return (f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _rows(criteria: Criteria) -> Iterator[dict[str, Any]]:
    before, written = None, 0
    for _ in range(MOST_PAGES):
        found = find(criteria, before)
        for row in found.rows[: MOST - written]:
            yield {name: read(row) for name, read in _FIELDS.items()}
        written += len(found.rows)
        before = found.next_before
        if before is None or written >= MOST:
            return


def _instant(moment: Any) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


# By the contract's names where it has one.
_FIELDS: Final[dict[str, Any]] = {
    "id_webhook_data": lambda row: row.id,
    "event": lambda row: row.event,
    "id_event": lambda row: row.of_event,
    "id_webhook": lambda row: row.webhook,
    "url": lambda row: row.url,
    "id_user": lambda row: row.user,
    "origin": lambda row: row.origin,
    "state": lambda row: WebhookData.State(row.state).name.lower(),
    "attempts": lambda row: row.attempts,
    "created": lambda row: _instant(row.created_at),
    "success": lambda row: _instant(row.delivered_at),
    "last_outcome": lambda row: row.cause,
    "response_code": lambda row: row.status,
    "last_seconds": lambda row: row.seconds,
    "next_try": lambda row: _instant(row.next_try_at),
    "payload_bytes": lambda row: row.payload_size,
}
