"""The statement that writes events, and for each one whom to tell what.

What webhooks add to the bodies is decided here as well: a retry must be the same
whatever the user's configuration has become. It is looked up by functions that the
statement calls. As part of it, plans that hardly ever run would cost each emission a
twentieth.
"""

from __future__ import annotations

from typing import Final

from apps.webhooks.engine.gates import LIVE, open_to
from apps.webhooks.engine.statements import Statement

# The names at the top of payloads, by their digests. The payloads have passed
# `parse_strict`; as `json`, unlike `jsonb`, their numbers may be of any size.
MEMBERS: Final = Statement(
    name="webhooks_members",
    parameters="digests bytea[], payloads text[]",
    columns="names jsonb",
    text="""
SELECT jsonb_object_agg(encode(e.digest, 'hex'),
    (SELECT jsonb_agg(name) FROM json_object_keys(e.payload::json) AS name))
FROM unnest(%(digests)s, %(payloads)s) AS e(digest, payload)
""",
)
# Null if the user has none of the keys. A name that the payload has stays its own.
EXTRA: Final = Statement(
    name="webhooks_extra",
    parameters="add_to_data jsonb, owner bigint, taken jsonb",
    columns="extra text",
    text="""
SELECT '{' || string_agg(
    to_json(member.key)::text || ':' || to_json(config.value)::text, ','
    ORDER BY member.key COLLATE "C") || '}'
FROM jsonb_each_text(%(add_to_data)s) AS member
JOIN event_log_userconfig config
  ON config.user_id = %(owner)s AND config.key = member.value
WHERE NOT %(taken)s ? member.key
""",
)
# A temporary user's row is locked against being made permanent at the same moment,
# or the data held here would miss its release. Permanent users are not locked:
# nobody waits for anybody there. With a user who is unknown, or erased, nothing is
# written at all.
# `OFFSET 0` has an event's webhooks looked up, whatever the plan was made for.
# MEMBERS is called once at most, and only if a webhook adds something.
EMIT: Final = Statement(
    name="webhooks_emit",
    parameters="""names text[], users bigint[], resources bigint[], payloads text[],
        statements text[], digests bytea[], keys text[], origin text, source text""",
    columns="id bigint, idempotency_key varchar, webhooks bigint",
    text=f"""
WITH held AS MATERIALIZED (
    SELECT id, deleted_at IS NOT NULL AS gone FROM event_log_enduser
    WHERE id = ANY(%(users)s) AND permanent_at IS NULL FOR SHARE
), emission AS MATERIALIZED (
    SELECT * FROM unnest(%(names)s, %(users)s, %(resources)s, %(payloads)s,
        %(statements)s, %(digests)s, %(keys)s)
    WITH ORDINALITY AS e(name, user_id, resource, payload, cfonb, digest, key, position)
), event AS (
    INSERT INTO event_log_event (name, user_id, resource, payload, cfonb,
        payload_sha256, payload_size, origin, source, idempotency_key)
    SELECT name, user_id, resource, payload, cfonb, digest,
        greatest(octet_length(payload), octet_length(cfonb)), %(origin)s, %(source)s,
        key
    FROM emission
    WHERE NOT EXISTS (
        SELECT 1 FROM unnest(%(users)s) AS u(id)
        WHERE u.id IS NOT NULL
          AND (SELECT e.erased_at IS NULL FROM event_log_enduser e
               WHERE e.id = u.id) IS NOT TRUE)
    ORDER BY position
    ON CONFLICT (source, idempotency_key) WHERE idempotency_key IS NOT NULL
    DO NOTHING
    RETURNING id, name, user_id, idempotency_key, payload_sha256 AS digest,
        user_id IS NOT NULL AND cfonb IS NULL AS extensible
), data AS (
    INSERT INTO webhooks_webhookdata (webhook_id, event_id, state, extra)
    SELECT w.id, event.id,
        coalesce((SELECT CASE WHEN gone THEN 3 ELSE 0 END FROM held
                  WHERE held.id = event.user_id), 1),
        CASE WHEN w.add_to_data <> '{{}}' AND event.extensible THEN (
            SELECT extra FROM {EXTRA.function}(w.add_to_data, event.user_id,
                (SELECT names FROM {MEMBERS.function}(%(digests)s, %(payloads)s))
                    -> encode(event.digest, 'hex'))) END
    FROM event CROSS JOIN LATERAL (
        SELECT w.id, w.add_to_data FROM webhooks_webhook w
        WHERE w.event = event.name AND {LIVE} AND {open_to("event")}
        OFFSET 0) w
    ORDER BY event.id, w.id
    RETURNING event_id
)
SELECT event.id, event.idempotency_key,
    (SELECT count(*) FROM data WHERE data.event_id = event.id)
FROM event ORDER BY event.id
""",
)
