"""The screens of the console, in the order of the navigation.

Yours comes in with one line here and a module beside this one: see README.md.
"""

from __future__ import annotations

from typing import Final

from apps.webhooks.console import dashboard, provider_actions, records, verification
from apps.webhooks.console.access import audit, config, tokens
from apps.webhooks.console.access import operators as accounts
from apps.webhooks.console.catalogue import event_types
from apps.webhooks.console.deliveries import screen as deliveries
from apps.webhooks.console.platform.screens import EVENTS, SANDBOX, USERS
from apps.webhooks.console.replays import screen as replays
from apps.webhooks.console.webhooks import screen as webhooks

SCREENS: Final = (
    dashboard.SCREEN,
    webhooks.SCREEN,
    deliveries.SCREEN,
    replays.SCREEN,
    provider_actions.SCREEN,
    EVENTS,
    USERS,
    SANDBOX,
    event_types.SCREEN,
    verification.SCREEN,
    config.SCREEN,
    tokens.SCREEN,
    accounts.SCREEN,
    audit.SCREEN,
    records.SCREEN,
)
