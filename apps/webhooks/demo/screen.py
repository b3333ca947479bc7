"""What the demo looks like: calm in a terminal, a line per step anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from apps.receiver.record import Delivery
from apps.webhooks.demo.ledger import Receipt, Tally
from apps.webhooks.models import WebhookData

LEFT = 31
# Where nobody watches, a line must not be broken to the width of a terminal.
PLAIN_WIDTH = 200
SHOWN_OF_A_SECRET = 6
PAUSE_SECONDS = 0.8


class Screen:
    """Prints; `is_live` in a terminal, where a wait may be shown as it passes."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            # A terminal without some character must not end the demo.
            sys.stdout.reconfigure(errors="replace")
        plain = not sys.stdout.isatty()
        self._console = Console(
            highlight=False, soft_wrap=True, width=PLAIN_WIDTH if plain else None
        )
        self.is_live = self._console.is_terminal

    def title(self, name: str, text: str) -> None:
        """The first line."""
        self._console.print()
        self._console.print(Text.assemble("  ", (name, "bold"), "  ", (text, "dim")))
        self._console.print()

    def scene(self, number: int, text: str) -> None:
        """A chapter of the story."""
        self._console.print()
        self._console.print(
            Text.assemble("  ", (str(number), "bold cyan"), "  ", (text, "bold"))
        )

    def done(self, left: str, right: str = "") -> None:
        """Something is as it should be."""
        self._line("✓", "green", left, right)

    def note(self, left: str, right: str = "") -> None:
        """Something that happened, or that is worth knowing."""
        self._line("·", "dim", left, right)

    def warning(self, left: str, right: str = "") -> None:
        """Something is broken, on purpose or not."""
        self._line("!", "yellow", left, right)

    def delivery(self, receipt: Receipt) -> None:
        """One request and its answer."""
        attempt, received = receipt.attempt, receipt.received
        numbers = f"webhook data {received.id}, attempt {attempt.number}"
        self._line("→", "cyan", f"POST {received.target}", numbers)
        self._line(" ", "", "body", sizes(attempt.body_bytes, attempt.sent_bytes))
        for name, value in proofs(received):
            self._line(" ", "", name, value)
        self._line(
            "←",
            "green" if received.genuine else "red",
            f"{received.status} in {receipt.milliseconds:.1f} ms",
            f"{verdict(received)}, checked by the receiver",
        )

    def arrival(self, delivery: Delivery) -> None:
        """A delivery in one line, while the demo stays."""
        event = delivery.headers.get("x-webhook-event", delivery.target)
        good = delivery.genuine and delivery.status == 204
        number = delivery.headers.get("x-webhook-attempt", "-")
        self._line(
            "←",
            "green" if good else "red",
            f"{clock(delivery.received_at)} {event}",
            f"webhook data {delivery.id}, attempt {number}: "
            f"{delivery.status or 'no answer'}, {verdict(delivery)}",
        )

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Shows that something takes a moment."""
        if not self.is_live:
            yield
            return
        with self._console.status(Text(text, "dim"), spinner="dots"):
            yield

    @contextmanager
    def strip(
        self, states: Callable[[], Sequence[tuple[int, int]]]
    ) -> Iterator[Callable[[], None]]:
        """Shows webhook data as small squares; the function given shows them anew."""
        if not self.is_live:
            yield lambda: None
            return
        with Live(console=self._console, auto_refresh=False) as live:
            yield lambda: live.update(squares(states()), refresh=True)

    def tallies(self, tallies: Sequence[Tally]) -> None:
        """The table of deliveries."""
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", padding=(0, 1))
        table.add_column("event")
        table.add_column("proof")
        for name in ("sent", "refused", "verified", "twice", "median"):
            table.add_column(name, justify="right")
        for each in tallies:
            table.add_row(
                each.event,
                each.authentication,
                str(each.requests),
                str(each.refused),
                Text(
                    f"{each.verified} of {each.emitted}",
                    "green" if each.is_complete else "bold red",
                ),
                str(each.duplicates),
                f"{each.milliseconds:.1f} ms",
            )
        self._console.print()
        self._console.print(table)

    def door(self, name: str, address: str, key: str) -> None:
        """An address, and what opens it."""
        self._console.print(
            Text.assemble(
                "     ", f"{name:10}", (f"{address:{LEFT}}", "bold"), " ", key
            )
        )

    def keys(self, **meanings: str) -> None:
        """What may be pressed, and what it does."""
        if not sys.stdin.isatty():
            self.note("Ctrl-C stops everything")
            return
        text = Text("  ")
        for key, meaning in meanings.items():
            text.append(f" {key} ", "bold reverse").append(f" {meaning}    ", "dim")
        self._console.print(text)

    def pause(self) -> None:
        """A moment to read, for those who watch."""
        if self.is_live:
            time.sleep(PAUSE_SECONDS)

    def line(self) -> None:
        """An empty one."""
        self._console.print()

    def _line(self, mark: str, style: str, left: str, right: str) -> None:
        text = Text.assemble("  ", (mark, style), "  ", left)
        if right:
            text.append(" " * max(1, LEFT - len(left)))
            text.append(right, "dim")
        self._console.print(text)


def squares(states: Sequence[tuple[int, int]]) -> Text:
    """One per webhook data: delivered, refused so far, or not yet tried."""
    text = Text("     ")
    for state, attempts in states:
        if state == WebhookData.State.DELIVERED:
            text.append("■ ", "green")
        elif attempts:
            text.append("■ ", "red")
        else:
            text.append("□ ", "dim")
    return text


def size(count: int) -> str:
    """Bytes as people say them."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.2f} MB"


def sizes(body: int, sent: int) -> str:
    """A body's size, and its size on the wire if that differs."""
    if body == sent:
        return size(body)
    return f"{size(body)}, gzip: {size(sent)} ({sent / body:.1%})"


def verdict(delivery: Delivery) -> str:
    """The receiver's, in a word."""
    return "VALID" if delivery.genuine else delivery.reason.upper()


def clock(moment: datetime) -> str:
    """The time of day, as the clock on the wall has it."""
    return f"{moment.astimezone():%H:%M:%S}"


def proofs(received: Delivery) -> list[tuple[str, str]]:
    """The headers that prove who sent it; a token is not shown whole."""
    headers = received.headers
    if "bi-signature" in headers:
        return [
            ("BI-Signature-Date", headers["bi-signature-date"]),
            ("BI-Signature", headers["bi-signature"]),
        ]
    scheme, _, token = headers.get("authorization", "none ").partition(" ")
    return [("Authorization", f"{scheme} {token[:SHOWN_OF_A_SECRET]}…, the user's")]
