"""Celery's side of the background synchronisation: a shell without logic.

Apart from `tasks`, which is below what emits.
"""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from apps.webhooks.autosync import run_autosync

logger = logging.getLogger(__name__)


@shared_task(name="webhooks.autosync")
def autosync() -> None:
    """One turn; posts the next if there may be more, behind what waits."""
    count, is_more = run_autosync()
    if count:
        logger.info("%s connections were synchronised.", count)
    if is_more:
        try:
            autosync.apply_async()
        except OperationalError:
            logger.warning("The broker does not take messages; beat will.")
