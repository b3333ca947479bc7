"""What Prometheus is told: the database's figures and the processes', as text."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import Error
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps.webhooks.figures import COUNTED, DatabaseFigures, database_figures
from webhooks_project import __version__

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


def scrape(*, database: bool) -> bytes:
    """The processes' figures of this role, and the database's if wished.

    A database that is away or slow is a figure too, `bankhooks_database_up`.
    """
    registry = CollectorRegistry()
    folder = settings.PROMETHEUS_MULTIPROC_DIR
    if folder and Path(folder).is_dir():
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    if database:
        registry.register(DatabaseCollector())
    return generate_latest(registry)


def is_allowed(authorization: str) -> bool:
    """Whether a header carries the token, of which there is one."""
    scheme, _, token = authorization.partition(" ")
    return (
        bool(settings.WEBHOOKS_METRICS_TOKEN)
        and scheme.lower() == "bearer"
        and secrets.compare_digest(
            token.strip().encode(), settings.WEBHOOKS_METRICS_TOKEN.encode()
        )
    )


class DatabaseCollector(Collector):
    """Asks the database when it is asked."""

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families."""
        try:
            figures = database_figures()
        except Error:
            yield from _about(up=False)
        else:
            yield from _about(up=True)
            yield from families(figures)


def _about(*, up: bool) -> Iterator[Metric]:
    build = GaugeMetricFamily(
        "bankhooks_build_info",
        "Always 1; its label is the version.",
        labels=["version"],
    )
    build.add_metric([__version__], 1)
    yield build
    yield GaugeMetricFamily(
        "bankhooks_database_up", "1 if the database told its figures.", value=int(up)
    )


def families(figures: DatabaseFigures) -> Iterator[Metric]:
    """The database's figures as Prometheus has them."""
    for name, text, value in (
        ("backlog", f"Webhook data to be sent, up to {COUNTED}.", figures.backlog),
        ("held", f"Webhook data of temporary users, up to {COUNTED}.", figures.held),
        (
            "quarantined",
            f"Webhook data put aside after three deaths of pumps, up to {COUNTED}.",
            figures.quarantined,
        ),
        (
            "backlog_oldest_seconds",
            "Age of the oldest webhook data to be sent, whatever it waits for.",
            figures.oldest,
        ),
        (
            "delivery_lag_seconds",
            "How long a first attempt is overdue that no receiver holds up.",
            figures.lag,
        ),
        ("flusher_execution", "Number of the last one.", figures.flusher_execution),
        (
            "flusher_last_execution_timestamp_seconds",
            "When it began; 0 before the first.",
            figures.flusher_began or 0,
        ),
    ):
        yield GaugeMetricFamily(f"bankhooks_{name}", text, value=value)
    yield _family(
        "bankhooks_webhooks",
        "Webhooks: cut off until the flusher's next execution, failing until they "
        "accept again, resting as their receivers asked, leased by pumps, paused by "
        "somebody.",
        "state",
        cut_off=figures.cut_off,
        failing=figures.failing,
        resting=figures.resting,
        leased=figures.leased,
        paused=figures.paused,
    )
    yield _family(
        "bankhooks_recent_attempts",
        "Attempts of the last hour, in whole quarters, of all processes.",
        "outcome",
        accepted=figures.recently_accepted,
        failed=figures.recently_failed,
    )
    yield _family(
        "bankhooks_tokens",
        "Access tokens: usable, waiting for a renewal, failing at their servers.",
        "state",
        usable=figures.tokens_usable,
        waiting=figures.tokens_waiting,
        failing=figures.tokens_failing,
    )
    yield _family(
        "bankhooks_workers",
        "Workers that have been heard of late, by the queue that they consume.",
        "queue",
        **figures.workers,
    )


def _family(name: str, text: str, label: str, **values: int) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
