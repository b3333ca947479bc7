"""A pump's ear on the mailbox, which may be deaf for a while without harm."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from apps.webhooks.engine.mailbox import Mailbox
from apps.webhooks.engine.sharing import Company

logger = logging.getLogger(__name__)

# How often a pump says that it is awake and counts the others.
KEEP_SECONDS: Final = 0.1
# After Redis failed it is left alone for so long.
DEAF_SECONDS: Final = 5.0
# A deaf pump looks into the database so often instead.
BLIND_LOOK_SECONDS: Final = 0.1
# And waits no longer than this, for nobody would wake it.
DEAF_WAIT_SECONDS: Final = 0.003


class Bell:
    """Listens for one pump; `post` sends the Celery message that wakes another."""

    def __init__(
        self,
        mailbox: Mailbox | None,
        *,
        pump: str,
        pumps: int,
        post: Callable[[], None],
    ) -> None:
        self._mailbox = mailbox
        self._pump = pump
        self._most = pumps
        self._post = post
        self._seen = 0
        self._awake = 1
        self._next_keep = 0.0
        self._next_blind_look = 0.0
        self._deaf_until = 0.0 if mailbox else float("inf")

    def enter(self) -> None:
        """Wake up; whatever rang before is answered by the first look."""
        if self._mailbox is not None:
            try:
                self._awake = self._mailbox.enter(self._pump).awake
                self._seen = self._mailbox.count()
            except RedisError:
                logger.warning("Redis does not answer.")

    def rang(self, now: float) -> int:
        """How often it rang since it was last asked; once now and then while deaf."""
        if self._mailbox is None or now < self._deaf_until:
            due = now >= self._next_blind_look
            if due:
                self._next_blind_look = now + BLIND_LOOK_SECONDS
            return int(due)
        try:
            seen = self._mailbox.count()
        except RedisError:
            self._go_deaf(now)
            return 1
        rings = abs(seen - self._seen)
        self._seen = seen
        return rings

    @property
    def is_there(self) -> bool:
        """Without one there is nobody to wait for."""
        return self._mailbox is not None

    def wait(self, now: float, seconds: float) -> bool:
        """With nothing to do, wait for a ring: False if none came in time."""
        if self._mailbox is None or now < self._deaf_until:
            time.sleep(min(seconds, DEAF_WAIT_SECONDS))
            return False
        try:
            return self._mailbox.wait(self._seen, seconds)
        except RedisError:
            self._go_deaf(now)
            return False

    def keep(self, now: float, *, is_free: bool, wants_help: bool) -> Company:
        """Stay awake, and call for help if it is wanted and nobody is free.

        Who is free is asked every now and then, and nobody is in between.
        """
        company = Company(self._awake, 0)
        if self._mailbox is None or now < max(self._next_keep, self._deaf_until):
            return company
        self._next_keep = now + KEEP_SECONDS
        try:
            company = self._mailbox.stay(self._pump, is_free=is_free)
            self._awake = company.awake
            if wants_help and not company.free and self._mailbox.call_help(self._most):
                self._post()
        except RedisError:
            self._go_deaf(now)
        return company

    def ring(self) -> None:
        """Tell the other pumps that there is work, and wake one if none is awake."""
        if self._mailbox is not None and self._mailbox.ring():
            self._post()

    def may_leave(self) -> bool:
        """Go to sleep unless it rang meanwhile."""
        return self._leave(self._seen)

    def leave(self) -> None:
        """Go to sleep whatever rang."""
        self._leave(None)

    def _leave(self, seen: int | None) -> bool:
        if self._mailbox is None:
            return True
        try:
            return self._mailbox.leave(self._pump, seen)
        except RedisError:
            return True

    def _go_deaf(self, now: float) -> None:
        logger.warning("Redis does not answer; looking into the database instead.")
        self._deaf_until = now + DEAF_SECONDS
