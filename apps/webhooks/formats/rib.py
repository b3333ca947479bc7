"""Which bank, branch and account a statement names: RIB, or what stands for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.webhooks.formats.cfonb_text import text_of

ACCOUNT_LENGTH: Final = 11
_NO_CODE: Final = "00000"
# Country, check digits, bank, branch, account, key.
_IBAN: Final = re.compile(
    r"(?:FR|MC)[0-9]{2}([0-9]{5})([0-9]{5})([0-9A-Z]{11})([0-9]{2})"
)
_LETTERS: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rib:
    """Bank and branch: five digits each. Account: eleven digits or capitals."""

    bank: str
    branch: str
    account: str


def rib_of(account: Mapping[str, Any]) -> Rib:
    """What names a BankAccount of section 1.4 in its records.

    The RIB that a French or Monegasque `iban` holds, if its key is right. Without
    one: zeros for the bank and the branch, and the last eleven letters and digits of
    `number`, else of `iban`, else the account's `id`, with zeros before them.
    """
    return rib_from_iban(_alphanumerics(account, "iban")) or Rib(
        bank=_NO_CODE, branch=_NO_CODE, account=_account_number(account)
    )


def rib_from_iban(iban: str) -> Rib | None:
    """`iban` in capitals without blanks; None if it holds no RIB with a right key."""
    found = _IBAN.fullmatch(iban)
    if found is None:
        return None
    bank, branch, account, key = found.groups()
    if int(key) != rib_key(bank, branch, account):
        return None
    return Rib(bank=bank, branch=branch, account=account)


def rib_key(bank: str, branch: str, account: str) -> int:
    """The key, 1 to 97, that protects a RIB against slips (contract, 6.2)."""
    number = int(account.translate(_LETTERS))
    return 97 - (89 * int(bank) + 15 * int(branch) + 3 * number) % 97


def _account_number(account: Mapping[str, Any]) -> str:
    for name in ("number", "iban", "id"):
        known = _alphanumerics(account, name)
        if known:
            return known[-ACCOUNT_LENGTH:].rjust(ACCOUNT_LENGTH, "0")
    return "0" * ACCOUNT_LENGTH


def _alphanumerics(row: Mapping[str, Any], name: str) -> str:
    return re.sub("[^0-9A-Z]", "", text_of(row, name))
