"""`manage.py check_receiver`: is a webhook's receiver ready for what it will get?"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from apps.webhooks.receiver_check.check import check_receiver
from apps.webhooks.receiver_check.report import Report, Verdict
from apps.webhooks.registrations import Refused

MARKS: Final = {
    Verdict.PASSED: ("✓", "green"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.FAILED: ("✗", "red"),
    Verdict.SKIPPED: ("-", "dim"),
}
FAILED, USAGE = 1, 2
_WELL: Final = ("A", "B")


class Command(BaseCommand):
    """Prints the report; status 1 for a grade below B."""

    help = (
        "Send a webhook's receiver a dozen test deliveries, genuine, forged, old, "
        "large, slow, and grade it from A to F, with the mend for each fault. They "
        "carry the header X-Webhook-Test and are recorded nowhere. Ends with 0: A or "
        "B, 1: C, D or F, 2: nothing could be tried."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom to try."""
        parser.add_argument("webhook", type=int, help="the webhook's id")
        parser.add_argument(
            "--user", type=int, help="whom it is told of, for the user's token"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Try it, print the report."""
        try:
            report = check_receiver(options["webhook"], options["user"])
        except Refused as error:
            raise CommandError(error.sentence, returncode=USAGE) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        elif self.stdout.isatty():
            show_in_terminal(report)
        else:
            self.stdout.write("\n".join(lines_of(report)))
        if report.grade not in _WELL:
            sys.exit(FAILED)


def lines_of(report: Report) -> list[str]:
    """The report in plain lines."""
    lines = [f"{report.grade}  webhook {report.id_webhook}  {report.url}"]
    for finding in report.findings:
        mark, _ = MARKS[finding.verdict]
        lines.append(f"{mark} {finding.title}: {finding.says}")
        if finding.fix:
            lines.append(f"  -> {finding.fix}")
    return lines


def show_in_terminal(report: Report) -> None:
    """The same in colours, broken to the width."""
    console = Console(highlight=False)
    colour = "green" if report.grade in _WELL else "red"
    console.print(
        Text.assemble((report.grade, f"bold {colour}"), f"  {report.url}"),
        soft_wrap=True,
    )
    for finding in report.findings:
        mark, colour = MARKS[finding.verdict]
        console.print(
            Text.assemble((f"{mark} {finding.title}", colour), f"  {finding.says}")
        )
        if finding.fix:
            console.print(Padding(Text(f"→ {finding.fix}", "cyan"), (0, 2)))
