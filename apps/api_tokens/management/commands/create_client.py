"""`manage.py create_client NAME`: prints new client credentials, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import NAME_CHARACTERS


class Command(BaseCommand):
    """Issue client credentials."""

    help = "Issue client credentials; the secret cannot be read again later."

    def add_arguments(self, parser: CommandParser) -> None:
        """The client's name."""
        parser.add_argument("name", help="the application, as shown in lists")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print id and secret as shell variables, for a script to read."""
        name = options["name"].strip()
        if not name.isprintable() or not 0 < len(name) <= NAME_CHARACTERS:
            raise CommandError(f"A name has 1 to {NAME_CHARACTERS} characters.")
        client, secret = create_client(name)
        self.stdout.write(f"client_id={client.client_id}")
        self.stdout.write(f"client_secret={secret}")
