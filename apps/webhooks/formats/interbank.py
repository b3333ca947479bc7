"""The interbank operation codes of CFONB records (contract, 6.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

CODES: Final = {
    "check": "01",
    "order": "08",
    "card": "11",
    "deferred_card": "11",
    "summary_card": "11",
    "withdrawal": "11",
    "bank": "62",
    "fee": "62",
    "market_fee": "62",
}
TRANSFER_IN: Final = "05"
TRANSFER_OUT: Final = "06"
# Of all other types, those not yet known among them.
OTHER: Final = "99"


def interbank_code(type_: object, value: Decimal) -> str:
    """The code of a transaction of this type; transfers have one per direction."""
    if type_ == "transfer":
        return TRANSFER_OUT if value < 0 else TRANSFER_IN
    return CODES.get(type_, OTHER) if isinstance(type_, str) else OTHER
