"""How banks and the platform write what the sandbox tells."""

from __future__ import annotations

from datetime import datetime
from typing import Final

CONNECTOR: Final = "c5a9f4e2-0b1d-5c57-9a53-6d7f1f6b8e01"
# A code that no bank has.
BANK: Final = "99999"


def iban(number: int) -> str:
    """A French IBAN with right check digits, of the bank that does not exist."""
    account = f"{number:011}"
    key = 97 - (89 * int(BANK) + 15 * 1 + 3 * int(account)) % 97
    basic = f"{BANK}00001{account}{key:02}"
    # Letters count from A = 10; FR and two zeros go to the end.
    return f"FR{98 - int(basic + '152700') % 97:02}{basic}"


def date_time(moment: datetime) -> str:
    """As the original writes them: wall time, without a zone (contract, 0.10)."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
