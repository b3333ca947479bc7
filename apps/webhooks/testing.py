"""A test delivery: what a webhook would send now, sent at once and by the same door.

Nothing is recorded: no row, no counter, no health (see target.py).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.audit.actions import Action
from apps.audit.trail import record
from apps.webhooks.target import Target, next_id, send, token_of
from apps.webhooks.trial import Trial, Unsendable, of_nothing, of_outcome

logger = logging.getLogger(__name__)


def try_out(
    webhook_id: int,
    *,
    payload: Mapping[str, Any] | bytes | None = None,
    user_id: int | None = None,
) -> Trial:
    """Send the sample of a webhook's event, or `payload`, and say what came of it.

    With `user_id` the delivery is about this user, and carries the user's token where
    the webhook's authentication has it so. Raises `Refused`, and whatever emitting the
    payload would. Not to be called in a transaction: it waits for the receiver.
    """
    target = Target.of(webhook_id)
    if user_id is not None:
        target.check_user(user_id)
    content = target.content(payload, user_id)
    number = next_id()
    body = content.body(number)
    with transaction.atomic():
        new = {"id_webhook_data": number, "id_user": user_id}
        record(Action.WEBHOOK_TEST, webhook_id, new=new)
    try:
        scheme, token = target.scheme(), token_of(user_id)
    except Unsendable as why:
        return of_nothing(number, target.request(number, content), body, why)
    request = target.request(number, content, scheme=scheme, user_token=token)
    outcome = send(request)
    logger.info(
        "Test delivery %s of webhook %s: %s.",
        number,
        webhook_id,
        outcome.cause.value,
        extra={"id_webhook": webhook_id, "outcome": outcome.cause.value},
    )
    return of_outcome(number, request, body, outcome)
