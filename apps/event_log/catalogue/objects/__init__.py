"""The objects that payloads share, each described once (contract, section 1.4)."""

from __future__ import annotations

from typing import Final

from apps.event_log.catalogue.objects.accounts import ACCOUNTS
from apps.event_log.catalogue.objects.connections import CONNECTIONS
from apps.event_log.catalogue.objects.others import OTHERS
from apps.event_log.catalogue.values import VALUES, Schema

# With the values that they have in common.
DEFINITIONS: Final[dict[str, Schema]] = VALUES | CONNECTIONS | ACCOUNTS | OTHERS
