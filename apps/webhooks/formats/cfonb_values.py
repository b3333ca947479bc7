"""Amounts, dates and currencies, from JSON to what CFONB records can say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final, TypeGuard

# Of an amount: the digits that a record holds, and how many may be decimals.
DIGITS: Final = 14
MOST_DECIMALS: Final = 9
# Years that all readers tell from two digits: some turn to 19.. at 60, others at 69.
# Not 1969, for the day before the first movement is written too.
YEARS: Final = range(1970, 2060)
# Where ISO 4217 has not two decimals.
DECIMALS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,6})?")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T].*)?", re.DOTALL)
_CURRENCY: Final = re.compile("[A-Z]{3}")
# What every double keeps of a decimal number.
_DOUBLE: Final = Context(prec=15)


class CfonbError(ValueError):
    """No faithful file can be made of the payload; says why in a sentence."""


def amount_of(row: Mapping[str, Any], name: str) -> Decimal:
    """The amount under `name`, a JSON number or text.

    A text is taken to the digit. A number is what a double holds, with the noise of
    binary sums: it is rounded to 15 digits and 9 decimals. Raise `CfonbError` if
    there is no amount, or one of more than 14 digits before the point.
    """
    value = row.get(name)
    if not _is_number(value):
        raise CfonbError(f"{name!r} is missing or not an amount.")
    number = Decimal(value)
    if not number:
        return Decimal(0)
    # Before any calculation: 1E+999999 would take a million digits.
    if number.adjusted() >= DIGITS:
        raise CfonbError(f"{name!r} has more than {DIGITS} digits.")
    return number if isinstance(value, str) else _without_noise(number)


def common_decimals(amounts: Iterable[Decimal], usual: int) -> int:
    """How many decimals a statement needs: its currency's, more if an amount does.

    Raise `CfonbError` where 9, the most that a record can say, are not enough.
    """
    needed = max([usual, *map(_decimals, amounts)])
    if needed > MOST_DECIMALS:
        raise CfonbError(f"An amount has more than {MOST_DECIMALS} decimals.")
    return needed


def units(amount: Decimal, decimals: int) -> int:
    """The amount counted in its smallest unit; `decimals` from `common_decimals`."""
    return int(amount.scaleb(decimals))


def currency_of(row: Mapping[str, Any], name: str) -> tuple[str, int]:
    """The currency under `name`, as a Currency of section 1.4 or its code alone.

    The code, and the decimals: of `precision` where given, else of ISO 4217.
    """
    currency: Any = row.get(name)
    members = currency if isinstance(currency, dict) else {"id": currency}
    code, precision = members.get("id"), members.get("precision")
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
        raise CfonbError(f"{name!r} is missing or not a code of three letters.")
    if precision is None:
        return code, DECIMALS.get(code, 2)
    if type(precision) is not int or not 0 <= precision <= MOST_DECIMALS:
        raise CfonbError(f"{name!r} has a precision that is not 0 to {MOST_DECIMALS}.")
    return code, precision


def day_of(row: Mapping[str, Any], *names: str) -> date | None:
    """The day under the first of `names` that has one; None if none has.

    `YYYY-MM-DD`, with or without a time, which is not looked at. Raise `CfonbError`
    for anything else, and for a year that two digits do not tell.
    """
    for name in names:
        value = row.get(name)
        if value not in (None, ""):
            return _day(value, name)
    return None


def rows_of(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list under `name`; none if it is null or not there."""
    rows = row.get(name)
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise CfonbError(f"{name!r} is not a list of objects.")
    return rows


def _is_number(value: object) -> TypeGuard[str | int | Decimal]:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _day(value: object, name: str) -> date:
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CfonbError(f"{name!r} is not a date.")
    try:
        day = date.fromisoformat(found[1])
    except ValueError as error:
        raise CfonbError(f"{name!r} is not a date.") from error
    if day.year not in YEARS:
        raise CfonbError(f"{name!r} has a year that two digits do not tell.")
    return day


def _without_noise(number: Decimal) -> Decimal:
    return round(_DOUBLE.plus(number), MOST_DECIMALS)


def _decimals(amount: Decimal) -> int:
    """Without zeros at the end: 1 for 2.50. Exact, whatever the length."""
    _, digits, exponent = amount.as_tuple()
    written = "".join(map(str, digits))
    zeros = len(written) - len(written.rstrip("0"))
    # The exponent is a letter in an infinity, which `amount_of` lets not through.
    return max(0, -exponent - zeros) if amount and isinstance(exponent, int) else 0
