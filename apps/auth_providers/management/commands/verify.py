"""`manage.py verify`: is this delivery genuine, and if not, why not."""

from __future__ import annotations

import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from apps.auth_providers.diagnosis import BadInput, Diagnosis, Verdict, diagnose

# As a receiver unpacks: a larger body is not ours.
LARGEST: Final = 64 * 1024 * 1024
VARIABLE: Final = "SECRET"
INVALID, USAGE = 1, 2


class Command(BaseCommand):
    """Needs neither a database nor a broker."""

    help = (
        "Say whether a delivery is genuine, and if not, why not. Headers may be HTTP,"
        " the output of curl -v, a curl command, or JSON; an HTTP request may bring"
        f" path and body along. The secret is read from the variable {VARIABLE}, or"
        " asked for. Ends with 0: genuine, 1: not, 2: cannot tell."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What was received, and how to tell."""
        add = parser.add_argument
        add("--headers", default="-", metavar="FILE", help="- is stdin, the default")
        add("--body", metavar="FILE", help="as received, compressed or not; -: stdin")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--path", help="the path as received, /hook")
        where.add_argument("--url", help="or the whole URL")
        add("--registered", metavar="URL", help="as registered, if it may differ")
        add("--method", help="default: POST")
        add(
            "--secret",
            action="append",
            help="the secret_key; others are tried too. Others on this machine see it",
        )
        add("--now", metavar="INSTANT", help="when it came: 2022-06-27T11:08:53Z")
        add("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the verdict; the exit status tells it too."""
        if options["headers"] == options["body"] == "-":
            raise CommandError(
                "Only one of --headers and --body is stdin.", returncode=USAGE
            )
        try:
            headers = read(options["headers"]).decode("utf-8")
            body = None if options["body"] is None else read(options["body"])
            secret, *others = options["secret"] or [ask_secret()]
            diagnosis = diagnose(
                headers=headers,
                body=body,
                now=read_instant(options["now"]),
                target=options["url"] or options["path"],
                method=options["method"],
                secret=secret,
                other_secrets={
                    f"the secret number {number}": other
                    for number, other in enumerate(others, start=2)
                },
                registered=options["registered"],
            )
        except UnicodeDecodeError as error:
            raise CommandError("The headers are not text.", returncode=USAGE) from error
        except BadInput as error:
            raise CommandError(str(error), returncode=USAGE) from error
        self.show(diagnosis, options["format"])
        if diagnosis.verdict is not Verdict.VALID:
            sys.exit(INVALID)

    def show(self, diagnosis: Diagnosis, form: str) -> None:
        """For scripts, for a terminal, or plain."""
        if form == "json":
            self.stdout.write(json.dumps(diagnosis.as_json(), indent=2))
        elif self.stdout.isatty():
            show_in_terminal(diagnosis)
        else:
            self.stdout.write("\n".join(lines_of(diagnosis)))


def read(file: str) -> bytes:
    """The bytes of a file or of stdin."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as source:
                content = source.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise BadInput(f"{file} is larger than 64 MB.")
    return content


def read_instant(text: str | None) -> datetime:
    """An instant of ISO 8601, UTC where it does not say; None: this one."""
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("--now is an instant as in 2022-06-27T11:08:53Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ask_secret() -> str:
    """From the environment, or from who sits there."""
    secret = os.environ.get(VARIABLE)
    if not secret and sys.stderr.isatty():
        secret = getpass.getpass("secret_key: ")
    if not secret:
        raise BadInput(f"Give the secret: in the variable {VARIABLE}, or --secret.")
    return secret


def lines_of(diagnosis: Diagnosis) -> list[str]:
    """The verdict in plain lines."""
    lines = [f"{diagnosis.verdict}: {diagnosis.cause}"]
    for finding in diagnosis.findings:
        lines += [f"  {finding.sentence}", f"  -> {finding.remedy}"]
    return [
        *lines,
        f"signed ({diagnosis.signed_bytes} bytes):",
        f"  {diagnosis.signed}",
    ]


def show_in_terminal(diagnosis: Diagnosis) -> None:
    """The same in colours, broken to the width."""
    console = Console(highlight=False)
    is_valid = diagnosis.verdict is Verdict.VALID
    colour, sign = ("green", "✓") if is_valid else ("red", "✗")
    title = f"{sign} {diagnosis.verdict}"
    console.print(Text.assemble((title, f"bold {colour}"), f"  {diagnosis.cause}"))
    for finding in diagnosis.findings:
        console.print(Padding(Text(finding.sentence), (0, 2)))
        console.print(Padding(Text(f"→ {finding.remedy}", "cyan"), (0, 2)))
    title = f"What the rule signs, {diagnosis.signed_bytes} bytes:"
    console.print(Text(title, "dim"))
    console.print(Padding(Text(diagnosis.signed, overflow="fold"), (0, 2)))
