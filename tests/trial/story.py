"""What is tried, step by step; each step says what it saw, or the trial ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.deployment import DEPLOY
from tests.trial.ends import Listener, Platform
from tests.trial.monitoring import Monitoring
from tests.trial.programs import Programs, TrialFailed, run, until
from tests.trial.servers import start_postgresql, start_redis, versions
from tests.trial.units import ROLES, Units, resident_megabytes

EVENTS: Final = 5_000
BROKEN: Final = 200
ALERT: Final = "BankhooksWebhooksFailing"
# What a trial on loopback needs, and production must not have.
CHANGES: Final = {
    "HTTPS_ONLY": "false",
    "ALLOWED_HOSTS": "127.0.0.1",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
}
# Without `--full`: nobody watches for five minutes.
QUICK: Final = {"WEBHOOKS_FLUSHER_PERIOD": "5", "WEBHOOKS_HEARTBEAT_PERIOD": "5"}


class Trial:
    """One run. `say` is given each line of the transcript."""

    def __init__(
        self, programs: Programs, say: Callable[[str], None], *, full: bool
    ) -> None:
        self._programs = programs
        self._say = say
        self._full = full
        self._patience = 900.0 if full else 90.0

    def run(self) -> None:
        """All steps; raises `TrialFailed`."""
        self._start_servers()
        self._start_units()
        self._start_monitoring()
        self._deliver()
        self._kill_a_worker()
        self._break_the_receiver()
        self._mend_the_receiver()
        self._look_back()

    def _start_servers(self) -> None:
        self._say(versions())
        secrets = self._programs.folder / "secrets"
        run([sys.executable, str(DEPLOY / "new_secrets.py"), str(secrets)])
        password = (secrets / "database_password").read_text()
        changes = dict(CHANGES if self._full else CHANGES | QUICK)
        changes["DATABASE_URL"] = start_postgresql(self._programs, password)
        changes["REDIS_URL"] = start_redis(self._programs)
        self.units = Units(self._programs, changes)
        self._say("PostgreSQL and Redis listen, as deploy/systemd.md sets them up")

    def _start_units(self) -> None:
        began = time.monotonic()
        self.units.migrate()
        for role in ROLES:
            self.units.start(role)
        words = ("create_token", "trial", "--scope", "config", "--scope", "emit")
        token = self.units.manage(*words).strip()
        self.platform = Platform(self.units.web, token)
        until(self._is_well, "doctor finds nothing wrong")
        took = time.monotonic() - began
        self._say(f"units migrated and started; doctor is content after {took:.0f} s:")
        for line in self.units.manage("doctor").splitlines():
            self._say(f"  {line}")

    def _is_well(self) -> bool:
        try:
            self.units.manage("doctor")
        except TrialFailed:
            return False
        return True

    def _start_monitoring(self) -> None:
        token = self.units.secrets / "metrics_token"
        wait = None if self._full else "4s"
        self.monitoring = Monitoring(self._programs, self.units.ports, token, wait)
        self.monitoring.start(self._programs)
        until(
            lambda: set(self.monitoring.targets().values()) == {"up"},
            "Prometheus scrapes all targets",
        )
        self._say(f"Prometheus scrapes {', '.join(sorted(self.monitoring.targets()))}")

    def _deliver(self) -> None:
        self.listener = Listener(self._programs)
        webhook, secret = self.platform.register(self.listener.url)
        self._webhook, self._secret = webhook, secret
        self.listener.start(secret)
        began = time.monotonic()
        self.platform.emit(EVENTS)
        emitted = time.monotonic() - began
        self._wait_for(EVENTS)
        took = time.monotonic() - began
        self._say(
            f"{EVENTS} events emitted over HTTP in {emitted:.1f} s, all delivered "
            f"{took:.1f} s after the first"
        )
        query = 'sum(bankhooks_attempts_total{outcome="accepted"})'
        until(lambda: self.monitoring.value(query) >= EVENTS, "Prometheus counts them")
        self._say(f"Prometheus: {query} = {self.monitoring.value(query):.0f}")
        self._expected = EVENTS

    def _kill_a_worker(self) -> None:
        self.platform.emit(EVENTS)
        self._expected += EVENTS
        os.killpg(self._programs.pid("pump"), signal.SIGKILL)
        took = until(
            lambda: len(set(self.listener.accepted())) == self._expected,
            "what was emitted arrives although the pump is killed",
            self._patience,
        )
        doubled = len(self.listener.accepted()) - self._expected
        self._say(
            f"kill -9 of the pump with {EVENTS} events about: restarted, none lost, "
            f"{doubled} doubled, all there after {took:.1f} s"
        )

    def _break_the_receiver(self) -> None:
        self.listener.stop()
        self.listener.start(self._secret, "--status", "503")
        self.platform.emit(BROKEN)
        self._expected += BROKEN
        began = time.monotonic()
        until(
            lambda: ALERT in self.monitoring.firing(),
            f"{ALERT} fires",
            self._patience,
        )
        until(lambda: ALERT in self.monitoring.told(), "Alertmanager is told")
        took = time.monotonic() - began
        self._say(f"the receiver answers 503: {ALERT} fires after {took:.0f} s;")
        self._say(f"  Alertmanager: {self.monitoring.told()[ALERT]}")
        others = self.monitoring.firing() - {ALERT}
        self._say(f"  others that fire: {', '.join(sorted(others)) or 'none'}")
        state = self.platform.call(f"/webhooks/{self._webhook}")
        self._say(f"  GET /webhooks/{self._webhook}: warning {state['warning']}")

    def _mend_the_receiver(self) -> None:
        self.listener.stop()
        self.listener.start(self._secret)
        began = time.monotonic()
        self._wait_for(self._expected)
        arrived = time.monotonic() - began
        until(
            lambda: ALERT not in self.monitoring.firing(), "it is quiet", self._patience
        )
        quiet = time.monotonic() - began
        self._say(
            f"the receiver is mended: all {BROKEN} are there after {arrived:.0f} s, "
            f"and the alert is over after {quiet:.0f} s"
        )

    def _look_back(self) -> None:
        ids = self.listener.accepted()
        refused = [
            each for each in self.listener.deliveries() if each["reason"] != "valid"
        ]
        if len(set(ids)) != self._expected or refused:
            raise TrialFailed(
                f"{len(set(ids))} of {self._expected}, {len(refused)} bad"
            )
        self._say(
            f"lost 0 of {self._expected}; doubled {len(ids) - self._expected}; "
            f"signatures that were not valid 0"
        )
        for role in ROLES:
            memory = resident_megabytes(self._programs.pid(role))
            restarts = self._programs.restarts[role]
            self._say(f"{role}: {memory:.0f} MB, restarted {restarts} times")
        if not self._is_well():
            raise TrialFailed(self.units.manage("doctor"))
        self._programs.check()
        self._say("doctor is content")

    def _wait_for(self, count: int) -> None:
        until(
            lambda: len(set(self.listener.accepted())) == count,
            f"{count} deliveries are accepted",
            self._patience,
        )
