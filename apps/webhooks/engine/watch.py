"""What is told of a pump's work while it goes on: figures, and lines in the log.

Both may be off, and then there is no watch. With it an attempt costs some tenths of a
microsecond: figures are counted here and handed on once a second, for the processes
that die forget a second of them at most.
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from apps.metrics.process import BATCHES, LONG, SHORT, Gathered, ProcessFigures
from apps.webhooks.engine.settle import Settlement

logger = logging.getLogger(__name__)

HAND_ON_SECONDS: Final = 1.0


class Watch:
    """Of one run of a pump. Times are monotonic seconds.

    `sample`: the share of attempts of which there is a line.
    """

    def __init__(
        self,
        figures: ProcessFigures | None,
        *,
        sample: float,
        sockets: int,
        now: float,
    ) -> None:
        self._figures = figures
        self._sample = sample
        self._sockets = sockets
        self._handed_on = now
        self._outcomes: defaultdict[str, int] = defaultdict(int)
        self._gathered: tuple[Gathered, ...] = ()
        if figures is not None:
            self._gathered = (
                Gathered(figures.attempt_duration, LONG, unit=1_000_000),
                Gathered(figures.settle_batch_size, BATCHES),
                Gathered(figures.settle_duration, SHORT),
            )
            figures.pump_sockets.set(sockets)

    def settled(self, settlements: Sequence[Settlement], took: float) -> None:
        """One statement has recorded these."""
        if self._gathered:
            durations, sizes, settling = self._gathered
            durations.observe([each.total_us for each in settlements])
            for each in settlements:
                self._outcomes[each.cause] += 1
            sizes.observe((len(settlements),))
            settling.observe((took,))
        if self._sample:
            self._tell(settlements)

    def looked(self, in_flight: int, now: float) -> None:
        """So many requests are in flight now."""
        if self._figures is not None and now - self._handed_on >= HAND_ON_SECONDS:
            self._hand_on(self._figures, in_flight, now)

    def ended(self, now: float) -> None:
        """The run is over."""
        if self._figures is not None:
            self._hand_on(self._figures, 0, now)
            self._figures.pump_sockets.set(0)
            self._figures.pump_runs.inc()

    def _hand_on(self, figures: ProcessFigures, in_flight: int, now: float) -> None:
        figures.pump_in_flight.set(in_flight)
        figures.pump_awake.inc(max(0.0, now - self._handed_on))
        self._handed_on = now
        for gathered in self._gathered:
            gathered.hand_on()
        for outcome, count in self._outcomes.items():
            figures.attempts.labels(outcome).inc(count)
        self._outcomes.clear()

    def _tell(self, settlements: Sequence[Settlement]) -> None:
        for each in settlements:
            if self._sample >= 1 or random.random() < self._sample:
                logger.info(
                    "Webhook data was attempted: %s.",
                    each.cause,
                    extra={
                        "id_webhook_data": each.data,
                        "id_webhook": each.webhook,
                        "attempt": each.number,
                        "outcome": each.cause,
                        "status": each.status,
                        "ms": each.total_us // 1000,
                    },
                )
