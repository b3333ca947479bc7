"""`manage.py create_token NAME --scope emit`: prints a new API token, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.api_tokens.issuing import issue_token
from apps.api_tokens.models import NAME_CHARACTERS, Scope

# A century: beyond that a date may not be representable.
MAX_DAYS = 36_525


class Command(BaseCommand):
    """Issue an API token."""

    help = "Issue an API token and print it; it cannot be read again later."

    def add_arguments(self, parser: CommandParser) -> None:
        """The token's name, scopes and life."""
        parser.add_argument("name", help="whom it is for, as shown in lists")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it allows; may be repeated (default: config)",
        )
        parser.add_argument(
            "--expires-days", type=int, metavar="N", help="default: never"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token alone, for a script to read."""
        name, days = options["name"].strip(), options["expires_days"]
        if not name.isprintable() or not 0 < len(name) <= NAME_CHARACTERS:
            raise CommandError(f"A name has 1 to {NAME_CHARACTERS} characters.")
        if days is not None and not 0 < days <= MAX_DAYS:
            raise CommandError(f"--expires-days is 1 to {MAX_DAYS}.")
        scopes = [Scope(scope) for scope in options["scope"] or ["config"]]
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        _, text = issue_token(name, scopes, expires_at)
        self.stdout.write(text)
