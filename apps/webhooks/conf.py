"""The engine's settings as one value, and what is built from them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import certifi
from django.conf import settings

from apps.auth_providers.oauth import TokenDoor
from apps.configuration.keys import (
    AUTOSYNC,
    AUTOSYNC_FREQUENCY,
    AUTOSYNC_RETRY_WRONGPASS,
    CA_CERT,
    days,
)
from apps.configuration.store import is_on, value
from apps.outbound.policies import address_policy
from apps.outbound.transport import TransportPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Durations in seconds. Names as in `settings.py`, without the prefix."""

    deadline: float = 10.0
    max_in_flight: int = 32
    compression: bool = False
    flusher_period: float = 60.0
    cutoff_failures: int = 10
    cutoff_timeouts: int = 2
    lease: float = 20.0
    settle: float = 10.0
    pump_run: float = 20.0
    pump_sockets: int = 400
    pumps: int = 8
    user_agent: str = "bankhooks"


def engine_settings(*, compression: bool = False) -> EngineSettings:
    """The engine's settings, from Django's; `compression` is configured elsewhere."""
    return EngineSettings(
        deadline=settings.WEBHOOKS_DEADLINE,
        max_in_flight=settings.WEBHOOKS_MAX_IN_FLIGHT,
        compression=compression,
        flusher_period=settings.WEBHOOKS_FLUSHER_PERIOD,
        cutoff_failures=settings.WEBHOOKS_CUTOFF_FAILURES,
        cutoff_timeouts=settings.WEBHOOKS_CUTOFF_TIMEOUTS,
        lease=settings.WEBHOOKS_LEASE,
        settle=settings.WEBHOOKS_SETTLE,
        pump_run=settings.WEBHOOKS_PUMP_RUN,
        pump_sockets=settings.WEBHOOKS_PUMP_SOCKETS,
        pumps=settings.WEBHOOKS_PUMPS,
        user_agent=settings.WEBHOOKS_USER_AGENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutosyncSettings:
    """The background synchronisation, as configured (contract, 2.3)."""

    enabled: bool
    frequency: timedelta
    retry_wrongpass: bool
    send_update: bool


def autosync_settings() -> AutosyncSettings:
    """What `/config` says, at most a second old."""
    frequency = days(value(AUTOSYNC_FREQUENCY)) or 1
    return AutosyncSettings(
        enabled=is_on(AUTOSYNC),
        frequency=timedelta(days=float(frequency)),
        retry_wrongpass=is_on(AUTOSYNC_RETRY_WRONGPASS),
        send_update=is_on("autosync.send_update"),
    )


def transport_policy(authorities: str = "") -> TransportPolicy:
    """Where requests may go and what they trust; further `authorities` in PEM."""
    return TransportPolicy(
        addresses=address_policy(),
        ca_file=_ca_file(settings.WEBHOOKS_CA_FILE, authorities),
        connect_timeout=settings.WEBHOOKS_CONNECT_TIMEOUT,
        proxy=settings.WEBHOOKS_PROXY,
    )


def token_door() -> TokenDoor:
    """How token servers are called."""
    policy = transport_policy(value(CA_CERT))
    return TokenDoor(policy=policy, user_agent=settings.WEBHOOKS_USER_AGENT)


@cache
def _ca_file(extra: str, authorities: str) -> str:
    """The public authorities, with the operator's own added if there are any.

    A file rather than bytes: libcurl caches the parsed authorities of a file only,
    and parsing them costs more than the rest of a TLS handshake.
    """
    if not extra and not authorities:
        return certifi.where()
    parts = [Path(certifi.where()).read_bytes(), authorities.encode()]
    if extra:
        parts.append(Path(extra).read_bytes())
    bundle = b"\n".join(parts)
    with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
        file.write(bundle)
    return file.name
