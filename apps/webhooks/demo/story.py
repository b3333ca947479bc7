"""The story: a customer arrives, synchronises, pays; a receiver breaks and recovers."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from apps.event_log.models import EndUser
from apps.receiver.server import Receiver
from apps.webhooks.demo import ledger
from apps.webhooks.demo.cast import Cast, path_of
from apps.webhooks.demo.processes import HOST, Processes
from apps.webhooks.demo.sample_payments import payment_state_updated
from apps.webhooks.demo.samples import connection_synced
from apps.webhooks.demo.screen import Screen, clock
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import current_execution
from apps.webhooks.rules.timetable import next_execution
from apps.webhooks.users import create_user, make_permanent, user_payload

PATIENCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02
# Long enough to see that nothing is sent, were it to be.
HELD_SECONDS: Final = 0.6
# The outage begins when no execution of the flusher is about to; ten refusals take
# a fraction of it.
CALM: Final = timedelta(seconds=2)
PAYMENTS: Final = 25


class StoryFailed(Exception):
    """Something did not go as it must; says what."""


@dataclass(slots=True)
class Story:
    """Tells itself on the screen; every method raises `StoryFailed`."""

    screen: Screen
    receiver: Receiver
    processes: Processes
    cast: Cast
    port: int
    token: str
    _cut_off_in: int | None = None

    def tell(self) -> None:
        """From the beginning to the end."""
        user = self.customer_arrives()
        self.screen.pause()
        self.first_synchronisation(user)
        self.screen.pause()
        self.payment()
        self.screen.pause()
        self.outage()
        self.screen.pause()
        self.recovery()

    def customer_arrives(self) -> EndUser:
        """What concerns a temporary user is held until the user is permanent."""
        self.screen.scene(1, "A customer arrives")
        user = create_user(permanent=False)
        event = user.events.get()
        self.cast.tokens[path_of(event.name)] = str(user.token)
        with self.screen.waiting("nothing may be sent now"):
            time.sleep(HELD_SECONDS)
        if ledger.data_of(event.pk).state != ledger.HELD or self.receiver.record.total:
            raise StoryFailed("What concerns a temporary user was not held.")
        self.screen.note(f"{event.name} emitted", f"held: user {user.pk} is temporary")
        make_permanent(user.pk)
        self.screen.note(
            f"user {user.pk} made permanent", "released in the same transaction"
        )
        self._delivered(event.pk)
        return user

    def first_synchronisation(self, user: EndUser) -> None:
        """Megabytes in one signed and compressed delivery."""
        self.screen.scene(2, "The first synchronisation of a bank connection")
        owner = json.loads(user_payload(user))
        payload = connection_synced(owner, now=self._now())
        accounts = payload["connection"]["accounts"]
        count = sum(len(account["transactions"]) for account in accounts)
        event = emit("CONNECTION_SYNCED", payload, user.pk).event
        self.screen.note(
            "CONNECTION_SYNCED emitted",
            f"{len(accounts)} accounts, {count:,} transactions",
        )
        self._delivered(event)

    def payment(self) -> None:
        """A small one that concerns no user, through the API."""
        self.screen.scene(3, "A payment, emitted over the API")
        reply = self._post(
            {"event": "PAYMENT_STATE_UPDATED", "payload": self._payment(1)}
        )
        self.screen.note("POST /events", f"201, event {reply['id_event']}")
        self._delivered(reply["id_event"])

    def outage(self) -> None:
        """Exactly ten refusals, then nothing more is sent."""
        self.screen.scene(4, "The receiver breaks")
        with self.screen.waiting("the flusher has just begun or soon begins"):
            self._until(self._is_calm, "The flusher did not run.")
        before = ledger.last_data()
        self.break_receiver()
        emit_many(
            [
                Emission(event="PAYMENT_STATE_UPDATED", payload=self._payment(number))
                for number in range(2, 2 + PAYMENTS)
            ]
        )
        self.screen.note(f"{PAYMENTS} payments emitted")
        webhook = self.cast.payments
        with self.screen.strip(lambda: ledger.states(webhook, before)) as show:
            self._until(
                lambda: ledger.cutoff(webhook) is not None,
                "The broken receiver was not cut off.",
                show,
            )
        self._show_cutoff()

    def recovery(self) -> None:
        """The flusher's next execution delivers everything."""
        self.screen.scene(5, "The receiver is repaired, the flusher drains")
        webhook, total = self.cast.payments, PAYMENTS + 1
        self.repair_receiver()

        def drained() -> bool:
            states = ledger.states(webhook, 0)
            return [state for state, _ in states] == [ledger.DELIVERED] * total

        with self.screen.strip(lambda: ledger.states(webhook, 0)[1:]) as show:
            self._until(drained, "The flusher did not drain.", show)
        counts = ledger.tally(webhook, self.receiver.record)
        execution, _ = current_execution()
        self.screen.done(
            f"flusher execution {execution}",
            f"{counts.verified - 1} of {PAYMENTS} delivered and verified, "
            f"{counts.duplicates} twice",
        )
        if ledger.most_failures(webhook) != settings.WEBHOOKS_CUTOFF_FAILURES:
            raise StoryFailed("The cutoff was not exact.")

    def finish(self) -> None:
        """The table; everything must have been verified."""
        record = self.receiver.record
        tallies = [ledger.tally(webhook, record) for webhook in self.cast.webhooks]
        self.screen.tallies(tallies)
        if not all(each.is_complete for each in tallies):
            raise StoryFailed("Not every delivery was verified.")
        self.screen.done("every delivery was verified")

    def break_receiver(self) -> None:
        """503 to payments, from now on."""
        self.receiver.behave(path_of("PAYMENT_STATE_UPDATED"), status=503)
        self.screen.warning(
            "the receiver answers 503", path_of("PAYMENT_STATE_UPDATED")
        )

    def repair_receiver(self) -> None:
        """204 again."""
        self.receiver.behave(path_of("PAYMENT_STATE_UPDATED"), status=204)
        self.screen.done(
            "the receiver answers 204 again", "nothing is sent until the flusher runs"
        )

    def emit_payments(self, count: int) -> None:
        """Some more, when the audience asks."""
        first = ledger.last_data() + 1
        emit_many(
            [
                Emission(event="PAYMENT_STATE_UPDATED", payload=self._payment(number))
                for number in range(first, first + count)
            ]
        )
        self.screen.note(f"{count} payments emitted")

    def look_at_cutoff(self) -> None:
        """Tell when payments are cut off, once per execution of the flusher."""
        cutoff = ledger.cutoff(self.cast.payments)
        execution = None if cutoff is None else cutoff.execution
        if cutoff is not None and execution != self._cut_off_in:
            self._say_cutoff(cutoff)
        self._cut_off_in = execution

    def _show_cutoff(self) -> None:
        cutoff = ledger.cutoff(self.cast.payments)
        if cutoff is None:
            raise StoryFailed("The cutoff ended before the flusher's next execution.")
        self._say_cutoff(cutoff)
        if cutoff.failures != settings.WEBHOOKS_CUTOFF_FAILURES:
            raise StoryFailed(f"The cutoff came after {cutoff.failures} failures.")

    def _say_cutoff(self, cutoff: ledger.Cutoff) -> None:
        self.screen.warning(
            f"cut off: {cutoff.failures}/{settings.WEBHOOKS_CUTOFF_FAILURES} failures",
            f"{cutoff.untried} left untried until {clock(cutoff.next_try_at)}",
        )

    def _delivered(self, event: int) -> None:
        """Wait for an event's one delivery and show it."""
        data = ledger.data_of(event).pk

        def settled() -> bool:
            return ledger.data_of(event).state == ledger.DELIVERED

        with self.screen.waiting("on its way"):
            self._until(settled, f"Webhook data {data} was not delivered.")
        receipt = ledger.receipt(data, self.receiver.record)
        self.screen.delivery(receipt)
        if not receipt.received.genuine:
            raise StoryFailed(f"Webhook data {data} is {receipt.received.reason}.")

    def _is_calm(self) -> bool:
        _, began = current_execution()
        now = timezone.now()
        then = next_execution(began, settings.WEBHOOKS_FLUSHER_PERIOD, now)
        return began is not None and then - now > CALM

    def _until(
        self,
        condition: Callable[[], bool],
        otherwise: str,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            meanwhile()
            self.processes.check()
            if time.monotonic() > end:
                raise StoryFailed(otherwise)
            time.sleep(POLL_SECONDS)
        meanwhile()

    def _post(self, body: dict[str, Any]) -> Any:
        """Call the API as a platform does; proxies of the environment play no part."""
        connection = http.client.HTTPConnection(
            HOST, self.port, timeout=PATIENCE_SECONDS
        )
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        try:
            connection.request("POST", "/events", json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise StoryFailed(f"The API cannot be called: {error!r}") from error
        finally:
            connection.close()
        if reply.status != 201:
            raise StoryFailed(f"The API answered {reply.status}: {text[:200]!r}")
        return json.loads(text)

    def _payment(self, number: int) -> dict[str, Any]:
        return payment_state_updated(number, now=self._now())

    def _now(self) -> datetime:
        return timezone.now().astimezone(settings.PAYLOAD_ZONE)
