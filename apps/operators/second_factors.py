"""Setting up, proving and removing an operator's second factor, each on record.

Whoever has one is asked for it at every login. To set one up or to take it away ends
all sessions of that operator but the one it is done in.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.operators.models import DIGITS, Authenticator, RecoveryCode, new_key

ISSUER: Final = "Bankhooks"
CODES: Final = 10
# 80 bits: not to be guessed from its hash.
_CODE_BYTES: Final = 10
_PART: Final = 4


class Proof(StrEnum):
    """How a second factor was proven."""

    APP = "authenticator"
    CODE = "recovery code"


def has_second_factor(user: User) -> bool:
    """Whether a login asks for more than the password."""
    return bool(Authenticator.objects.filter(user=user.pk, confirmed=True).exists())


def begin(user: User) -> Authenticator:
    """A new key, to be confirmed; the one that was not confirmed before is forgotten.

    Of whoever has a second factor it is kept: `Authenticator.confirmed` says so.
    """
    mine: Authenticator
    with transaction.atomic():
        mine, is_new = Authenticator.objects.select_for_update().get_or_create(
            user=user, defaults={"confirmed": False}
        )
        if not (is_new or mine.confirmed):
            mine.key = new_key()
            mine.save(update_fields=["key"])
    return mine


def confirm(user: User, digits: str) -> tuple[Authenticator, list[str]] | None:
    """Take the key into use if these are its digits: with new recovery codes."""
    with transaction.atomic():
        mine = _locked(user, confirmed=False)
        if mine is None or not mine.takes(_typed(digits), timezone.now()):
            return None
        mine.confirmed = True
        mine.save(update_fields=["confirmed"])
        codes = _new_codes(user)
        record(Action.TWO_FACTOR_ON, user.pk)
    return mine, codes


def prove(user: User, code: str) -> tuple[Authenticator, Proof] | None:
    """What proves to be there by digits of the app, or by a recovery code; else None.

    Neither is taken a second time.
    """
    code = _typed(code)
    with transaction.atomic():
        mine = _locked(user, confirmed=True)
        if mine is None:
            return None
        if mine.takes(code, timezone.now()):
            return mine, Proof.APP
        left = RecoveryCode.objects.filter(user=user.pk, sha256=_hash(code))
        gone, _ = left.delete()
        return (mine, Proof.CODE) if gone else None


def renew_codes(user: User) -> list[str]:
    """Ten other recovery codes; those before are good for nothing."""
    with transaction.atomic():
        codes = _new_codes(user)
        record(Action.RECOVERY_CODES, user.pk)
    return codes


def remove(user: User) -> bool:
    """Take the second factor away with its codes; False if there was none."""
    with transaction.atomic():
        # Not read: it goes even if no key of the ring opens it.
        gone, _ = Authenticator.objects.filter(user=user.pk, confirmed=True).delete()
        if not gone:
            return False
        RecoveryCode.objects.filter(user=user.pk).delete()
        record(Action.TWO_FACTOR_OFF, user.pk)
    return True


def secret_text(mine: Authenticator) -> str:
    """The key as an app takes it by hand: Base32, in groups of four."""
    text = b32encode(bytes.fromhex(mine.key)).decode()
    return _grouped(text, " ")


def setup_uri(mine: Authenticator, host: str) -> str:
    """What the QR code says; an app shows the account and where it is one."""
    label = f"{ISSUER}:{mine.user.get_username()}@{host}"
    parameters = {
        "secret": b32encode(bytes.fromhex(mine.key)).decode(),
        "issuer": ISSUER,
        "digits": DIGITS,
    }
    return f"otpauth://totp/{quote(label)}?{urlencode(parameters)}"


def _locked(user: User, *, confirmed: bool) -> Authenticator | None:
    devices = Authenticator.objects.select_for_update()
    mine: Authenticator | None = devices.filter(
        user=user.pk, confirmed=confirmed
    ).first()
    return mine


def _new_codes(user: User) -> list[str]:
    texts = [
        b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
        for _ in range(CODES)
    ]
    RecoveryCode.objects.filter(user=user.pk).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, sha256=_hash(text)) for text in texts
    )
    return [_grouped(text, "-") for text in texts]


def _grouped(text: str, between: str) -> str:
    return between.join(text[at : at + _PART] for at in range(0, len(text), _PART))


def _typed(code: str) -> str:
    """Blanks, hyphens and capitals are as people type them."""
    return "".join(code.lower().split()).replace("-", "")


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
