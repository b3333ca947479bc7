"""`manage.py emit EVENT`: emit an event from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.webhooks.management.emitting import EmittingCommand, sentence
from apps.webhooks.management.operator import STATUSES


class Command(EmittingCommand):
    """The same function as the API's."""

    help = f"Emit an event; its payload is sent exactly as it is written. {STATUSES}"

    def add_arguments(self, parser: CommandParser) -> None:
        """The event and what belongs to it."""
        self.add_emission(parser)
        parser.add_argument(
            "--payload", metavar="FILE", help="a JSON object, - for stdin (default: {})"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the event's id and the ids of its webhook data."""
        facts = self.emit(read_payload(options["payload"]), options)
        self.say(facts, options, sentence(facts))


def read_payload(file: str | None) -> bytes:
    """The bytes of a payload, of one more than is allowed at most."""
    most = settings.WEBHOOKS_MAX_PAYLOAD_BYTES + 1
    if file is None:
        return b"{}"
    if file == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(file).open("rb") as source:
            return source.read(most)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
