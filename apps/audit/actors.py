"""Who acts now: set at the edge (a request, a command), read where something changes.

Carried by a context variable, so that no function between the edge and the change has
to hand it on. What nobody has claimed was done by the service itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

LABEL_CHARACTERS: Final = 64


class Kind(StrEnum):
    """What kind of somebody acts; `Actor.id` says which."""

    CONSOLE = "console"
    TOKEN = "token"
    CLIENT = "client"
    USER = "user"
    NOBODY = "nobody"
    COMMAND = "command"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody, by number: of a console account, an API token, a client application,
    an end user, or an account of the operating system that runs a command.

    `label` names no person: how a token begins, what a command is called.
    """

    kind: Kind
    id: int | None = None
    label: str = ""


SYSTEM: Final = Actor(kind=Kind.SYSTEM)
NOBODY: Final = Actor(kind=Kind.NOBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Somebody's request. `who` is asked only if something is recorded."""

    who: Callable[[], Actor]
    address: str = ""
    request_id: int | None = None


_ITSELF: Final = Acting(who=lambda: SYSTEM)
_acting: ContextVar[Acting] = ContextVar("acting", default=_ITSELF)


def acting_now() -> Acting:
    """What is known of whoever acts in this context."""
    return _acting.get()


@contextmanager
def acting(
    who: Callable[[], Actor], *, address: str = "", request_id: int | None = None
) -> Iterator[None]:
    """Whatever changes within is somebody's doing."""
    token = _acting.set(Acting(who=who, address=address, request_id=request_id))
    try:
        yield
    finally:
        _acting.reset(token)


def act_as(actor: Actor) -> None:
    """The rest of what surrounds this, a request, is this actor's doing."""
    _acting.set(replace(_acting.get(), who=lambda: actor))


def of_command(argv: Sequence[str]) -> Actor:
    """Whoever runs a command: an account of the operating system, by its number."""
    name = argv[1] if len(argv) > 1 else ""
    return Actor(kind=Kind.COMMAND, id=os.getuid(), label=name[:LABEL_CHARACTERS])
