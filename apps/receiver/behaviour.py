"""What a receiver can be told to do to a delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How to answer. Durations in seconds.

    `sequence` is a list of statuses for the first answers, then `status`; `hang`
    never answers; `drip` sends one byte of the answer per so many seconds; `reset`
    closes without one; `fail_rate` is the share answered 500; `enforce` answers 401
    to what is not genuine.
    """

    status: int = 204
    sequence: tuple[int, ...] = ()
    delay: float = 0.0
    hang: bool = False
    drip: float = 0.0
    reset: bool = False
    fail_rate: float = 0.0
    enforce: bool = False
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, wishes: dict[str, Any]) -> Behaviour:
        """From JSON; raise `TypeError` for an unknown wish."""
        if isinstance(wishes.get("body"), str):
            wishes = {**wishes, "body": wishes["body"].encode()}
        if "sequence" in wishes:
            wishes = {**wishes, "sequence": tuple(wishes["sequence"])}
        return cls(**wishes)

    def choose_status(self, *, genuine: bool) -> int:
        """The status of this answer."""
        if self.enforce and not genuine:
            return 401
        if self.sequence:
            return self.sequence[0]
        if self.fail_rate and random.random() < self.fail_rate:
            return 500
        return self.status

    def after_answer(self) -> Behaviour:
        """The behaviour for the next delivery."""
        return replace(self, sequence=self.sequence[1:]) if self.sequence else self
