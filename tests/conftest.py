"""Fixtures: the receiver, and a pump run in this process."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from apps.api_tokens.authentication import forget_callers
from apps.configuration.store import forget
from apps.outbound.addresses import AddressPolicy, parse_networks
from apps.outbound.transport import Transport
from apps.receiver.server import Receiver
from apps.webhooks.conf import engine_settings, transport_policy
from apps.webhooks.engine.bell import Bell
from apps.webhooks.engine.pump import Pump
from apps.webhooks.engine.recorder import Outcomes
from apps.webhooks.engine.traces import Traces
from apps.webhooks.replay.items import claim
from apps.webhooks.replay.turn import Turn
from tests.make import SECRET

FAST_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOOPBACK = AddressPolicy(allowed=parse_networks("127.0.0.0/8,::1/128"))


def pytest_configure() -> None:
    """Two costs of production that each test would pay, and none is about."""
    # Passwords of tests are nobody's: to hash one as shipped takes 0.2 s.
    settings.PASSWORD_HASHERS = FAST_HASHERS
    # Each client looks through all static files otherwise, once some are collected.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """What one test configured, and whose token it was, is rolled back."""
    forget()
    forget_callers()


@pytest.fixture(autouse=True)
def _language_is_the_default() -> None:
    """A thread remembers the language of the last page."""
    translation.deactivate()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real receiver on a free port, told what to answer by the test."""
    with Receiver(secrets=SECRET) as running:
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    """A door out to loopback."""
    policy = dataclasses.replace(transport_policy(), addresses=LOOPBACK)
    door = Transport(policy, sockets=200)
    yield door
    door.close()


@pytest.fixture
def make_pump() -> Iterator[Callable[..., Pump]]:
    """Pumps of this process, each with a door of its own; no Redis."""
    doors: list[Transport] = []

    def make(
        name: str = "test",
        stopping: Callable[[], bool] = lambda: False,
        renew_token: Callable[[int], None] = lambda provider: None,
        traces: Traces | None = None,
        kept: Outcomes | None = None,
        **changes: Any,
    ) -> Pump:
        policy = dataclasses.replace(transport_policy(), addresses=LOOPBACK)
        doors.append(Transport(policy, sockets=200))
        return Pump(
            settings=dataclasses.replace(engine_settings(), **changes),
            transport=doors[-1],
            bell=Bell(None, pump=name, pumps=1, post=lambda: None),
            holder=name,
            stopping=stopping,
            renew_token=renew_token,
            traces=traces,
            kept=kept,
        )

    yield make
    for door in doors:
        door.close()


@pytest.fixture
def run_pump(make_pump: Callable[..., Pump]) -> Callable[..., bool]:
    """Run a pump until it is idle; keyword arguments are settings."""

    def run(**changes: Any) -> bool:
        return make_pump(**changes).run()

    return run


@pytest.fixture
def take_turn(transport: Transport) -> Callable[..., bool]:
    """A turn of the replay whose turn it is; True if it can go on right away."""

    def take(stopping: Callable[[], bool] = lambda: False) -> bool:
        claimed = claim()
        assert claimed is not None
        return Turn(
            claimed,
            door=transport,
            settings=engine_settings(),
            renew_token=lambda provider: None,
            stopping=stopping,
        ).run()

    return take


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which sample receivers were not run, and why: their languages are missing."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if "test_receiver_samples" in report.nodeid
        and isinstance(report.longrepr, tuple)
    }
    if reasons:
        terminalreporter.section("SAMPLE RECEIVERS THAT WERE NOT RUN", bold=True)
        for reason in sorted(reasons):
            terminalreporter.write_line(reason, yellow=True)
