"""Whether somebody who is logged in may use the console, as far as proofs go."""

from __future__ import annotations

from enum import Enum
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from apps.operators.second_factors import has_second_factor

# What is open to who has yet to set up the second factor that is required.
SETUP_PAGES: Final = frozenset({"two_factor", "two_factor_setup", "logout"})
# Every page asks more than once; the request remembers.
_KNOWN: Final = "console_standing"


class Standing(Enum):
    """What a session has shown."""

    IN = "all that is asked for"
    MUST_PROVE = "a password, where there is a second factor by now"
    MUST_SET_UP = "a password, where a second factor is required"


def standing_of(request: HttpRequest) -> Standing:
    """The standing of whoever is logged in, whom the middleware has looked at."""
    if getattr(request.user, "otp_device", None) is not None:
        return Standing.IN
    known = getattr(request, _KNOWN, None)
    if isinstance(known, Standing):
        return known
    found = _without_proof(request)
    setattr(request, _KNOWN, found)
    return found


def _without_proof(request: HttpRequest) -> Standing:
    if isinstance(request.user, User) and has_second_factor(request.user):
        return Standing.MUST_PROVE
    required = settings.CONSOLE_REQUIRE_TWO_FACTOR
    return Standing.MUST_SET_UP if required else Standing.IN
