"""The web of a drill: gunicorn as in production, and a platform that posts events.

The platform knows what it was answered, and numbers its events; an event that was not
taken it posts again, under the same key, as a caller must.
"""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.processes import Child
from tests.drills.world import EVENT, World
from webhooks_project.embedded.redis import free_port

GUNICORN: Final = ("gunicorn", "-c", "python:webhooks_project.gunicorn_config")
ANSWER_SECONDS: Final = 5.0
INSIST_SECONDS: Final = 30.0
PAUSE_SECONDS: Final = 0.1
TAKEN: Final = (200, 201)
NO_ANSWER: Final = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, `NO_ANSWER` if nothing, and after how long."""

    status: int
    seconds: float
    told: Mapping[str, Any] = field(default_factory=dict)
    retry_after: str | None = None

    @property
    def is_kind(self) -> bool:
        """Taken, or refused as the API says that it refuses."""
        refused = (self.status, self.told.get("code")) == (503, "unavailable")
        return self.status in TAKEN or (refused and bool(self.retry_after))


@dataclass(frozen=True, slots=True)
class Web:
    """One web, and a token to emit with."""

    world: World
    port: int
    token: str
    began: dict[int, float] = field(default_factory=dict)

    def post(self, serial: int, *, size: int = 500) -> Answer:
        """One event, the same however often, under a key of its own."""
        at = self.began.setdefault(serial, time.monotonic())
        payload = {"serial": serial, "at": at, "filler": "x" * size}
        event = {"event": EVENT, "payload": payload}
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"web {serial}",
        }
        answer = ask(self.port, "POST", "/events", json.dumps(event), headers)
        if answer.status in TAKEN:
            paths = self.world.paths[EVENT]
            self.world.expected.update((serial, path) for path in paths)
        return answer

    def insist(self, serial: int) -> bool:
        """Post it until it is taken; False if it is not in time."""
        end = time.monotonic() + INSIST_SECONDS
        while self.post(serial).status not in TAKEN:
            if time.monotonic() > end:
                return False
            time.sleep(PAUSE_SECONDS)
        return True

    def post_together(self, serials: Sequence[int]) -> list[Answer]:
        """All at the same time."""
        with ThreadPoolExecutor(len(serials)) as threads:
            return list(threads.map(self.post, serials))

    def lives(self) -> bool:
        """Does it answer a probe?"""
        return ask(self.port, "GET", "/livez").status == 200


def ask(
    port: int,
    method: str,
    path: str,
    body: str = "",
    headers: Mapping[str, str] | None = None,
    *,
    patience: float = ANSWER_SECONDS,
) -> Answer:
    """One request, on a connection of its own."""
    began = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        link.request(method, path, body.encode(), dict(headers or {}))
        reply = link.getresponse()
        told = _parsed(reply.read())
    except (OSError, http.client.HTTPException):
        return Answer(NO_ANSWER, time.monotonic() - began)
    finally:
        link.close()
    return Answer(
        status=reply.status,
        seconds=time.monotonic() - began,
        told=told,
        retry_after=reply.headers["Retry-After"],
    )


def serve(world: World, **settings: Any) -> tuple[Child, int]:
    """The API as it runs in production, and its port."""
    port = free_port()
    bind = ("--bind", f"127.0.0.1:{port}")
    child = world.start("web", *GUNICORN, *bind, **settings)
    child.wait_for("Booting worker")
    return child, port


def emission_token(world: World) -> str:
    """A token to emit with."""
    world.emitter.tell({"do": "token"})
    token: str = world.emitter.hear()
    return token


@contextmanager
def started(world: World, processes: int = 1, **settings: Any) -> Iterator[Web]:
    """A web that answers; it is gone afterwards."""
    token = emission_token(world)
    child, port = serve(world, WEB_CONCURRENCY=processes, **settings)
    web = Web(world, port, token)
    if not world.until(web.lives, INSIST_SECONDS):
        raise TimeoutError("The web does not start.")
    yield web
    world.kill(child)


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    """How many answers had each status."""
    return Counter(answer.status for answer in answers)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
