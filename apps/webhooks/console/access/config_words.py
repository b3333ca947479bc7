"""What configuration keys and settings are called for people."""

from __future__ import annotations

from typing import Final

from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.configuration.keys import Key

# The sentences of the API, which has one language.
_KEYS: Final = (
    _("gzip the bodies of webhooks that do not say"),
    _("days between two failure mails of a webhook"),
    _("days after which what is unsent is given up; 0: never"),
    _("further authorities to trust for webhook URLs"),
    _("who is told of failing webhooks"),
    _("CFONB bodies for the events that have them"),
    _("synchronise connections in the background"),
    _("days between two synchronisations"),
    _("retry after a wrong password"),
    _("emit after a background synchronisation"),
    _("tell of every change of a payment's state"),
    _("a number of days above 0, 365 at most"),
    _("a number of days, 365 at most, or '0'"),
    _("certificates in PEM, or empty"),
    _("one e-mail address, or empty"),
)
_REFUSAL: Final = _("It must be: %(rule)s.")
# None of them secret; what is, is not here.
SETTINGS: Final = (
    ("WEBHOOKS_FLUSHER_PERIOD", _("seconds between two executions of the flusher")),
    ("WEBHOOKS_CUTOFF_FAILURES", _("failures in a row that cut a webhook off")),
    ("WEBHOOKS_CUTOFF_TIMEOUTS", _("timeouts that cut a webhook off")),
    ("WEBHOOKS_CONNECT_TIMEOUT", _("seconds for connecting")),
    ("WEBHOOKS_DEADLINE", _("seconds for a request; a webhook may have its own")),
    ("WEBHOOKS_MAX_IN_FLIGHT", _("requests at a time to one webhook")),
    ("WEBHOOKS_WARNING_SUCCESS_RATE", _("success rate below which there is a warning")),
    ("WEBHOOKS_WARNING_SECONDS", _("average seconds above which there is a warning")),
    ("WEBHOOKS_MAX_PAYLOAD_BYTES", _("bytes of the largest payload")),
    ("WEBHOOKS_SCHEMA_CHECK", _("payloads that break their event's schema")),
    ("WEBHOOKS_ALLOW_HTTP", _("http:// URLs are allowed")),
    ("WEBHOOKS_ALLOWED_NETWORKS", _("networks that may be called besides public ones")),
    ("WEBHOOKS_TEMPORARY_USER_MINUTES", _("minutes of a temporary user")),
    ("WEBHOOKS_KEEP_BODIES_DAYS", _("days for which bodies are kept")),
    ("WEBHOOKS_KEEP_ATTEMPTS_DAYS", _("days for which attempts are kept")),
    ("WEBHOOKS_KEEP_DELIVERIES_DAYS", _("days for which deliveries are kept")),
    ("CONSOLE_REQUIRE_TWO_FACTOR", _("two-factor login is required")),
)


def meaning(key: Key) -> str:
    """What a key is for, in the active language."""
    return capfirst(translation.gettext(key.meaning))


def rule(key: Key) -> str:
    """What it may be, in the active language."""
    return capfirst(translation.gettext(key.rule))


def refusal(key: Key) -> str:
    """Why a value is not taken, in a sentence."""
    return str(_REFUSAL) % {"rule": translation.gettext(key.rule)}
