"""The SQL of taking work: leases on webhooks.

A lease is on the webhook, not on the row (docs/adr/0002). Every instant is the
database's `clock_timestamp()`, so that skewed clocks of workers do not matter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from apps.webhooks.engine.gates import (
    EXECUTION,
    HAS_RESTED,
    HAS_TOKEN,
    IS_FREE,
    IS_OPEN,
    IS_UNPAUSED,
    LIVE,
    NOW,
)
from apps.webhooks.engine.statements import Statement

logger = logging.getLogger(__name__)

# After its holder died a webhook is sent one row at a time for so many rows: more
# than can have been in flight, so that a row that kills pumps is found.
CAREFUL_ROWS: Final = 64
# A row that was being sent at so many deaths in a row is put aside.
DEATHS_TO_QUARANTINE: Final = 3

# In which execution the least tried of a webhook's unsent rows was tried.
_OLDEST: Final = """(SELECT d.last_execution FROM webhooks_webhookdata d
           WHERE d.state = 1 AND d.webhook_id = {}.webhook_id
           ORDER BY d.last_execution, d.id LIMIT 1)"""
# Visits each webhook with unsent rows once, whatever the number of its rows. Without a
# token that could be used it is left alone (see tokens.py).
# The plan is kept and nothing left to choose: ordered by all of `webhookdata_pending`
# it cannot read an index of sent rows, and webhooks are looked up by key, not joined.
_BACKLOG: Final = f"""
WITH RECURSIVE backlog AS (
    (SELECT webhook_id FROM webhooks_webhookdata WHERE state = 1
     ORDER BY webhook_id, last_execution, id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.webhook_id FROM webhooks_webhookdata d
            WHERE d.state = 1 AND d.webhook_id > backlog.webhook_id
            ORDER BY d.webhook_id, d.last_execution, d.id LIMIT 1)
    FROM backlog WHERE backlog.webhook_id IS NOT NULL
), {NOW}, free AS (
    SELECT l.webhook_id, l.leased_until IS NOT NULL AS died, l.execution AS last,
           l.consecutive_failures > 0 AS failing, l.cut_off_at IS NOT NULL AS cut_off,
           l.suspect, {EXECUTION} AS execution
    FROM webhooks_lease l CROSS JOIN now
    WHERE l.webhook_id = ANY (ARRAY(SELECT webhook_id FROM backlog))
      AND {IS_FREE}
      AND {HAS_RESTED}
      AND {IS_OPEN}
      AND (SELECT {LIVE} AND {IS_UNPAUSED} AND {HAS_TOKEN}
           FROM webhooks_webhook w WHERE w.id = l.webhook_id)
      AND {_OLDEST.format("l")} < {EXECUTION}
"""
# What wrote the rows of a webhook and its provider: no change goes by unseen, whoever
# made it, and no clock is asked.
_VERSION: Final = "concat_ws(' ', w.xmin, w.ctid, p.xmin, p.ctid)"
ACQUIRE: Final = Statement(
    name="webhooks_acquire",
    parameters="""holder text, lease float8, deadline float8, settle float8,
        careful int, most int""",
    columns="""webhook_id bigint, token bigint, execution bigint, failures smallint,
        timeouts smallint, careful_left smallint, suspect bigint,
        suspect_expiries smallint, event varchar, url text, deadline smallint,
        max_in_flight smallint, compression bool, provider_type varchar,
        provider_config text, version text, doubtful bool, oauth_provider bigint,
        token_serial bigint, access_token text, token_seconds float8""",
    text=_BACKLOG
    + f"""
    ORDER BY l.served_at NULLS FIRST, l.webhook_id
    LIMIT %(most)s
    FOR UPDATE OF l SKIP LOCKED
), taken AS (
    SELECT free.*, failing OR cut_off AS doubtful,
        failing AND NOT cut_off
        AND coalesce({_OLDEST.format("free")} < last, FALSE) AS unfinished,
        coalesce((SELECT d.state = 1 FROM webhooks_webhookdata d
                  WHERE d.id = free.suspect), FALSE) AS suspected
    FROM free
)
UPDATE webhooks_lease l SET
    token = l.token + 1,
    holder = %(holder)s,
    served_at = clock_timestamp(),
    leased_until = clock_timestamp() + make_interval(secs => greatest(
        %(lease)s, coalesce(w.deadline, %(deadline)s) + %(settle)s)),
    execution = CASE WHEN unfinished THEN l.execution ELSE taken.execution END,
    consecutive_failures = CASE WHEN unfinished OR l.execution = taken.execution
        THEN l.consecutive_failures ELSE 0 END,
    timeouts = CASE WHEN unfinished OR l.execution = taken.execution
        THEN l.timeouts ELSE 0 END,
    cut_off_at = NULL,
    rest_until = NULL,
    careful_left = CASE WHEN died THEN %(careful)s ELSE l.careful_left END,
    suspect_expiries = CASE WHEN NOT died THEN l.suspect_expiries
        WHEN suspected THEN l.suspect_expiries + 1
        ELSE greatest(l.suspect_expiries, 1) END
