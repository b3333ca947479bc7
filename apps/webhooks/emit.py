"""Emitting events: the way in.

`emit` writes the event and one webhook data per subscribed webhook in the caller's
transaction, and wakes a pump once that has committed. What is not committed was
never emitted; what is committed is delivered, whatever happens to the broker.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from apps.configuration.keys import CFONB
from apps.configuration.store import is_on
from apps.event_log.catalogue import CATALOGUE, event_name
from apps.event_log.models import Event
from apps.metrics.process import figures
from apps.tracing.kept import keep_trace
from apps.tracing.tracer import tracer
from apps.webhooks.fan_out import EMIT
from apps.webhooks.formats.cfonb import render
from apps.webhooks.formats.json_body import (
    CheckedPayload,
    checked_payload,
    dump,
    parse_strict,
)
from apps.webhooks.schema_check import check_payload
from apps.webhooks.tasks import wake

# The payload's bytes, its CFONB file, the id of what it is about.
_Stored = tuple[bytes, str | None, int | None]
_USERS: Final = """
SELECT u.id FROM unnest(%s::bigint[]) AS u(id)
WHERE NOT EXISTS (SELECT 1 FROM event_log_enduser e
                  WHERE e.id = u.id AND e.erased_at IS NULL)
ORDER BY u.id
"""
_EXISTING: Final = """
SELECT idempotency_key, id, name, user_id, payload_sha256,
    (SELECT count(*) FROM webhooks_webhookdata d WHERE d.event_id = e.id)
FROM event_log_event e WHERE source = %s AND idempotency_key = ANY(%s)
"""


class PayloadTooLarge(ValueError):
    """A payload exceeds `WEBHOOKS_MAX_PAYLOAD_BYTES`."""


class UnknownUser(ValueError):
    """The event's user does not exist."""


class IdempotencyConflict(ValueError):
    """The idempotency key was used for another event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event to emit. `payload`: a JSON object, as a mapping or as UTF-8 text.

    Text is stored and sent exactly as given; numbers keep their digits.
    """

    event: str
    payload: Mapping[str, Any] | bytes
    user: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The event's id and how many webhooks are told; `repeated` if it was there."""

    event: int
    webhooks: int
    repeated: bool = False


def emit(
    event: str,
    payload: Mapping[str, Any] | bytes,
    user: int | None = None,
    *,
    idempotency_key: str | None = None,
    origin: str = Event.Origin.PYTHON,
    source: str = "",
) -> Emitted:
    """Emit one event in the caller's transaction; see `emit_many` for the errors."""
    emission = Emission(
        event=event, payload=payload, user=user, idempotency_key=idempotency_key
    )
    return emit_many([emission], origin=origin, source=source)[0]


def emit_many(
    emissions: Sequence[Emission],
    *,
    origin: str = Event.Origin.PYTHON,
    source: str = "",
) -> list[Emitted]:
    """Emit events, in order, all or none, in the caller's transaction.

    The data of a temporary user is held until the user is permanent; where that one
    is gone already, it is dropped with what was held before. An emission
    whose idempotency key was used by the same `source` before returns what that one
    gave. Raises `UnknownEvent`, `InvalidJson`, `PayloadTooLarge`, `UnknownUser`,
    `IdempotencyConflict`, `PayloadInvalid` where schemas are enforced, or `CfonbError`
    where CFONB is configured and no faithful file can be made of a payload; and has
    then written nothing.
    """
    if not emissions:
        return []
    began = time.monotonic()
    names = [event_name(emission.event) for emission in emissions]
    stored = [
        _stored(name, emission.payload)
        for name, emission in zip(names, emissions, strict=True)
    ]
    bodies = [body for body, _, _ in stored]
    with _traced(names) as traceparent, _transaction(emissions, traceparent):
        new = _insert(emissions, names, stored, origin, source)
        if traceparent and new:
            keep_trace([event for event, _, _ in new], traceparent)
        unknown = [] if new else _unknown_users(emissions)
        if not unknown:
            emitted = _answers(emissions, names, bodies, new, source)
            transaction.on_commit(wake, robust=True)
    if unknown:
        raise UnknownUser(f"There is no user {unknown[0]}.")
    if kept := figures():
        kept.emit_duration.observe(time.monotonic() - began)
        kept.emitted_events.inc(sum(not each.repeated for each in emitted))
    return emitted


def _traced(names: list[str]) -> AbstractContextManager[str | None]:
    """A span around it, where traces are wished for; its traceparent."""
    spans = tracer()
    return spans.emission(names) if spans else nullcontext()


