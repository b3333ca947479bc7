"""The configuration keys: defaults, meanings and what is allowed (contract, 2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from cryptography import x509

MAX_VALUE_CHARACTERS: Final = 100_000
_EMAIL: Final = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,255}")
_MOST_DAYS: Final = 365


class UnknownKey(ValueError):
    """There is no such configuration key."""


class InvalidValue(ValueError):
    """A value that its key does not allow; says what is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. Values are text, as in the original; `rule` says what is allowed."""

    name: str
    default: str
    meaning: str
    rule: str
    allows: Callable[[str], bool]

    @property
    def is_flag(self) -> bool:
        """Whether it is on or off."""
        return self.allows is _is_flag

    @property
    def is_fixed(self) -> bool:
        """Whether there is but one value."""
        return self.allows is _is_one


def checked(key: Key, value: object) -> str:
    """The value as it is kept; raise `InvalidValue`."""
    text = _text(value)
    if text is None or len(text) > MAX_VALUE_CHARACTERS or not key.allows(text):
        raise InvalidValue(f"{key.name} must be {key.rule}.")
    return text


def find(name: str) -> Key:
    """The key of this name, or of the other spelling of it; raise `UnknownKey`."""
    key = KEYS.get(ALIASES.get(name, name))
    if key is None:
        raise UnknownKey(f"There is no configuration key {name[:80]!r}.")
    return key


def days(text: str) -> Decimal | None:
    """A number of days, perhaps with decimals; None if it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 < number <= _MOST_DAYS else None


def _text(value: object) -> str | None:
    """JSON's booleans and numbers stand for what their texts would."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float | Decimal):
        return str(value).strip()
    return None


def _is_flag(text: str) -> bool:
    return text in ("0", "1")


def _is_days(text: str) -> bool:
    return days(text) is not None


def _is_email(text: str) -> bool:
    return not text or _EMAIL.fullmatch(text) is not None


def _is_bundle(text: str) -> bool:
    if not text:
        return True
    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False


def _is_lifetime(text: str) -> bool:
    return text == "0" or _is_days(text)


def _is_one(text: str) -> bool:
    return text == "1"


def _flag(name: str, default: str, meaning: str) -> Key:
    return Key(
        name=name, default=default, meaning=meaning, rule="'0' or '1'", allows=_is_flag
    )


def _days(name: str, default: str, meaning: str) -> Key:
    rule = f"a number of days above 0, {_MOST_DAYS} at most"
    return Key(name=name, default=default, meaning=meaning, rule=rule, allows=_is_days)


COMPRESSION: Final = "webhooks.compression.enabled"
ALERTS_FREQUENCY: Final = "webhooks.alerts_frequency"
TIME_TO_LIVE: Final = "webhooks.time_to_live"
CA_CERT: Final = "webhooks.ca_cert"
MANAGER_EMAIL: Final = "biapi.manager.email"
CFONB: Final = "autosync.cfonb"
AUTOSYNC: Final = "autosync.enabled"
AUTOSYNC_FREQUENCY: Final = "autosync.frequency"
AUTOSYNC_RETRY_WRONGPASS: Final = "autosync.retry_wrongpass"

KEYS: Final[dict[str, Key]] = {
    key.name: key
    for key in (
        _flag(COMPRESSION, "0", "gzip the bodies of webhooks that do not say"),
        _days(ALERTS_FREQUENCY, "1", "days between two failure mails of a webhook"),
        Key(
            name=TIME_TO_LIVE,
            default="0",
            meaning="days after which what is unsent is given up; 0: never",
            rule=f"a number of days, {_MOST_DAYS} at most, or '0'",
            allows=_is_lifetime,
        ),
        Key(
            name=CA_CERT,
            default="",
            meaning="further authorities to trust for webhook URLs",
            rule="certificates in PEM, or empty",
            allows=_is_bundle,
        ),
        Key(
            name=MANAGER_EMAIL,
            default="",
            meaning="who is told of failing webhooks",
            rule="one e-mail address, or empty",
            allows=_is_email,
        ),
        _flag(CFONB, "0", "CFONB bodies for the events that have them"),
        _flag(AUTOSYNC, "1", "synchronise connections in the background"),
        _days(AUTOSYNC_FREQUENCY, "1", "days between two synchronisations"),
        _flag(AUTOSYNC_RETRY_WRONGPASS, "1", "retry after a wrong password"),
        _flag("autosync.send_update", "1", "emit after a background synchronisation"),
        # What the platform emits is told: nothing here could leave some of it out.
        Key(
            name="payment.state_updated_webhook.systematic",
            default="1",
            meaning="tell of every change of a payment's state",
            rule="'1': every change that is emitted is told",
            allows=_is_one,
        ),
    )
}
# The documentation spells it so once (contract, decisions: compression).
ALIASES: Final = {"webhooks.compressions.enabled": COMPRESSION}
