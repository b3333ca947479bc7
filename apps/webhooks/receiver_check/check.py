"""A receiver tried out, one check after another.

Everything is sent by the one door out, marked `X-Webhook-Test: 1`, and recorded
in no delivery. The same for `manage.py check_receiver` and the console.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.receiver_check.bench import Bench
from apps.webhooks.receiver_check.checks import (
    cannot_send,
    look_at_duplicates,
    look_at_duration,
    look_at_forgeries,
    look_at_genuine,
    look_at_gzip,
    look_at_ipv6,
    look_at_large_bodies,
    look_at_redirects,
    look_at_slow_bodies,
    look_at_stale_dates,
    look_at_tls,
    no_time_for,
)
from apps.webhooks.receiver_check.report import Check, Finding, Report
from apps.webhooks.target import Target, next_id, token_of
from apps.webhooks.trial import Unsendable

# All of it, whatever the receiver does. It must end before a web server that is told to
# stop does (graceful_timeout in webhooks_project/gunicorn_config.py).
PATIENCE_SECONDS: Final = 35.0
_LATER: Final[dict[Check, Callable[[Bench], Finding]]] = {
    Check.FORGED: look_at_forgeries,
    Check.STALE: look_at_stale_dates,
    Check.DUPLICATE: look_at_duplicates,
    Check.GZIP: look_at_gzip,
    Check.LARGE: look_at_large_bodies,
    Check.SLOW: look_at_slow_bodies,
    Check.IPV6: look_at_ipv6,
}


def check_receiver(
    webhook_id: int, user_id: int | None = None, *, patience: float = PATIENCE_SECONDS
) -> Report:
    """Send a handful of test deliveries and judge the answers; takes some seconds.

    `user_id`: whom they are about, for webhooks that carry the user's token. After the
    genuine one nothing is sent that might not be answered within `patience`, in
    seconds; what is left is skipped. Raises `Refused` where nothing can be sent to the
    webhook. Not to be called in a transaction.
    """
    ends = time.monotonic() + patience
    target = Target.of(webhook_id)
    if user_id is not None:
        target.check_user(user_id)
    content = target.content(None, user_id)
    with transaction.atomic():
        record(Action.WEBHOOK_CHECK, webhook_id, new={"id_user": user_id})
    try:
        bench = Bench(
            target=target,
            content=content,
            scheme=target.scheme(),
            user_token=token_of(user_id),
            number=next_id(),
        )
        found = list(_findings(bench, ends))
    except Unsendable as why:
        found = [cannot_send(why.outcome)]
    order = list(Check)
    return Report(
        id_webhook=webhook_id,
        url=target.registration.url,
        findings=sorted(found, key=lambda finding: order.index(finding.check)),
    )


def _findings(bench: Bench, ends: float) -> Iterator[Finding]:
    genuine = bench.deliver()
    yield look_at_genuine(genuine)
    yield look_at_redirects(genuine)
    yield look_at_tls(bench, genuine)
    if not genuine.accepted:
        return
    yield look_at_duration(genuine)
    for check, look in _LATER.items():
        enough = time.monotonic() + bench.deadline <= ends
        yield look(bench) if enough else no_time_for(check)
