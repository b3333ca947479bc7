"""Celery's side of the engine: shells without logic.

A message wakes a loop, it is not a delivery: the `pump` task takes no argument, and
losing, doubling or delaying one changes latency only.
"""

from __future__ import annotations

import gc
import logging
import mmap
import os
import secrets
import socket
import time
from functools import cache, lru_cache
from typing import Final

from celery import Task, shared_task
from celery.signals import (
    beat_init,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.core.checks import run_checks
from django.db import Error, connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.api_tokens.purge import purge_tokens
from apps.auth_providers.tokens import renew
from apps.configuration.keys import CA_CERT, COMPRESSION
from apps.configuration.store import is_on, value
from apps.metrics.process import figures
from apps.outbound.transport import Transport, TransportPolicy
from apps.tracing.kept import purge_traces
from apps.tracing.tracer import tracer
from apps.webhooks.alerts import note_failing, send_alerts
from apps.webhooks.conf import engine_settings, token_door, transport_policy
from apps.webhooks.engine.bell import Bell
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.leases import is_waiting
from apps.webhooks.engine.mailbox import Mailbox
from apps.webhooks.engine.pump import Pump
from apps.webhooks.engine.recorder import Outcomes
from apps.webhooks.engine.tokens import ask
from apps.webhooks.engine.traces import Traces
from apps.webhooks.engine.watch import Watch
from apps.webhooks.erasure import continue_erasures
from apps.webhooks.expiry import end_expired
from apps.webhooks.health import purge_health
from apps.webhooks.heartbeats import purge_heartbeats
from apps.webhooks.holds import drop_expired_users, erase_spent_tokens
from apps.webhooks.replay.items import are_running, claim, drop_cancelled
from apps.webhooks.replay.turn import Turn
from apps.webhooks.retention.passes import purge_turn

logger = logging.getLogger(__name__)

# Of a period. More than half, or ticks of two beats that alternate would all count.
TICKS_APART: Final = 0.75
# One byte shared by a worker and its forked processes: only the parent hears
# SIGTERM, and a pump must stop taking work when it does.
_stopping = mmap.mmap(-1, 1)


@shared_task(name="webhooks.pump")
def pump() -> None:
    """Deliver what is unsent, until idle or out of time."""
    if run_pump(transport(), mailbox()):
        wake()


@shared_task(name="webhooks.flush")
def flush() -> None:
    """A tick of the flusher; those of several beats are one execution a period."""
    # Before the execution: it takes the cutoffs away.
    note_failing()
    end_expired()
    execution = begin_execution(apart=settings.WEBHOOKS_FLUSHER_PERIOD * TICKS_APART)
    if execution is not None:
        logger.info(
            "Flusher execution %s began.", execution, extra={"execution": execution}
        )
    wake()
    _post(alert)


@shared_task(name="webhooks.alert")
def alert() -> None:
    """Mail about webhooks that fail, or have recovered."""
    send_alerts()


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Find what no bell told: lost rings, the webhooks of pumps that died, tokens to
    be renewed, the end of temporary users.
    """
    drop_expired_users()
    erase_spent_tokens()
    continue_erasures(timezone.now())
    purge_tokens()
    purge_health()
    purge_heartbeats()
    purge_traces()
    for provider in ask():
        post_renewal(provider)
    drop_cancelled()
    if are_running():
        post_replay()
    if is_waiting():
        wake(insist=True)


@shared_task(name="webhooks.replay")
def replay() -> None:
    """A turn of the replay that has waited longest; the next one comes after others."""
    if run_replay():
        post_replay()


@shared_task(name="webhooks.purge")
def purge() -> None:
    """A turn of removing what is old; the next one comes after others."""
    if purge_turn(lambda: _stopping[0] != 0):
        _post(purge)


@shared_task(name="webhooks.refresh_token")
def refresh_token(provider: int) -> None:
    """Have a token server give another access token, if nobody does already."""
    if renew_here(provider):
        wake()


def renew_here(provider: int) -> bool:
    """Renew a token in this process; True if it was."""
    return renew(provider, token_door())


def wake(*, insist: bool = False) -> None:
    """Tell that there is work; posts a message only if no pump is awake.

    `insist`: even if Redis failed a moment ago.
    """
    if mailbox().ring(insist=insist):
        post()


def post() -> None:
    """Post the message that wakes a pump; without a broker the flusher must do."""
    _post(pump)


def post_renewal(provider: int) -> None:
    """Post the message that has a provider's token renewed; the sweep asks again."""
    _post(refresh_token, provider)


def post_replay() -> None:
    """Post the message that has replays go on; the sweep asks again."""
    _post(replay)


def _post(task: Task[..., None], *arguments: int) -> None:
    try:
        task.apply_async(arguments)
    except OperationalError:
        logger.warning("The broker does not take messages; the flusher will see.")


def run_pump(out: Transport, box: Mailbox | None) -> bool:
    """One run of a pump in this process; without a mailbox it needs no Redis."""
    engine = engine_settings(compression=is_on(COMPRESSION))
    holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
    return Pump(
        settings=engine,
        transport=out,
        bell=Bell(box, pump=holder, pumps=engine.pumps, post=post),
        holder=holder,
        stopping=lambda: _stopping[0] != 0,
        renew_token=post_renewal,
        watch=watch(),
        traces=Traces.of(tracer()),
        kept=unrecorded(),
    ).run()


def watch() -> Watch | None:
    """What keeps figures of a run, and lines of attempts, as far as that is wished."""
    kept, sample = figures(), settings.LOG_OUTCOMES
    if kept is None and not sample:
        return None
    return Watch(
        kept,
        sample=sample,
        sockets=settings.WEBHOOKS_PUMP_SOCKETS,
        now=time.monotonic(),
    )


def run_replay() -> bool:
    """One turn of a replay in this process; True if it can go on right away."""
    claimed = claim()
    if claimed is None:
        return False
    return Turn(
        claimed,
        door=transport(),
        settings=engine_settings(compression=is_on(COMPRESSION)),
        renew_token=post_renewal,
        stopping=lambda: _stopping[0] != 0,
        traces=Traces.of(tracer()),
    ).run()


@cache
def mailbox() -> Mailbox:
    """This process's line to the bell."""
    return Mailbox.at(settings.REDIS_URL, prefix=settings.REDIS_PREFIX)


@cache
def unrecorded() -> Outcomes:
    """What this process's pumps could not record yet."""
    return []


def transport() -> Transport:
    """This process's door out; its connections outlive a pump's run."""
    return _transport(transport_policy(value(CA_CERT)))


@lru_cache(maxsize=1)
def _transport(policy: TransportPolicy) -> Transport:
    """Another one once other authorities are trusted."""
    return Transport(policy, sockets=settings.WEBHOOKS_PUMP_SOCKETS)


@worker_init.connect
@beat_init.connect
def _check_surroundings(**_: object) -> None:
    """What cannot work is said in a line, and does not start.

    Once started, workers outlive a database or a Redis that goes away.
    """
    faults = [fault for fault in run_checks() if fault.is_serious()]
    if faults:
        raise SystemExit("\n".join(f"{fault.id}: {fault.msg}" for fault in faults))
    try:
        connection.ensure_connection()
        mailbox().redis.ping()
    except Error as error:
        raise SystemExit(f"The database cannot be reached: {_line(error)}") from error
    except RedisError as error:
        raise SystemExit(f"Redis cannot be reached: {_line(error)}") from error
    finally:
        connection.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


@worker_process_init.connect
def _settle_in(**_: object) -> None:
    """Sockets opened before the fork belong to the parent."""
    mailbox.cache_clear()
    _transport.cache_clear()
    unrecorded.cache_clear()
    tracer.cache_clear()
    # A pump makes thousands of short-lived tuples a second and no cycles: looking
    # for those at every 700 objects costs a twentieth of its time.
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


@worker_process_shutdown.connect
def _tell_the_rest(**_: object) -> None:
    """Spans wait some seconds for company."""
    spans = tracer()
    if spans is not None:
        spans.close()


@worker_ready.connect
def _look_around(**_: object) -> None:
    """What a dead worker left behind is found as soon as a new one is up."""
    wake(insist=True)


@worker_shutdown.connect
def _pass_on(**_: object) -> None:
    """A message that was taken as the worker stopped is not put back."""
    wake(insist=True)


@worker_shutting_down.connect
def _stop_pumps(**_: object) -> None:
    _stopping[0] = 1
