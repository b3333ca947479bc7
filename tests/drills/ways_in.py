"""A process of D-30 and D-31: takes URLs by every way in, as it is told in JSON.

Registration is one wall, the door another: past registration a URL is put where it
would be had nobody looked at it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final

from django.test import Client

from apps.api_tokens.models import Scope, issue
from apps.auth_providers.models import AuthProvider
from apps.auth_providers.oauth import TokenDoor, TokenError, fetch_token
from apps.auth_providers.oauth_config import Credentials
from apps.outbound.transport import OutgoingRequest, Transport
from apps.webhooks.conf import transport_policy
from apps.webhooks.emit import emit
from apps.webhooks.models import Webhook
from apps.webhooks.receiver_check.check import check_receiver
from apps.webhooks.testing import try_out
from benchmarks.talk import hear, say
from tests.hostile_urls import TARGETS, hostile
from tests.make import make_provider, make_webhook

EVENT: Final = "CONNECTION_SYNCED"
# Names are looked up by so many threads at once.
SOCKETS: Final = 200
DEADLINE: Final = 1.0
_LOOK_SECONDS: Final = 0.1


class WaysIn:
    """Its orders, each for every `step`-th URL of the list; counts of what came of it.

    `accepted` are URLs that were taken although they are not of somebody else's host,
    `failed` answers of a server that broke down.
    """

    def __init__(self) -> None:
        self._client = Client(raise_request_exception=False, SERVER_NAME="localhost")
        _, self._token = issue("drill", [Scope.CONFIG])
        self._webhook = make_webhook("https://hooks.example.com/")

    def webhooks(self, port: int, step: int) -> dict[str, int]:
        """Registered as webhooks, by the API."""
        told: Counter[str] = Counter()
        for text in _urls(port, step):
            body = {"event": EVENT, "url": text}
            told.update(self._post("/webhooks", body, lambda answer: answer["url"]))
        return told

    def providers(self, port: int, step: int) -> dict[str, int]:
        """Registered as token servers, by the API."""
        told: Counter[str] = Counter()
        secret = {"client_id": "a", "client_secret": "b"}
        for number, text in enumerate(_urls(port, step)):
            config = {**secret, "url": text, "grant_type": "client_credentials"}
            body = {"type": "oauth", "name": f"oauth {number}", "config": config}
            told.update(self._post("/webhooks/auth", body, _kept))
        return told

    def _post(self, path: str, body: Any, kept: Any) -> Iterator[str]:
        reply = self._client.post(
            path,
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self._token}"},
            secure=True,
        )
        yield "tried"
        if reply.status_code >= 500:
            yield "failed"
        elif reply.status_code in (200, 201):
            host = kept(reply.json()).split("/")[2].partition(":")[0]
            yield "theirs" if host.endswith(".example.com") else "accepted"

    def dial(self, port: int, step: int) -> dict[str, int]:
        """Sent by the door, many at once."""
        return _dialled(_urls(port, step))

    def rebind(self, port: int, count: int) -> dict[str, int]:
        """Names whose addresses change, or are of both kinds."""
        kinds = ("good", "flip", "mixed", "ours")
        return {
            kind: _dialled(
                [f"http://{kind}-{each}.example.com:{port}/" for each in range(count)]
            )["answered"]
            for kind in kinds
        }

    def tokens(self, port: int, step: int) -> dict[str, int]:
        """Asked for a token."""
        door = TokenDoor(policy=transport_policy(), user_agent="drill", deadline=1.0)
        told: Counter[str] = Counter()
        for text in _written(port, step):
            try:
                fetch_token(
                    Credentials(url=text, client_id="a", client_secret="b"), door
                )
            except TokenError:
                told["refused"] += 1
            told["tried"] += 1
        return told

    def tests(self, port: int, step: int) -> dict[str, int]:
        """Sent a test delivery."""
        return self._each(port, step, try_out)

    def checks(self, port: int, step: int) -> dict[str, int]:
        """Tried out and graded."""
        return self._each(port, step, check_receiver)

    def _each(self, port: int, step: int, way: Any) -> dict[str, int]:
        told: Counter[str] = Counter()
        for text in _written(port, step):
            Webhook.objects.filter(pk=self._webhook.pk).update(url=text)
            way(self._webhook.pk)
            told["tried"] += 1
        return told

    def rows(self, port: int, step: int) -> dict[str, int]:
        """Webhooks of the workers, each with one event."""
        Webhook.objects.filter(pk=self._webhook.pk).update(event="USER_CREATED")
        provider = make_provider()
        made = Webhook.objects.bulk_create(
            Webhook(event=EVENT, url=text, auth_provider=provider)
            for text in _written(port, step)
        )
        emit(EVENT, b"{}")
        return {"tried": len(made)}


def _kept(answer: dict[str, Any]) -> str:
    url: str = AuthProvider.objects.get(pk=answer["id"]).settings["url"]
    return url


def _urls(port: int, step: int) -> list[str]:
    """Every `step`-th, and whatever the step those without a disguise."""
    plain = [f"http://{target}:{port}/" for target in TARGETS]
    chosen = islice(dict.fromkeys(hostile(port)), 0, None, step)
    return list(dict.fromkeys([*chosen, *plain]))


def _written(port: int, step: int) -> list[str]:
    """Those that can be a URL's text at all; nothing else gets past registration."""
    return [each for each in _urls(port, step) if each.isascii()]


def _dialled(urls: Sequence[str]) -> dict[str, int]:
    told: Counter[str] = Counter(tried=len(urls), answered=0)
    with closing(Transport(transport_policy(), sockets=SOCKETS)) as door:
        waiting: Iterable[str] = iter(urls)
        while True:
            for text in islice(waiting, door.room):
                # As bytes, for libcurl to make of them what it likes.
                request = OutgoingRequest(text.encode(), [], b"{}", DEADLINE)  # type: ignore[arg-type]
                door.submit(request, text)
            if not door.in_flight:
                return told
            for _, outcome in door.completed(_LOOK_SECONDS):
                told[outcome.cause.value] += 1
                told["answered"] += outcome.status is not None


def main() -> None:
    """Do as told until the drill is over."""
    ways = WaysIn()
    while True:
        order = hear()
        say(getattr(ways, order.pop("do"))(**order))


if __name__ == "__main__":
    main()
