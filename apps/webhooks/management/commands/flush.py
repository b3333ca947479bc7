"""`manage.py flush`: a flusher execution now, and a pump without Celery if wished."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands.flush import Command as EmptyDatabase
from django.db.models import Q, QuerySet

from apps.configuration.keys import COMPRESSION
from apps.configuration.store import is_on
from apps.webhooks.conf import engine_settings
from apps.webhooks.engine.bell import Bell
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.pump import Pump
from apps.webhooks.engine.tokens import ask
from apps.webhooks.flusher import begin_flush, flush
from apps.webhooks.management.operator import STATUSES, OperatorCommand
from apps.webhooks.models import Webhook, WebhookData
from apps.webhooks.tasks import renew_here, transport, watch

PAUSE_SECONDS: Final = 1.0


class Command(OperatorCommand):
    """An operator's word, or a whole flusher where there is no Redis.

    It takes the name of Django's command that empties the database, which nobody
    should run here by mistake. Django's test runner still gets that one: it calls
    by options that the command line does not know.
    """

    stealth_options = (
        "interactive",
        "database",
        "reset_sequences",
        "allow_cascade",
        "inhibit_post_migrate",
    )
    help = (
        "Begin a flusher execution: what was cut off or lost is sent again. With "
        "--here Ctrl-C ends it once what is in flight is recorded. "
        f"{STATUSES}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to flush, and who sends."""
        parser.add_argument("--webhook", type=int, metavar="ID", help="only this one")
        parser.add_argument(
            "--here", action="store_true", help="send from this process, without Redis"
        )
        parser.add_argument(
            "--loop",
            action="store_true",
            help="as --here, with an execution every WEBHOOKS_FLUSHER_PERIOD",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what it would be about"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the execution's number."""
        if "inhibit_post_migrate" in options:
            EmptyDatabase().handle(**options)
            return
        webhook = options["webhook"]
        live = Webhook.objects.filter(deleted_at__isnull=True)
        if webhook is not None and not live.filter(pk=webhook).exists():
            self.refuse(f"There is no webhook {webhook}.")
        if options["dry_run"]:
            self._foresee(live if webhook is None else live.filter(pk=webhook), options)
        elif options["loop"]:
            self._loop(webhook, options)
        elif options["here"]:
            self._say(begin_flush(webhook), options)
            self._send(webhook)
        else:
            self._say(flush(webhook), options)

    def _foresee(self, webhooks: QuerySet[Webhook], options: dict[str, Any]) -> None:
        closed = Q(lease__cut_off_at__isnull=False)
        cut_off = webhooks.filter(closed).count()
        facts = {"dry_run": True, "cut_off": cut_off, "unsent": unsent(webhooks)}
        self.say(
            facts,
            options,
            f"Nothing is begun: {facts['unsent']} deliveries are unsent, "
            f"{cut_off} webhooks cut off.",
        )

    def _send(self, webhook: int | None) -> None:
        """Until nothing is left, or somebody ends it."""
        stopping = Stopping()
        chosen = Webhook.objects.filter(deleted_at__isnull=True)
        if webhook is not None:
            chosen = chosen.filter(pk=webhook)
        total = unsent(chosen)
        with self.progress("sent", total) as told:
            while here(stopping) and not stopping.is_set():
                told(max(0, total - unsent(chosen)))
            told(max(0, total - unsent(chosen)))

    def _loop(self, webhook: int | None, options: dict[str, Any]) -> None:
        """Both beat and pump, until told to stop; what is in flight is finished."""
        stopping, period = Stopping(), settings.WEBHOOKS_FLUSHER_PERIOD
        due = time.monotonic()
        while not stopping.is_set():
            if time.monotonic() >= due:
                due = time.monotonic() + period
                self._say(begin_execution(apart=period / 2, webhook=webhook), options)
            if not here(stopping):
                stopping.wait(PAUSE_SECONDS)

    def _say(self, execution: int | None, options: dict[str, Any]) -> None:
        if execution is None:
            told = "An execution began a moment ago; that one serves."
        else:
            told = f"Flusher execution {execution} began."
        self.say({"execution": execution}, options, told)


class Stopping(threading.Event):
    """Set by the signals that end a process, which go on to do nothing else."""

    def __init__(self) -> None:
        super().__init__()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.set())


def unsent(webhooks: QuerySet[Webhook]) -> int:
    """How many deliveries to these are to be sent."""
    rows = WebhookData.objects.filter(state=WebhookData.State.PENDING)
    return rows.filter(webhook__in=webhooks.values("pk")).count()


def here(stopping: threading.Event) -> bool:
    """One run of a pump in this process; True if there is more to send.

    It ends in time for the next execution, which nobody else begins.
    """
    for provider in ask():
        renew_here(provider)
    engine = engine_settings(compression=is_on(COMPRESSION))
    engine = dataclasses.replace(
        engine, pump_run=min(engine.pump_run, engine.flusher_period)
    )
    holder = f"flush:{os.getpid()}"
    return Pump(
        settings=engine,
        transport=transport(),
        bell=Bell(None, pump=holder, pumps=1, post=lambda: None),
        holder=holder,
        stopping=stopping.is_set,
        watch=watch(),
    ).run()
