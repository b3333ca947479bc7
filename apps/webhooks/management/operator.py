"""What operators' commands share: facts told in two ways, progress, statuses."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

REFUSED, USAGE, UNFINISHED, INTERRUPTED = 1, 2, 3, 130
STATUSES: Final = (
    "Ends with 0: done, 1: refused, and nothing is changed, 2: no such option, "
    "130: interrupted."
)
# Of a log that is watched, a line so often is enough.
LINE_SECONDS: Final = 10.0
_DONE: Final = "{task.completed:.0f}"


class OperatorCommand(BaseCommand):
    """A command whose answer is facts: a sentence of them, or JSON.

    Facts go to stdout, progress to stderr. Ctrl-C ends it with a line and a status of
    its own; what is changed in one transaction is then changed wholly or not at all.
    """

    def add_format(self, parser: CommandParser) -> None:
        """`--format json`."""
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it, and let Ctrl-C be no accident."""
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted.")
            sys.exit(INTERRUPTED)

    def say(self, facts: Any, options: Mapping[str, Any], sentence: str) -> None:
        """The facts, or the sentence that people want of them."""
        wanted = options["format"] == "json"
        self.stdout.write(json.dumps(facts) if wanted else sentence)
        self.stdout.flush()

    def refuse(self, why: object) -> NoReturn:
        """One line, and the status of what was not done."""
        raise CommandError(str(why), returncode=REFUSED)

    @contextmanager
    def progress(
        self, title: str, total: int | None
    ) -> Iterator[Callable[[int], None]]:
        """Call what comes with how many are done: a bar on a terminal, else lines.

        `total` is None where counting would cost as much as doing.
        """
        if not self.stderr.isatty():
            yield Lines(lambda line: self.stderr.write(line), title, total)
            return
        bar = Progress(
            TextColumn(title),
            BarColumn(),
            TextColumn(_DONE if total is None else f"{_DONE} of {total}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        with bar:
            task = bar.add_task("", total=total)
            yield lambda done: bar.update(task, completed=done)


class Lines:
    """Says now and then how many are done."""

    def __init__(
        self, say: Callable[[str], object], title: str, total: int | None
    ) -> None:
        self._say, self._title = say, title
        self._of = "" if total is None else f" of {total}"
        self._due = time.monotonic() + LINE_SECONDS

    def __call__(self, done: int) -> None:
        """So many."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + LINE_SECONDS
            self._say(f"{self._title}: {done}{self._of}")


def given_instant(text: str) -> datetime:
    """A date or an instant; without a zone it is UTC."""
    whole = text if "T" in text or " " in text else f"{text}T00:00:00"
    moment = parse_datetime(whole)
    if moment is None:
        raise ValueError(text)
    return moment if moment.tzinfo else timezone.make_aware(moment)