FROM taken CROSS JOIN LATERAL (
    SELECT w.event, w.url, w.deadline, w.max_in_flight, w.compression, p.type, p.config,
        {_VERSION} AS version, t.provider_id, t.serial, t.access_token, t.expires_at
    FROM webhooks_webhook w
    LEFT JOIN auth_providers_authprovider p ON p.id = w.auth_provider_id
    LEFT JOIN auth_providers_oauthtoken t ON t.provider_id = p.id
    WHERE w.id = taken.webhook_id OFFSET 0) w
WHERE l.webhook_id = taken.webhook_id
RETURNING l.webhook_id, l.token, l.execution, l.consecutive_failures, l.timeouts,
    l.careful_left, l.suspect, l.suspect_expiries, w.event, w.url, w.deadline,
    w.max_in_flight, w.compression, w.type, w.config, w.version, doubtful,
    w.provider_id, w.serial, w.access_token,
    extract(epoch FROM w.expires_at - clock_timestamp())::float8
""",
)
_WAITING: Final = _BACKLOG + "LIMIT 1) SELECT EXISTS (SELECT 1 FROM free)"
_VERSIONS: Final = f"""
SELECT w.id, {_VERSION} FROM webhooks_webhook w
LEFT JOIN auth_providers_authprovider p ON p.id = w.auth_provider_id
WHERE w.id = ANY(%s)
"""
RENEW: Final = Statement(
    name="webhooks_renew",
    parameters="""webhooks bigint[], tokens bigint[], lease float8, deadline float8,
        settle float8""",
    columns="webhook_id bigint",
    text=f"""
UPDATE webhooks_lease l SET leased_until = clock_timestamp() + make_interval(
    secs => greatest(%(lease)s, coalesce(w.deadline, %(deadline)s) + %(settle)s))
FROM unnest(%(webhooks)s, %(tokens)s) AS mine(webhook_id, token)
JOIN webhooks_webhook w ON w.id = mine.webhook_id
WHERE l.webhook_id = mine.webhook_id AND l.token = mine.token
  AND l.leased_until > clock_timestamp() AND w.deleted_at IS NULL
  AND {IS_UNPAUSED}
RETURNING l.webhook_id
""",
)
RELEASE: Final = Statement(
    name="webhooks_release",
    parameters="webhooks bigint[], tokens bigint[]",
    text="""
UPDATE webhooks_lease l SET leased_until = NULL, holder = '', suspect = NULL
FROM unnest(%(webhooks)s, %(tokens)s) AS mine(webhook_id, token)
WHERE l.webhook_id = mine.webhook_id AND l.token = mine.token
""",
)
_SUSPECT: Final = """
UPDATE webhooks_lease SET suspect = %(row)s,
    suspect_expiries = CASE WHEN suspect = %(row)s THEN suspect_expiries
        WHEN careful_left > 1 THEN least(suspect_expiries, 1) ELSE 0 END,
    careful_left = greatest(careful_left - 1, 0)