def _transaction(
    emissions: Sequence[Emission], traceparent: str | None
) -> AbstractContextManager[None]:
    """What makes it all or nothing.

    Outside of the caller's transaction one statement is that by itself, and two trips
    to the database are spared. Of several with keys one may be in conflict when others
    are written already: these need something to go back to; a trace is another row.
    """
    keyed = any(emission.idempotency_key is not None for emission in emissions)
    alone = not connection.in_atomic_block and connection.get_autocommit()
    if alone and traceparent is None and (len(emissions) == 1 or not keyed):
        return nullcontext()
    return transaction.atomic(savepoint=keyed)


def prepare(
    name: str, payload: Mapping[str, Any] | bytes
) -> tuple[CheckedPayload, str | None]:
    """What is stored of a payload: its bytes, and the CFONB file if it is to be one.

    Raises `InvalidJson`, `PayloadTooLarge`, `PayloadInvalid` or `CfonbError`.
    """
    if isinstance(payload, bytes):
        _check_size(payload)
    body = _checked(payload)
    _check_size(body)
    check_payload(name, body)
    return body, _cfonb(name, body)


def _stored(name: str, payload: Mapping[str, Any] | bytes) -> _Stored:
    body, statement = prepare(name, payload)
    resource = CATALOGUE[name].resource_of(body.members)
    # A copy that does not hold on to the members: parsed, a payload is ten times as
    # large, and there may be a thousand.
    return bytes(body), statement, resource


def _check_size(body: bytes) -> None:
    if len(body) > settings.WEBHOOKS_MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge(
            f"The payload has {len(body)} bytes; "
            f"{settings.WEBHOOKS_MAX_PAYLOAD_BYTES} are allowed."
        )


def _checked(payload: Mapping[str, Any] | bytes) -> CheckedPayload:
    if isinstance(payload, CheckedPayload):
        return payload
    if isinstance(payload, bytes):
        return checked_payload(payload, parse_strict(payload))
    members = dict(payload)
    return checked_payload(dump(members), members)


def _cfonb(name: str, body: bytes) -> str | None:
    """The CFONB file of an event that is to be told as one (contract, 6).

    Made once, here: what is sent again must be the same whatever is configured then.
    """
    if not CATALOGUE[name].cfonb or not is_on(CFONB):
        return None
    return render(name, body.decode()).decode("ascii")


def _unknown_users(emissions: Sequence[Emission]) -> list[int]:
    """Why nothing was written, perhaps: users that do not exist."""
    users = [emission.user for emission in emissions if emission.user is not None]
    if not users:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_USERS, [users])
        return [user for (user,) in cursor.fetchall()]


def _insert(
    emissions: Sequence[Emission],
    names: list[str],
    stored: Sequence[_Stored],
    origin: str,
    source: str,
) -> list[tuple[int, str | None, int]]:
    bodies, statements, resources = (list(part) for part in zip(*stored, strict=True))
    with connection.cursor() as cursor:
        EMIT.run(
            cursor,
            {
                "names": names,
                "users": [emission.user for emission in emissions],
                "resources": resources,
                "payloads": [body.decode() for body in bodies],
                "statements": statements,
                "digests": [_digest(body) for body in bodies],
                "keys": [emission.idempotency_key for emission in emissions],
                "origin": origin,
                "source": source,
            },
        )
        inserted: list[tuple[int, str | None, int]] = cursor.fetchall()
    return inserted


def _answers(
    emissions: Sequence[Emission],
    names: list[str],
    bodies: list[bytes],
    new: list[tuple[int, str | None, int]],
    source: str,
) -> list[Emitted]:
    """One answer per emission, in order."""
    unkeyed = iter([row for row in new if row[1] is None])
    keyed = {key: (event, count) for event, key, count in new if key is not None}
    before = _existing(emissions, keyed, source)
    answers = []
    for emission, name, body in zip(emissions, names, bodies, strict=True):
        key = emission.idempotency_key
        if key is None:
            event, _, count = next(unkeyed)
            answers.append(Emitted(event=event, webhooks=count))
        elif key in keyed:
            event, count = keyed.pop(key)
            before[key] = (event, name, emission.user, _digest(body), count)
            answers.append(Emitted(event=event, webhooks=count))
        else:
            event, *same, count = before[key]
            if same != [name, emission.user, _digest(body)]:
                raise IdempotencyConflict(
                    "The idempotency key was used for another event."
                )
            answers.append(Emitted(event=event, webhooks=count, repeated=True))
    return answers


def _existing(
    emissions: Sequence[Emission], keyed: dict[str, tuple[int, int]], source: str
) -> dict[str, tuple[int, str, int | None, bytes, int]]:
    """What earlier emissions with the same keys were."""
    keys = {emission.idempotency_key for emission in emissions} - {None}
    if not keys - keyed.keys():
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_EXISTING, [source, list(keys - keyed.keys())])
        return {
            key: (event, name, user, bytes(digest), count)
            for key, event, name, user, digest, count in cursor.fetchall()
        }


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
