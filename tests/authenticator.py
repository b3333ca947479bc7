"""The app on an operator's phone."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django_otp.oath import TOTP

from apps.operators.models import Authenticator


def digits(user: User, *, steps: int = 0) -> str:
    """What the app shows, so many steps of 30 seconds from now."""
    clock = TOTP(bytes.fromhex(Authenticator.objects.get(user=user).key))
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06d}"
