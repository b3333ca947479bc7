"""`manage.py listen`: receive webhooks, say what came and whether it is genuine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from apps.receiver.forwarding import Forwarded, Forwarder, LocalReceiver
from apps.receiver.record import Delivery
from apps.receiver.server import Receiver
from apps.receiver.service import Service, ServiceError, is_loopback, place

# The rest of the machine sees a command's arguments, but not its variables.
TOKEN_VARIABLE: Final = "TOKEN"
SECRET_VARIABLE: Final = "SECRET"
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
USAGE: Final = 2
DEFAULTS: Final[dict[str, Any]] = {
    "port": 8899,
    "status": 204,
    "delay": 0.0,
    "drip": 0.0,
    "fail_rate": 0.0,
    "hang": False,
    "reset": False,
    "enforce": False,
}


class Command(BaseCommand):
    """Needs neither a database nor a broker."""

    help = (
        "Receive webhooks on loopback; print each with the verdict on its signature. "
        "With --forward, instead, fetch the deliveries of a webhook over the API, by "
        "outgoing connections alone, and post each to a receiver on this machine."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to verify and how to answer; or what to fetch, and where to post it."""
        add = parser.add_argument
        add("--secret", default="", help="the provider's secret_key")
        add("--user-token", default="", help="the user's token instead")
        add("--json", action="store_true", help="one object a line")
        add = parser.add_argument_group("as a receiver").add_argument
        add("--port", type=int, help="0: any free one; default: 8899")
        add("--status", type=int, help="default: 204")
        add("--delay", type=float, help="seconds")
        add("--drip", type=float, help="seconds a byte")
        add("--fail-rate", type=float, help="0 to 1")
        add("--hang", action="store_true", help="never answer")
        add("--reset", action="store_true", help="close, no answer")
        add("--enforce", action="store_true", help="answer 401 to what is not genuine")
        parser.set_defaults(**DEFAULTS)
        add = parser.add_argument_group("to forward").add_argument
        add("--forward", metavar="URL", help="the receiver, http://localhost:3000/hook")
        add("--api", metavar="URL", help="the service, https://hooks.example.com")
        add("--webhook", type=int, metavar="ID", help="whose deliveries")
        add("--token", help=f"for its API, or the variable {TOKEN_VARIABLE}")
        add("--after", type=int, metavar="ID", help="what came after, not from now on")
        add("--every", type=float, default=2.0, help="seconds between looks")
        add("--allow-host", action="append", default=[], metavar="HOST",
            help="a host other than this machine to post to")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve, or forward, until interrupted."""
        forwards = {"api", "webhook", "token", "after"}
        if options["forward"] is not None:
            self._check_forwarding(options)
            self._forward(options)
        elif given := [name for name in sorted(forwards) if options[name] is not None]:
            raise CommandError(f"--{given[0]} goes with --forward.", returncode=USAGE)
        else:
            self._receive(options)

    def _receive(self, options: dict[str, Any]) -> None:
        receiver = Receiver(
            secrets=options["secret"],
            tokens=options["user_token"],
            port=options["port"],
            on_delivery=self._show_json if options["json"] else self._show,
        )
        receiver.behave(**{name: options[name] for name in DEFAULTS if name != "port"})
        try:
            asyncio.run(self._serve(receiver))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on port {options['port']}: {error.strerror}"
            ) from error

    async def _serve(self, receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        for stop in SIGNALS:
            loop.add_signal_handler(stop, receiver.stop)
        await receiver.serve(
            lambda: self._line(f"Listening on {receiver.url('/')} (Ctrl-C stops)")
        )

    def _check_forwarding(self, options: dict[str, Any]) -> None:
        for name, usual in DEFAULTS.items():
            if options[name] != usual:
                option = name.replace("_", "-")
                raise CommandError(
                    f"--{option} does not go with --forward.", returncode=USAGE
                )
        for name in ("api", "webhook"):
            if options[name] is None:
                raise CommandError(f"--forward needs --{name}.", returncode=USAGE)
        if options["every"] <= 0:
            raise CommandError("--every is more than 0.", returncode=USAGE)

    def _forward(self, options: dict[str, Any]) -> None:
        """Until interrupted; what is being posted then is posted to its end."""
        try:
            forwarder = self._forwarder(options)
        except ValueError as error:
            raise CommandError(str(error), returncode=USAGE) from error
        except ServiceError as error:
            raise CommandError(str(error)) from error
        stopping = threading.Event()
        before = {
            each: signal.signal(each, lambda *_: stopping.set()) for each in SIGNALS
        }
        self._line(
            f"Forwarding webhook {options['webhook']} to {options['forward']} "
            "(Ctrl-C stops)"
        )
        try:
            forwarder.run(stopping)
        except ServiceError as error:
            raise CommandError(str(error)) from error
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _forwarder(self, options: dict[str, Any]) -> Forwarder:
        """Raises `ValueError` for what must not be called, and `ServiceError`."""
        token = options["token"] or os.environ.get(TOKEN_VARIABLE, "")
        secret = options["secret"]
        if not secret and not options["user_token"]:
            secret = os.environ.get(SECRET_VARIABLE, "")
        if not token:
            raise ValueError(
                f"Give the API's token: in the variable {TOKEN_VARIABLE}, or --token."
            )
        api = place(options["api"], name="--api")
        if api.scheme != "https" and not is_loopback(api):
            raise ValueError("--api must be https: the token would be read on the way.")
        target = place(options["forward"], name="--forward")
        if not is_loopback(target) and target.hostname not in options["allow_host"]:
            raise ValueError(
                f"{target.hostname} is not this machine. Deliveries are bank data: "
                f"--allow-host {target.hostname} lets them go there."
            )
        service = Service(url=api, token=token, webhook=options["webhook"])
        after = options["after"]
        return Forwarder(
            service=service,
            receiver=LocalReceiver(
                url=target, secret=secret, user_token=options["user_token"]
            ),
            every=options["every"],
            told=self._tell_json if options["json"] else self._tell,
            warned=lambda sentence: self.stderr.write(sentence),
            after=service.newest() if after is None else after,
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

    def _tell(self, done: Forwarded) -> None:
        answer = f"no answer: {done.error}" if done.error else str(done.status)
        self._line(
            f"id={done.id} {done.event} {done.size} bytes -> {answer} "
            f"({done.seconds:.3f} s)"
        )

    def _tell_json(self, done: Forwarded) -> None:
        self._line(json.dumps(done.as_json()))

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
