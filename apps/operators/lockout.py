"""Who has to wait before the next login: after some failures, and longer after more.

Counted by the name that was typed, whether there is such an operator or not, so that
nothing tells which names there are: per address, and for all addresses together, where
more is let pass, or anybody could shut an operator out who knows the name. Only a keyed
hash of the name is kept: it may be a password that went into the wrong field.

An attempt is counted before it is known to be wrong: of a thousand at once, five are
looked at. A failure is forgotten a day after the last one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.operators.models import LoginFailures

# Nobody mistypes a password more often without stopping to think.
FROM_ONE_ADDRESS: Final = 5
# Guessing from a botnet: far from what finds a password, far above what people do.
FROM_EVERYWHERE: Final = 50
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=1)
_EVERYWHERE: Final = ""


class LockedOut(Exception):
    """It is too early for another attempt, right or wrong."""


def wait_after(failures: int, limit: int) -> timedelta:
    """How long to wait after so many failures: twice as long after each one more."""
    if failures < limit:
        return timedelta()
    # An hour is six doublings away; two to the millionth would be no duration.
    doublings = min(failures - limit, 6)
    return min(SHORTEST * (1 << doublings), LONGEST)


def begin_attempt(name: str, address: str) -> None:
    """Count an attempt as if it failed; raise `LockedOut` if it may not be made."""
    now = timezone.now()
    places = {_EVERYWHERE: FROM_EVERYWHERE, address: FROM_ONE_ADDRESS}
    LoginFailures.objects.filter(last_at__lt=now - REMEMBERED).delete()
    with transaction.atomic():
        LoginFailures.objects.bulk_create(
            [
                LoginFailures(name=_hash(name), address=place, last_at=now)
                for place in sorted(places)
            ],
            ignore_conflicts=True,
        )
        # In one order everywhere, or two attempts could wait for each other.
        rows = _of(name).filter(address__in=places).order_by("address")
        counted = list(rows.select_for_update())
        if any(_is_locked(row, now) for row in counted):
            raise LockedOut
        for row in counted:
            row.number, row.last_at = row.number + 1, now
            wait = wait_after(row.number, places[row.address])
            row.locked_until = now + wait if wait else None
            row.save(update_fields=["number", "last_at", "locked_until"])


def attempt_succeeded(name: str, address: str) -> None:
    """It was right: it is not counted, nor are the failures from this address."""
    with transaction.atomic():
        _of(name).filter(address=address).delete()
        everywhere = _of(name).filter(address=_EVERYWHERE)
        everywhere.update(number=models.F("number") - 1, locked_until=None)


def attempt_failed(name: str, address: str) -> None:
    """It was wrong: if that locks the name, the trail says so."""
    until = locked_until(name, address, _EVERYWHERE)
    if until is not None:
        operator = User.objects.filter(username=name).values_list("pk", flat=True)
        with transaction.atomic():
            record(Action.OPERATOR_LOCK, operator.first(), new={"until": until})


def locked_until(name: str, *addresses: str) -> datetime | None:
    """Until when a name is locked, for some address or for these; None if it is not."""
    locked = _of(name).filter(locked_until__gt=timezone.now())
    if addresses:
        locked = locked.filter(address__in=addresses)
    last = locked.order_by("-locked_until").first()
    return None if last is None else last.locked_until


def unlock(user: User) -> bool:
    """Forget an operator's failures; False if there were none."""
    with transaction.atomic():
        gone, _ = _of(user.get_username()).delete()
        if gone:
            record(Action.OPERATOR_UNLOCK, user.pk)
    return bool(gone)


def _of(name: str) -> models.QuerySet[LoginFailures]:
    return LoginFailures.objects.filter(name=_hash(name))


def _is_locked(row: LoginFailures, now: datetime) -> bool:
    return row.locked_until is not None and row.locked_until > now


def _hash(name: str) -> str:
    return salted_hmac("operators.lockout", name, algorithm="sha256").hexdigest()
