"""A webhook as the holder of its lease would see it, without taking the lease."""

from __future__ import annotations

from typing import Final

from django.db import connection

from apps.auth_providers.tokens import USABLE
from apps.webhooks.engine.gates import LIVE
from apps.webhooks.engine.leases import Lease

_GLANCE: Final = f"""
SELECT w.id AS webhook, 0 AS token, 0 AS execution, 0 AS failures, 0 AS timeouts,
    0 AS careful_left, NULL AS suspect, 0 AS suspect_expiries, w.event, w.url,
    w.deadline, w.max_in_flight, w.compression, p.type AS provider_type,
    p.config AS provider_config, '' AS version, false AS doubtful,
    t.provider_id AS oauth_provider, t.serial AS token_serial,
    CASE WHEN {USABLE} THEN t.access_token END AS access_token,
    extract(epoch FROM t.expires_at - clock_timestamp())::float8 AS token_seconds
FROM webhooks_webhook w
LEFT JOIN auth_providers_authprovider p ON p.id = w.auth_provider_id
LEFT JOIN auth_providers_oauthtoken t ON t.provider_id = p.id
WHERE w.id = %s AND {LIVE}
"""


def glance(webhook: int) -> Lease | None:
    """What a lease would say now; None if nothing is sent to the webhook.

    Without a token that could be used `access_token` is None.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GLANCE, [webhook])
        row = cursor.fetchone()
        if row is None:
            return None
        names = [column.name for column in cursor.description]
    return Lease(**dict(zip(names, row, strict=True)))
