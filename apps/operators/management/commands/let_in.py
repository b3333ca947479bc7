"""`manage.py let_in NAME`: the way back into the console for its last administrator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.operators.lockout import unlock
from apps.operators.second_factors import remove
from apps.operators.sessions import end_sessions


class Command(BaseCommand):
    """Remove what keeps an operator out who knows the password."""

    help = (
        "Unlock an operator's login, remove the second factor with its recovery codes, "
        "and end the operator's sessions. The password stays: changepassword sets "
        "another one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom."""
        parser.add_argument("name", help="the operator's user name")
        parser.add_argument(
            "--only-unlock", action="store_true", help="keep the second factor"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Status 1 if there is no such operator."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no operator {options['name']!r}.")
        unlock(user)
        if options["only_unlock"]:
            self.stdout.write(f"{user.username} may log in again at once.")
            return
        with transaction.atomic():
            had = remove(user)
            end_sessions(user.pk)
        self.stdout.write(
            f"The second factor of {user.username} is removed; the sessions are ended."
            if had
            else f"{user.username} has no second factor; the sessions are ended."
        )
