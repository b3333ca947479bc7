"""`manage.py webhooks`: the webhooks, and how each is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import CommandParser
from django.db.models import Count
from rich.console import Console
from rich.table import Table

from apps.event_log.catalogue import UnknownEvent, event_name
from apps.webhooks.health import HealthReport, health_of
from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.models import Webhook, WebhookData

# Whose health is read at once.
AT_ONCE: Final = 500
COLUMNS: Final = (
    "id", "event", "url", "accepted", "average_s", "attempts", "waiting", "paused",
    "warning",
)  # fmt: skip


class Command(OperatorCommand):
    """A line for each, with its last 24 hours."""

    help = (
        "List webhooks with their health over 24 hours and what waits for them. "
        f"{STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which."""
        parser.add_argument("--event", metavar="NAME", help="of this event only")
        parser.add_argument("--all", action="store_true", help="disabled ones too")
        parser.add_argument(
            "--troubled", action="store_true", help="only those with a warning"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """A table on a terminal, else lines with tabs between, or a list in JSON."""
        rows = [
            row
            for row in _rows(self._chosen(options))
            if row["warning"] or not options["troubled"]
        ]
        if options["format"] == "text" and self.stdout.isatty():
            self._show(rows)
            return
        lines = [COLUMNS, *([_text(row[name]) for name in COLUMNS] for row in rows)]
        self.say(rows, options, "\n".join("\t".join(line) for line in lines))

    def _chosen(self, options: dict[str, Any]) -> list[Webhook]:
        found = Webhook.objects.order_by("pk")
        if not options["all"]:
            found = found.filter(deleted_at__isnull=True)
        if options["event"]:
            try:
                found = found.filter(event=event_name(options["event"]))
            except UnknownEvent as error:
                self.refuse(error)
        return list(found)

    def _show(self, rows: list[dict[str, Any]]) -> None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in COLUMNS:
            is_number = name not in ("event", "url", "paused", "warning")
            table.add_column(
                name.replace("_", " "), justify="right" if is_number else "left"
            )
        for row in rows:
            style = "red" if row["warning"] else "dim" if row["disabled"] else ""
            rate = None if row["accepted"] is None else f"{row['accepted']:.1%}"
            shown = {**row, "accepted": rate}
            table.add_row(*(_text(shown[name]) for name in COLUMNS), style=style)
        Console().print(table)


def _rows(webhooks: list[Webhook]) -> Iterator[dict[str, Any]]:
    for first in range(0, len(webhooks), AT_ONCE):
        chunk = webhooks[first : first + AT_ONCE]
        ids = [webhook.pk for webhook in chunk]
        reports, waiting = health_of(ids), _waiting(ids)
        for webhook in chunk:
            yield _row(webhook, reports[webhook.pk], waiting.get(webhook.pk, 0))


def _row(webhook: Webhook, report: HealthReport, waiting: int) -> dict[str, Any]:
    health, warning = report.health, report.warning
    rate, seconds = health.success_rate, health.average_duration
    return {
        "id": webhook.pk,
        "event": webhook.event,
        "url": webhook.url,
        "disabled": webhook.deleted_at is not None,
        "accepted": None if rate is None else round(rate, 4),
        "average_s": None if seconds is None else round(seconds, 4),
        "attempts": health.attempts,
        "waiting": waiting,
        "paused": not report.gates.is_unpaused,
        "warning": warning.code if warning else None,
    }


def _waiting(ids: list[int]) -> dict[int, int]:
    rows = WebhookData.objects.filter(state=WebhookData.State.PENDING, webhook__in=ids)
    return dict(rows.values_list("webhook").annotate(Count("pk")))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
