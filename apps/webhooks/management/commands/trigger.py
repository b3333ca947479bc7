"""`manage.py trigger EVENT`: emit the catalogue's sample, with changes."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from apps.event_log.catalogue import CATALOGUE, UnknownEvent, event_name
from apps.webhooks.management.changes import ChangeRefused, changed
from apps.webhooks.management.emitting import EmittingCommand, sentence
from apps.webhooks.management.operator import STATUSES


class Command(EmittingCommand):
    """An event that did not happen, for those who want to see its webhooks arrive."""

    help = (
        "Emit an event with the sample payload of the catalogue: to webhooks it is "
        f"like any other. {STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The event, and what to change in its sample."""
        self.add_emission(parser)
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="PATH=VALUE",
            help="as in connection.id=7 or accounts.0.balance=1.50; JSON, or else text",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what `emit` prints; a dry run the payload too."""
        try:
            sample = CATALOGUE[event_name(options["event"])].sample
            payload = changed(sample, options["set"])
        except (UnknownEvent, ChangeRefused) as error:
            self.refuse(error)
        facts = self.emit(payload, options)
        told = sentence(facts)
        if options["dry_run"]:
            facts["payload"] = payload
            told = f"{json.dumps(payload, indent=2, ensure_ascii=False)}\n{told}"
        self.say(facts, options, told)
