"""An operator's second factor, and failed logins.

django-otp's own tables have keys and codes in the clear. Here the key is sealed like
every secret of the service, and of a recovery code there is only the hash.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django_otp.models import Device
from django_otp.oath import TOTP

from apps.encryption.fields import EncryptedTextField

# What RFC 4226 recommends, and every app takes.
KEY_BYTES: Final = 20
DIGITS: Final = 6
# A clock may be half a minute off, and somebody may type slowly.
TOLERATED_STEPS: Final = 1


def new_key() -> str:
    """A key that nobody has, in hexadecimal digits."""
    return secrets.token_hex(KEY_BYTES)


class Authenticator(Device):  # type: ignore[misc]
    """An app that shows six digits, which change every 30 seconds (RFC 6238).

    Until somebody has typed digits of it, it is not `confirmed` and guards nothing.
    `last_step` is that of the digits that were taken last: none are taken twice.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="authenticator")
    name = models.CharField(max_length=64, default="authenticator")
    key = EncryptedTextField(default=new_key)
    last_step = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"authenticator of operator {self.user_id}"

    def verify_token(self, token: str) -> bool:
        """Whether these are its digits of now; lock the row before."""
        return self.takes(token, timezone.now())

    def takes(self, digits: str, now: datetime) -> bool:
        """Likewise, at an instant; what is taken is not taken again."""
        if not (digits.isascii() and digits.isdecimal() and len(digits) == DIGITS):
            return False
        clock = TOTP(bytes.fromhex(self.key), digits=DIGITS)
        clock.time = now.timestamp()
        if not clock.verify(int(digits), TOLERATED_STEPS, self.last_step + 1):
            return False
        self.last_step = clock.t()
        self.save(update_fields=["last_step"])
        return True


class RecoveryCode(models.Model):
    """A code that stands in for the app, once: the row goes with its use."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    sha256 = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"recovery code of operator {self.user_id}"


class LoginFailures(models.Model):
    """How often a login by a name has failed lately, from an address; see `lockout`.

    `name` is a hash; `address` is empty in the row of all addresses together.
    """

    name = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    number = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "address"], name="loginfailures_of_name_and_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} failures from {self.address or 'all addresses'}"
