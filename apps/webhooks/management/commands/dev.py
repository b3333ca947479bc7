"""`manage.py dev`: the service for those who work on it, until Ctrl-C."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.receiver.server import Receiver
from apps.webhooks.demo import stage
from apps.webhooks.demo.cast import open_api, open_console, provider_secret
from apps.webhooks.demo.processes import ProcessEnded, Processes, free_port
from apps.webhooks.demo.screen import Screen
from apps.webhooks.demo.watch import watch
from webhooks_project.embedded import launcher

PROVIDER = "dev"


class Command(BaseCommand):
    """Data is kept from one start to the next."""

    help = "Start web (reloading), workers, beat and a receiver; stay until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen; another free port is taken if that one is not."""
        parser.add_argument("--port", type=int, default=stage.WEB_PORT)
        parser.add_argument("--receiver-port", type=int, default=stage.RECEIVER_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Everything that is started ends with this."""
        screen = Screen()
        screen.title("bankhooks", "for development: data is kept")
        stage.migrate(screen)
        receiver = Receiver(
            secrets=provider_secret(PROVIDER), port=free_port(options["receiver_port"])
        )
        try:
            with receiver, stage.running(launcher.ROOT / "dev") as processes:
                self._start(screen, receiver, processes, free_port(options["port"]))
                try:
                    watch(screen, receiver, processes, keys={})
                except KeyboardInterrupt:
                    screen.note("stopping everything")
        except (ProcessEnded, OSError) as error:
            raise CommandError(str(error)) from error

    def _start(
        self, screen: Screen, receiver: Receiver, processes: Processes, port: int
    ) -> None:
        stage.start_service(processes, port, reload=True)
        account, token = open_console("dev"), open_api("dev")
        stage.wait_for_service(screen, processes)
        stage.show_doors(
            screen, port=port, account=account, token=token, receiver=receiver
        )
        screen.door("", f"and knows the auth provider {PROVIDER!r}", "")
        screen.line()
