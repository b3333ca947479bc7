"""`manage.py demo`: the whole service on this machine, telling its own story."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.receiver.server import Receiver
from apps.webhooks.demo import stage
from apps.webhooks.demo.cast import open_api, open_console, register
from apps.webhooks.demo.processes import ProcessEnded, Processes, free_port
from apps.webhooks.demo.screen import Screen
from apps.webhooks.demo.story import Story, StoryFailed
from apps.webhooks.demo.watch import watch
from apps.webhooks.models import Webhook
from webhooks_project.embedded import launcher

MORE_PAYMENTS = 12


class Command(BaseCommand):
    """Starts everything, tells the story, and leaves nothing running."""

    help = "See deliveries signed, verified, refused, cut off and flushed, all real."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to stay."""
        parser.add_argument(
            "--once",
            action="store_true",
            help="end after the story; status 0 only if every delivery was verified",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Everything that is started ends with this."""
        screen, tokens = Screen(), dict[str, str]()
        receiver = Receiver(tokens=tokens, port=free_port(stage.RECEIVER_PORT))
        screen.title("bankhooks", "from an event to its verified delivery")
        try:
            with receiver, stage.running(launcher.ROOT / "demo") as processes:
                story = self._prepare(screen, receiver, processes, tokens)
                story.tell()
                story.finish()
                self._show_doors(story)
                if not options["once"]:
                    self._stay(story)
                screen.line()
                screen.note("stopping everything")
        except (ProcessEnded, StoryFailed, OSError) as error:
            raise CommandError(str(error)) from error

    def _prepare(
        self,
        screen: Screen,
        receiver: Receiver,
        processes: Processes,
        tokens: dict[str, str],
    ) -> Story:
        stage.migrate(screen)
        if Webhook.objects.exists():
            raise StoryFailed("The demo needs an empty database; this has webhooks.")
        port = free_port(stage.WEB_PORT)
        stage.start_service(processes, port)
        cast = register(receiver, tokens)
        stage.wait_for_service(screen, processes)
        return Story(
            screen=screen,
            receiver=receiver,
            processes=processes,
            cast=cast,
            port=port,
            token=open_api("demo"),
        )

    def _show_doors(self, story: Story) -> None:
        stage.show_doors(
            story.screen,
            port=story.port,
            account=open_console("demo"),
            token=story.token,
            receiver=story.receiver,
        )

    def _stay(self, story: Story) -> None:
        keys = {
            "r": story.break_receiver,
            "f": story.repair_receiver,
            "e": lambda: story.emit_payments(MORE_PAYMENTS),
        }
        story.screen.line()
        story.screen.keys(
            r="break the receiver",
            f="repair it",
            e=f"emit {MORE_PAYMENTS} payments",
            q="quit",
        )
        try:
            watch(
                story.screen,
                story.receiver,
                story.processes,
                keys=keys,
                also=story.look_at_cutoff,
            )
        except KeyboardInterrupt:
            return
