"""What is removed when, as SQL: what of a batch is old and ended, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Held, pending, quarantined, planned: what may still be sent.
_UNSENT: Final = "(0, 1, 4, 5)"
# What waits in a replay that goes on, or that is paused. OFFSET 0: each row is looked
# up, whatever the statistics say; they may be older than a replay of a million.
_IN_REPLAY: Final = """
EXISTS (SELECT FROM webhooks_replayitem i JOIN webhooks_replay r ON r.id = i.replay_id
        WHERE i.webhook_data_id = d.id AND i.state = 0
          AND r.state IN ('running', 'paused') OFFSET 0)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of rows. `name` is also the plural that people read.

    `part` are the next rows by id, with `at`, the date that makes them old; `chosen`
    those of them that are old and may go; `removal` is done to these. All are for
    the parameters `after`, `horizon` and `most`.
    """

    name: str
    setting: str
    most: int
    part: str
    chosen: str
    removal: str

    @property
    def removing(self) -> str:
        """A batch: the last id, rows looked at, rows chosen, whether some are old."""
        return self._batch(f", {self.removal}")

    @property
    def counting(self) -> str:
        """The same without doing anything to them."""
        return self._batch("")

    def _batch(self, removal: str) -> str:
        return f"""
WITH part AS MATERIALIZED ({self.part} ORDER BY id LIMIT %(most)s),
chosen AS MATERIALIZED ({self.chosen}) {removal}
SELECT (SELECT max(id) FROM part), (SELECT count(*) FROM part),
    (SELECT count(*) FROM chosen), (SELECT bool_or(at < %(horizon)s) FROM part)
"""


# An event's body goes when the last that was told of it has had it for so long. Rows
# that are locked are another's matter: they are met in the next pass.
BODIES: Final = Kind(
    name="bodies",
    setting="WEBHOOKS_KEEP_BODIES_DAYS",
    # One may have megabytes beside the table, each of whose parts is a row.
    most=200,
    part="""
SELECT id, created_at AS at FROM event_log_event
WHERE id > %(after)s AND body_removed_at IS NULL
""",
    chosen=f"""
SELECT e.id FROM part JOIN event_log_event e ON e.id = part.id
WHERE part.at < %(horizon)s AND NOT EXISTS (
    SELECT FROM webhooks_webhookdata d WHERE d.event_id = part.id
    AND (d.state IN {_UNSENT} OR d.delivered_at >= %(horizon)s OR {_IN_REPLAY})
    OFFSET 0)
FOR NO KEY UPDATE OF e SKIP LOCKED
""",
    removal="""
added AS (UPDATE webhooks_webhookdata SET extra = NULL FROM chosen
          WHERE event_id = chosen.id AND extra IS NOT NULL),
removed AS (UPDATE event_log_event SET payload = NULL, cfonb = NULL,
                body_removed_at = clock_timestamp()
            FROM chosen WHERE event_log_event.id = chosen.id)
""",
)
# The last attempt of what is unsent says why it is.
ATTEMPTS: Final = Kind(
    name="attempts",
    setting="WEBHOOKS_KEEP_ATTEMPTS_DAYS",
    most=500,
    part="""
SELECT id, started_at AS at, webhook_data_id, number FROM webhooks_deliveryattempt
WHERE id > %(after)s
""",
    chosen=f"""
SELECT part.id FROM part LEFT JOIN webhooks_webhookdata d ON d.id = part.webhook_data_id
WHERE part.at < %(horizon)s
  AND (d.id IS NULL OR d.state NOT IN {_UNSENT} OR part.number < d.attempts)
""",
    removal="""
removed AS (DELETE FROM webhooks_deliveryattempt a USING chosen WHERE a.id = chosen.id)
""",
)
DELIVERIES: Final = Kind(
    name="deliveries",
    setting="WEBHOOKS_KEEP_DELIVERIES_DAYS",
    most=500,
    part="""
SELECT id, created_at AS at FROM webhooks_webhookdata WHERE id > %(after)s
""",
    chosen=f"""
SELECT d.id FROM part JOIN webhooks_webhookdata d ON d.id = part.id
WHERE part.at < %(horizon)s AND d.state NOT IN {_UNSENT}
  AND (d.delivered_at IS NULL OR d.delivered_at < %(horizon)s)
  AND NOT EXISTS (SELECT FROM webhooks_deliveryattempt a
                  WHERE a.webhook_data_id = d.id OFFSET 0)
  AND NOT {_IN_REPLAY}
FOR UPDATE OF d SKIP LOCKED
""",
    removal="""
items AS (DELETE FROM webhooks_replayitem i USING chosen
          WHERE i.webhook_data_id = chosen.id),
removed AS (DELETE FROM webhooks_webhookdata d USING chosen WHERE d.id = chosen.id)
""",
)
# With the last delivery that told of them.
EVENTS: Final = Kind(
    name="events",
    setting="WEBHOOKS_KEEP_DELIVERIES_DAYS",
    most=500,
    part="""
SELECT id, created_at AS at FROM event_log_event WHERE id > %(after)s
""",
    chosen="""
SELECT e.id FROM part JOIN event_log_event e ON e.id = part.id
WHERE part.at < %(horizon)s AND e.body_removed_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM webhooks_webhookdata d
                  WHERE d.event_id = part.id OFFSET 0)
FOR UPDATE OF e SKIP LOCKED
""",
    removal="""
removed AS (DELETE FROM event_log_event e USING chosen WHERE e.id = chosen.id)
""",
)
# The last one tells which is next.
EXECUTIONS: Final = Kind(
    name="executions",
    setting="WEBHOOKS_KEEP_ATTEMPTS_DAYS",
    most=500,
    part="""
SELECT id, started_at AS at FROM webhooks_flusherexecution WHERE id > %(after)s
""",
    chosen="""
SELECT id FROM part WHERE at < %(horizon)s
  AND id < (SELECT max(id) FROM webhooks_flusherexecution WHERE webhook_id IS NULL)
""",
    removal="""
removed AS (DELETE FROM webhooks_flusherexecution f USING chosen
            WHERE f.id = chosen.id)
""",
)
# In the order in which one lets the next go.
KINDS: Final = (BODIES, ATTEMPTS, DELIVERIES, EVENTS, EXECUTIONS)
