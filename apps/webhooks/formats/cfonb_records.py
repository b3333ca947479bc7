"""The records 01, 04, 05 and 07 of CFONB 120, each of 120 characters.

Positions in comments count from 1, as in section 6.2 of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from apps.webhooks.formats.cfonb_text import clip
from apps.webhooks.formats.cfonb_values import DIGITS, CfonbError
from apps.webhooks.formats.rib import Rib

LENGTH: Final = 120
LABEL: Final = 31
DETAIL: Final = 70
REFERENCE: Final = 16
# The last digit of an amount tells its sign too.
_POSITIVE: Final = "{ABCDEFGHI"
_NEGATIVE: Final = "}JKLMNOPQR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What all records of a statement repeat. Currency: three capitals."""

    rib: Rib
    currency: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a movement and its complements repeat. Code: the interbank one."""

    code: str
    day: date


def old_balance(heading: Heading, day: date, units: int) -> str:
    """Record 01: what was there at the end of `day`, before the movements."""
    return _balance("01", heading, day, units)


def new_balance(heading: Heading, day: date, units: int) -> str:
    """Record 07: what was there at the end of `day`, after the movements."""
    return _balance("07", heading, day, units)


def movement(
    heading: Heading,
    operation: Operation,
    *,
    value_day: date,
    label: str,
    units: int,
    reference: str,
) -> str:
    """Record 04. Texts are folded; those too long for their zones are cut."""
    return "".join(
        (
            _start("04", heading),
            operation.code,  # 33-34
            six_digits(operation.day),  # 35-40
            " " * 2,  # 41-42, why it was rejected
            six_digits(value_day),  # 43-48
            clip(label, LABEL),  # 49-79
            " " * 2,  # 80-81
            "0" * 7,  # 82-88, number of the entry
            "00",  # 89-90, neither free of commission nor unavailable
            signed(units),  # 91-104
            clip(reference, REFERENCE),  # 105-120
        )
    )


def complement(
    heading: Heading, operation: Operation, qualifier: str, detail: str
) -> str:
    """Record 05: more about the movement before it. A detail too long is cut."""
    return "".join(
        (
            _start("05", heading),
            operation.code,  # 33-34
            six_digits(operation.day),  # 35-40
            " " * 5,  # 41-45
            qualifier,  # 46-48
            clip(detail, DETAIL),  # 49-118
            " " * 2,  # 119-120
        )
    )


def signed(units: int) -> str:
    """An amount in its zone of 14; raise `CfonbError` if it has more digits."""
    digits = f"{abs(units):0{DIGITS}}"
    if len(digits) > DIGITS:
        raise CfonbError(f"An amount has more than {DIGITS} digits.")
    return digits[:-1] + (_NEGATIVE if units < 0 else _POSITIVE)[int(digits[-1])]


def six_digits(day: date) -> str:
    """DDMMYY; the century is for `cfonb_values.day_of` to watch."""
    return f"{day:%d%m%y}"


def _balance(code: str, heading: Heading, day: date, units: int) -> str:
    return "".join(
        (
            _start(code, heading),
            " " * 2,  # 33-34
            six_digits(day),  # 35-40
            " " * 50,  # 41-90
            signed(units),  # 91-104
            " " * 16,  # 105-120
        )
    )


def _start(code: str, heading: Heading) -> str:
    """Positions 1 to 32; blank at 8-11, the bank's own code, and at 21."""
    rib = heading.rib
    return (
        f"{code}{rib.bank}    {rib.branch}"
        f"{heading.currency}{heading.decimals} {rib.account}"
    )
