"""The date that is signed: its only form, its window, and what is taken for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from apps.auth_providers.diagnosis.findings import Cause, Finding, shown
from apps.auth_providers.diagnosis.guesses import Guess

# As receivers are told to have it (docs/signing.md).
WINDOW: Final = timedelta(minutes=5)
_FORM: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
)
_EPOCH: Final = re.compile(r"[0-9]{9,19}(?:\.[0-9]+)?")
_EXAMPLE: Final = "2022-06-27T11:08:52.577831Z"


def read_date(date: str) -> datetime | None:
    """The instant of a date in the only form that there is."""
    if not _FORM.fullmatch(date):
        return None
    try:
        return datetime.strptime(date, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def date_finding(date: str, now: datetime) -> Finding | None:
    """What is wrong with a date, if anything is."""
    signed_at = read_date(date)
    if signed_at is None:
        return Finding(
            cause=Cause.BAD_DATE,
            sentence=f"BI-Signature-Date is {_form(date)}: {shown(date)}",
            remedy="It is always UTC with six digits of microseconds and Z, as in"
            f" {_EXAMPLE}. Take the header as it came.",
        )
    age = (now - signed_at).total_seconds()
    if abs(age) <= WINDOW.total_seconds():
        return None
    return _stale(age) if age > 0 else _future(-age)


def date_guesses(date: str, headers: Mapping[str, str]) -> Iterator[Guess]:
    """Each other text for the date that may have been signed, once."""
    seen = {date}
    for other in _others(date, headers):
        if other not in seen:
            seen.add(other)
            yield Guess(other, _format(other))


def _others(date: str, headers: Mapping[str, str]) -> Iterator[str]:
    yield ""
    if "date" in headers:
        yield headers["date"]
    moment = read_date(date)
    if moment is None:
        return
    second = f"{moment:%Y-%m-%dT%H:%M:%S}"
    fractions = ("", f".{moment:%f}", f".{moment.microsecond // 1000:03}")
    for fraction in fractions:
        for zone in ("Z", "+00:00", "+0000", ""):
            yield second + fraction + zone
            yield (second + fraction + zone).replace("T", " ")
    yield (second + fractions[1]).rstrip("0").rstrip(".") + "Z"
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    yield str(since // timedelta(seconds=1))
    yield str(since // timedelta(milliseconds=1))
    yield f"{moment:%a, %d %b %Y %H:%M:%S} GMT"


def _form(date: str) -> str:
    """What a malformed date is instead."""
    if not date:
        return "empty"
    if _EPOCH.fullmatch(date):
        return "a number of seconds or milliseconds, not a date"
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        pass
    else:
        return _iso_form(date, moment)
    try:
        parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return "not a date in the form that is sent"
    return "in the form of the header Date"


def _iso_form(date: str, moment: datetime) -> str:
    if moment.tzinfo is None:
        return "without the Z of UTC"
    if not date.endswith("Z"):
        return "written with an offset instead of Z"
    return "not written with six digits of microseconds"


def _stale(age: float) -> Finding:
    return Finding(
        cause=Cause.STALE,
        sentence=f"The date is {_seconds(age)} old; {_window()} s are allowed.",
        remedy="Compare the clocks of both machines. If they agree it is a replay, or"
        " it waited somewhere: the retry that follows has a date of its own. To look"
        " into an old delivery, give the instant at which it came.",
    )


def _future(ahead: float) -> Finding:
    return Finding(
        cause=Cause.FUTURE,
        sentence=f"The date is {_seconds(ahead)} in the future; {_window()} s are"
        " allowed.",
        remedy="Compare the clocks of both machines, and their time zones: the date"
        " is UTC.",
    )


def _format(other: str) -> Finding:
    text = shown(other) or "an empty text"
    return Finding(
        cause=Cause.DATE_FORMAT,
        sentence=f"The signature covers {text} as the date.",
        remedy="Take the text of BI-Signature-Date as it came; do not parse and"
        " write it again.",
    )


def _seconds(seconds: float) -> str:
    # Rounded up: one microsecond too many is not "300 s".
    return f"{-int(-seconds // 1):,} s"


def _window() -> int:
    return int(WINDOW.total_seconds())
