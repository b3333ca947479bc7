"""`manage.py listen`: receive webhooks, say what came and whether it is genuine."""

from __future__ import annotations

import asyncio
import json
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.receiver.record import Delivery
from apps.receiver.server import Receiver


class Command(BaseCommand):
    """Needs neither a database nor a broker."""

    help = "Receive webhooks on loopback; print each with the verdict on its signature."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to verify and how to answer."""
        parser.add_argument("--port", type=int, default=8899, help="0: any free one")
        parser.add_argument("--secret", default="", help="the provider's secret_key")
        parser.add_argument("--token", default="", help="the user's token instead")
        parser.add_argument("--status", type=int, default=204)
        parser.add_argument("--delay", type=float, default=0.0, help="seconds")
        parser.add_argument("--drip", type=float, default=0.0, help="seconds a byte")
        parser.add_argument("--fail-rate", type=float, default=0.0, help="0 to 1")
        parser.add_argument("--hang", action="store_true", help="never answer")
        parser.add_argument("--reset", action="store_true", help="close, no answer")
        parser.add_argument(
            "--enforce", action="store_true", help="answer 401 to what is not genuine"
        )
        parser.add_argument("--json", action="store_true", help="one object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until interrupted."""
        show = self._show_json if options["json"] else self._show
        receiver = Receiver(
            secrets=options["secret"],
            tokens=options["token"],
            port=options["port"],
            on_delivery=show,
        )
        wishes = ("status", "delay", "drip", "fail_rate", "hang", "reset", "enforce")
        receiver.behave(**{wish: options[wish] for wish in wishes})
        try:
            asyncio.run(self._serve(receiver))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on port {options['port']}: {error.strerror}"
            ) from error

    async def _serve(self, receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(stop, receiver.stop)
        await receiver.serve(
            lambda: self._line(f"Listening on {receiver.url('/')} (Ctrl-C stops)")
        )

    def _show(self, delivery: Delivery) -> None:
        headers = delivery.headers
        self._line(
            f"{delivery.received_at:%H:%M:%S.%f} {delivery.target} "
            f"id={delivery.id} {headers.get('x-webhook-event', '-')} "
            f"attempt={headers.get('x-webhook-attempt', '-')} "
            f"{delivery.size} bytes ({delivery.body_size} unpacked) "
            f"{delivery.reason} -> {delivery.status or 'no answer'}"
        )

    def _show_json(self, delivery: Delivery) -> None:
        self._line(json.dumps(delivery.as_json()))

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
