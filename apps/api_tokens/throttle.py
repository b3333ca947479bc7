"""Who has failed, or asked, too often lately.

What is right is never refused: secrets of 256 random bits are not found by guessing,
however fast, and a lock would let anybody shut out a client whose id they know, or
everybody behind the same proxy. What is bounded is the work that failures cause.

Counted in the database, which all processes share, in windows of a fixed length.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from rest_framework.exceptions import Throttled

from apps.api_tokens.clients import is_id

# Nobody holds a single IPv6 address: a network of this length is what one is given.
_IPV6_NETWORK: Final = 64
_WAIT: Final = """
SELECT max(%(window)s - extract(epoch FROM clock_timestamp() - began_at))
FROM api_tokens_attemptcount c
JOIN unnest(%(keys)s::text[], %(limits)s::int[]) AS l(key, most) ON l.key = c.key
WHERE c.count >= l.most
  AND c.began_at > clock_timestamp() - %(window)s * interval '1 second'
"""
_COUNT: Final = """
INSERT INTO api_tokens_attemptcount AS c (key, began_at, count)
SELECT key, clock_timestamp(), 1 FROM unnest(%(keys)s::text[]) AS key
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN c.began_at > excluded.began_at - %(window)s * interval '1 second'
        THEN c.count + 1 ELSE 1 END,
    began_at = CASE
        WHEN c.began_at > excluded.began_at - %(window)s * interval '1 second'
        THEN c.began_at ELSE excluded.began_at END
"""


class Limit(NamedTuple):
    """How often `key` may do something within `WEBHOOKS_THROTTLE_SECONDS`."""

    key: str
    most: int


def count_failure(request: HttpRequest, client_id: str | None = None) -> None:
    """Count a wrong token, or a client's wrong credentials; see `count`."""
    limits = [
        Limit(f"address {address_of(request)}", settings.WEBHOOKS_FAILURES_PER_ADDRESS)
    ]
    if client_id is not None and is_id(client_id):
        limits.append(
            Limit(f"client {client_id}", settings.WEBHOOKS_FAILURES_PER_CLIENT)
        )
    count(*limits)


def count_temporary_user(request: HttpRequest) -> None:
    """Count a user that somebody without credentials creates; see `count`."""
    count(Limit(f"users {address_of(request)}", settings.WEBHOOKS_INITS_PER_ADDRESS))


def count(*limits: Limit) -> None:
    """Count one more for each; raise `Throttled`, and count nothing, where it is one
    too many. A limit of 0 is none.
    """
    # In one order everywhere, or two requests could wait for each other.
    limited = sorted(limit for limit in limits if limit.most)
    if not limited:
        return
    values: dict[str, Any] = {
        "keys": [limit.key for limit in limited],
        "limits": [limit.most for limit in limited],
        "window": settings.WEBHOOKS_THROTTLE_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WAIT, values)
        (wait,) = cursor.fetchone()
        if wait is not None:
            raise Throttled(wait=float(wait))
        cursor.execute(_COUNT, values)


def address_of(request: HttpRequest) -> str:
    """Where a request came from: an IPv4 address, or an IPv6 network.

    `X-Forwarded-For` is believed only as far as the proxies of
    `WEBHOOKS_TRUSTED_PROXIES` wrote it: what stands before is the caller's own.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if proxies := settings.WEBHOOKS_TRUSTED_PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        hops = forwarded.split(",") if forwarded else []
        text = hops[-proxies].strip() if len(hops) >= proxies else text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = ipaddress.IPv6Network((int(address), _IPV6_NETWORK), strict=False)
    return str(network)
