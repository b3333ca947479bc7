"""`manage.py doctor`: what is wrong with a service, and how to mend it."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from apps.webhooks.doctor import Finding, examine

MARKS: Final = {True: "✓", False: "✗", None: "-"}
WIDTH: Final = 16


class Command(BaseCommand):
    """A line for each thing looked at; status 1 if one is not well."""

    help = "Look at everything the service needs, and say how to mend what is wrong."
    # Said as a finding, not by refusing to look.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to look at besides, and for whom to write."""
        parser.add_argument(
            "--way-out",
            metavar="URL",
            help="send a POST with an empty body there, as deliveries are sent",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print findings as they are made, or all of them as one JSON object."""
        findings = []
        for finding in examine(options["way_out"]):
            findings.append(finding)
            if options["format"] == "text":
                self._say(finding)
        well = all(finding.ok for finding in findings)
        if options["format"] == "json":
            found = [finding._asdict() for finding in findings]
            self.stdout.write(json.dumps({"ok": well, "findings": found}, indent=2))
        if not well:
            sys.exit(1)

    def _say(self, finding: Finding) -> None:
        self.stdout.write(f"{MARKS[finding.ok]} {finding.name:{WIDTH}}{finding.says}")
        if finding.mend:
            self.stdout.write(f"  {'':{WIDTH}}→ {finding.mend}")
        self.stdout.flush()
