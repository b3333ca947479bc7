"""An explanation, and its text: what the console, the API and the command show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from apps.webhooks.formats.instants import instant


class Detail(NamedTuple):
    """A fact in a sentence; `code` is for programs, and is never translated."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Of a `delivery` or of an `event`; texts are in the language active when made.

    `code`: what it comes down to, in a word; `summary`: the same in a sentence.
    `next_try_at`: when it is attempted next; None if it is not, or at any moment.
    `advice`: what to do, the first first; empty if nothing is wrong.
    """

    subject: str
    id: int
    code: str
    summary: str
    details: tuple[Detail, ...] = ()
    next_try_at: datetime | None = None
    advice: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As the API and `--format json` give it."""
        at = self.next_try_at
        return {
            "subject": self.subject,
            "id": self.id,
            "code": self.code,
            "summary": self.summary,
            "details": [each._asdict() for each in self.details],
            "next_try": None if at is None else instant(at),
            "advice": list(self.advice),
        }

    @property
    def text(self) -> str:
        """All of it, in lines; in the language active now, as the rest should be."""
        lines = [self.summary, *(f"- {each.text}" for each in self.details)]
        if self.next_try_at is not None:
            at = {"at": moment(self.next_try_at)}
            lines.append(_("Next attempt: %(at)s.") % at)
        return "\n".join([*lines, *(f"> {each}" for each in self.advice)])


def moment(when: datetime) -> str:
    """To the second, for people."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