WHERE webhook_id = %(webhook)s AND token = %(token)s
"""
_QUARANTINE: Final = """
WITH aside AS (UPDATE webhooks_webhookdata SET state = 4
               WHERE id = %(row)s AND state = 1)
UPDATE webhooks_lease SET suspect = NULL, suspect_expiries = 0
WHERE webhook_id = %(webhook)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease just taken, with what is needed to send for its webhook.

    `version` is another one as soon as the webhook or its provider has been changed.
    The last four are of an `oauth` provider: its token, sealed, and for how many
    seconds more it may be used; None without an end.
    """

    webhook: int
    token: int
    execution: int
    failures: int
    timeouts: int
    careful_left: int
    suspect: int | None
    suspect_expiries: int
    event: str
    url: str
    deadline: int | None
    max_in_flight: int | None
    compression: bool | None
    provider_type: str | None
    provider_config: str | None
    version: str
    doubtful: bool
    oauth_provider: int | None
    token_serial: int | None
    access_token: str | None
    token_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """Who leases, and for how long, in seconds.

    A lease lasts `lease`, but never less than one request (`deadline`, or the
    webhook's own) and the recording of its outcome (`settle`).
    """

    holder: str
    lease: float
    deadline: float
    settle: float

    def parameters(self) -> dict[str, Any]:
        """For the statements."""
        return {
            "holder": self.holder,
            "lease": self.lease,
            "deadline": self.deadline,
            "settle": self.settle,
        }


def acquire(terms: LeaseTerms, limit: int) -> list[Lease]:
    """Take the leases of up to `limit` webhooks that have rows to be sent now."""
    with connection.cursor() as cursor:
        ACQUIRE.run(
            cursor, {**terms.parameters(), "most": limit, "careful": CAREFUL_ROWS}
        )
        taken = [
            Lease(**dict(zip(Lease.__slots__, row, strict=True)))
            for row in cursor.fetchall()
        ]
    for lease in taken:
        if lease.suspect and lease.suspect_expiries >= DEATHS_TO_QUARANTINE:
            _quarantine(lease)
    return taken


def is_waiting() -> bool:
    """Is there a webhook with rows to be sent now that nobody holds?"""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def renew(terms: LeaseTerms, held: Iterable[tuple[int, int]]) -> set[int]:
    """Extend leases given as (webhook, token); the webhooks still held."""
    webhooks, tokens = zip(*held, strict=True)
    with connection.cursor() as cursor:
        RENEW.run(
            cursor,
            {**terms.parameters(), "webhooks": list(webhooks), "tokens": list(tokens)},
        )
        return {webhook for (webhook,) in cursor.fetchall()}


def versions(webhooks: Iterable[int]) -> dict[int, str]:
    """The versions of webhooks, as `Lease.version` is."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, [list(webhooks)])
        return dict(cursor.fetchall())


def release(held: Iterable[tuple[int, int]]) -> None:
    """Give leases back, given as (webhook, token)."""
    webhooks, tokens = zip(*held, strict=True)
    with connection.cursor() as cursor:
        RELEASE.run(cursor, {"webhooks": list(webhooks), "tokens": list(tokens)})


def note_suspect(webhook: int, token: int, row: int) -> None:
    """Write down, before sending it, the one row a careful lane is about to send."""
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECT, {"webhook": webhook, "token": token, "row": row})


def _quarantine(lease: Lease) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_QUARANTINE, {"row": lease.suspect, "webhook": lease.webhook})
    logger.error(
        "Webhook data %s put aside: %s pumps died while sending it.",
        lease.suspect,
        lease.suspect_expiries,
        extra={"id_webhook": lease.webhook, "id_webhook_data": lease.suspect},
    )
