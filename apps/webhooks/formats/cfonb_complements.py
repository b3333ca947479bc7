"""What records 05 say of a transaction: qualifiers and their details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from apps.webhooks.formats.cfonb_records import DETAIL
from apps.webhooks.formats.cfonb_text import clip, text_of
from apps.webhooks.formats.cfonb_values import (
    DIGITS,
    CfonbError,
    amount_of,
    common_decimals,
    currency_of,
    units,
)

HALF: Final = 35
# Two references to a record, and the width of the second. The documented transaction
# has none of these members; a platform that knows them names them as ISO 20022 does.
_REFERENCES: Final = (
    ("RCN", "end_to_end_id", "purpose", HALF),
    ("REF", "payment_information_id", "instruction_id", HALF),
    ("RUM", "mandate_id", "sequence_type", 4),
)
# Name and account of whoever is at the other end.
_PARTIES: Final = {"debtor": ("NPY", "CPY"), "creditor": ("NBE", "CBE")}
_AMOUNTS: Final = (
    ("MMO", "original_value", "original_currency"),
    ("FEE", "commission", "commission_currency"),
)


def complements_of(row: Mapping[str, Any], value: Decimal) -> Iterator[tuple[str, str]]:
    """Qualifier and detail, in the alphabet, of each record 05 but the label's.

    `row` is a Transaction of section 1.4 and `value` its amount. What is
    null is left out, and so is a reference or an amount too long for its zone: half
    of one is another's. Names and remittance texts are cut.
    """
    yield from _parties(row, value)
    yield from _remittance(row)
    for qualifier, first, second, width in _REFERENCES:
        left, right = _whole(row, first, HALF), _whole(row, second, width)
        if left or right:
            yield qualifier, clip(left, HALF) + right
    for qualifier, name, currency in _AMOUNTS:
        detail = _amount(row, name, currency)
        if detail is not None:
            yield qualifier, detail


def _parties(row: Mapping[str, Any], value: Decimal) -> Iterator[tuple[str, str]]:
    """Where `type` does not say who it is: money that comes is a debtor's."""
    party = row.get("counterparty")
    if not isinstance(party, dict):
        return
    role = party.get("type")
    if role not in ("debtor", "creditor"):
        role = "debtor" if value > 0 else "creditor"
    name, account = _PARTIES[role]
    label = text_of(party, "label")
    if label:
        yield name, label[:DETAIL]
    identification = text_of(party, "account_identification").replace(" ", "")
    if 0 < len(identification) <= HALF:
        yield account, identification


def _remittance(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    remittance = text_of(row, "remittance_information")
    for qualifier, start in (("LCC", 0), ("LC2", DETAIL)):
        line = remittance[start : start + DETAIL]
        if line:
            yield qualifier, line
    reference = _whole(row, "creditor_reference", DETAIL)
    if reference:
        yield "LCS", reference


def _whole(row: Mapping[str, Any], name: str, width: int) -> str:
    reference = text_of(row, name)
    return reference if len(reference) <= width else ""


def _amount(row: Mapping[str, Any], name: str, currency_name: str) -> str | None:
    """Currency, decimals and 14 digits without a sign, which is the movement's."""
    if row.get(name) is None:
        return None
    try:
        currency, usual = currency_of(row, currency_name)
        amount = amount_of(row, name)
        decimals = common_decimals([amount], usual)
    except CfonbError:
        return None
    digits = f"{abs(units(amount, decimals)):0{DIGITS}}"
    return f"{currency}{decimals}{digits}" if len(digits) == DIGITS else None
