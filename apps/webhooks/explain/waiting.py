"""Why a pending delivery is not there yet: the first of the gates that is closed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from apps.webhooks.causes import explain
from apps.webhooks.engine.gates import Gates
from apps.webhooks.engine.tokens import TokenWait
from apps.webhooks.explain.answer import Detail, moment
from apps.webhooks.explain.facts import COUNTED, Facts
from apps.webhooks.explain.fates import Fate
from apps.webhooks.models import WebhookData
from apps.webhooks.token_errors import explain_token_error

_MISSING: Final = {
    "missing": _lazy("There has never been a token since the provider was set up."),
    "expired": _lazy("The last token has expired."),
    "refused": _lazy("A receiver has refused the last token."),
}


def pending(row: WebhookData, facts: Facts) -> Fate:
    """In the order in which they would be looked at, the gravest first."""
    gates = facts.gates[row.webhook_id]
    if row.webhook.deleted_at is not None:
        return Fate(
            "disabled",
            _("Its webhook is disabled: nothing is sent to it."),
            advice=(_("Enable the webhook, then send it again."),),
        )
    if row.webhook.url is None:
        return Fate(
            "no_url",
            _("Its webhook has no URL: there is nowhere to send it."),
            advice=(_("Give the webhook a URL."),),
        )
    if not gates.is_unpaused:
        return _paused(row, facts, gates)
    if not gates.has_token:
        return _no_token(row, facts.tokens.get(row.webhook_id))
    if not gates.is_open:
        return _cut_off(row, facts, gates)
    if not gates.has_rested and gates.rest_until is not None:
        return _resting(row, facts, gates, gates.rest_until)
    if not gates.is_due(row.last_execution):
        return _tried(row, facts, gates)
    return _under_way(row, facts, gates)


def _paused(row: WebhookData, facts: Facts, gates: Gates) -> Fate:
    webhook = row.webhook
    details = []
    if webhook.pause_note:
        note = {"note": webhook.pause_note}
        details.append(Detail("note", _("The note says: %(note)s") % note))
    until = webhook.paused_until
    if until is None:
        details.append(Detail("no_end", _("The pause has no end of its own.")))
    elif not gates.is_due(row.last_execution):
        until = max(until, _next_execution(facts, gates))
    return Fate(
        "paused",
        _("Its webhook was paused on %(at)s by %(actor)s: its data is kept.")
        % {
            "at": "" if webhook.paused_at is None else moment(webhook.paused_at),
            "actor": webhook.paused_by,
        },
        details=tuple(details),
        next_try_at=until,
        advice=(_("Resume the webhook to send what has gathered."),),
    )


def _no_token(row: WebhookData, wait: TokenWait | None) -> Fate:
    provider = row.webhook.auth_provider
    summary = _("It waits for an access token of the provider %(name)s.") % {
        "name": provider
    }
    steps = explain("no_token").next_step
    if wait is None:
        return Fate("no_token", summary, advice=(steps,))
    details = [Detail("token", str(_MISSING[wait.reason]))]
    if wait.error:
        plain = explain_token_error(wait.error)
        details.append(Detail("token_server", plain.sentence))
        steps = plain.next_step
    if wait.next_try_at is not None:
        sentence = _("The token server is asked again on %(at)s.")
        told = {"at": moment(wait.next_try_at)}
        details.append(Detail("token_next", sentence % told))
    return Fate("no_token", summary, details=tuple(details), advice=(steps,))


def _cut_off(row: WebhookData, facts: Facts, gates: Gates) -> Fate:
    since = "" if gates.cut_off_at is None else moment(gates.cut_off_at)
    return Fate(
        "cut_off",
        _(
            "Its webhook is cut off since %(at)s: nothing is sent to it before the "
            "flusher's next execution."
        )
        % {"at": since},
        details=(Detail("limit", _cutoff_limit(gates)),),
        next_try_at=_next_execution(facts, gates),
        advice=(_last_advice(row, facts), _flush()),
    )


def _cutoff_limit(gates: Gates) -> str:
    if gates.timeouts >= settings.WEBHOOKS_CUTOFF_TIMEOUTS:
        return _("The limit is %(most)d timeouts without a success between them.") % {
            "most": settings.WEBHOOKS_CUTOFF_TIMEOUTS
        }
    return _("The limit is %(most)d failures in a row.") % {
        "most": settings.WEBHOOKS_CUTOFF_FAILURES
    }


def _resting(row: WebhookData, facts: Facts, gates: Gates, until: datetime) -> Fate:
    is_due = gates.is_due(row.last_execution)
    return Fate(
        "resting",
        _("The receiver has asked to be left alone until %(at)s (Retry-After).")
        % {"at": moment(until)},
        next_try_at=until if is_due else _next_execution(facts, gates),
        advice=(_last_advice(row, facts),),
    )


def _tried(row: WebhookData, facts: Facts, gates: Gates) -> Fate:
    return Fate(
        "waits_for_flusher",
        _(
            "It was not accepted, and is tried once in each execution of the flusher: "
            "it waits for the next one."
        ),
        next_try_at=_next_execution(facts, gates),
        advice=(_last_advice(row, facts), _flush()),
    )


def _under_way(row: WebhookData, facts: Facts, gates: Gates) -> Fate:
    """Nothing keeps it back but its turn."""
    window, limit = _window(row, gates)
    ahead = facts.ahead.get(row.pk, 0)
    if not gates.is_free:
        if ahead < window:
            return Fate(
                "in_flight",
                _("A pump is sending to its webhook: it is in flight, or goes next."),
                details=(limit,),
            )
        return Fate("queued", _before(ahead), details=(limit,))
    if facts.workers == 0:
        return _no_worker(facts)
    if gates.leased_until is not None:
        return Fate(
            "pump_died",
            _("The pump that was sending to its webhook has died; another goes on."),
        )
    return Fate("due", _("Nothing holds it back: a worker takes it at any moment."))


def _window(row: WebhookData, gates: Gates) -> tuple[int, Detail]:
    """How many may be in flight now, as rules/ramp.py has it at the most."""
    if gates.failures:
        sentence = _("One request at a time goes to its webhook, for the last failed.")
        return 1, Detail("window", sentence)
    most = row.webhook.max_in_flight or settings.WEBHOOKS_MAX_IN_FLIGHT
    sentence = ngettext(
        "Up to %(n)d request at a time goes to its webhook.",
        "Up to %(n)d requests at a time go to its webhook.",
        most,
    )
    return most, Detail("window", sentence % {"n": most})


def _before(ahead: int) -> str:
    if ahead >= COUNTED:
        return _(
            "A pump is sending to its webhook; %(n)d others and more go before it."
        ) % {"n": COUNTED}
    return ngettext(
        "A pump is sending to its webhook; %(n)d other goes before it.",
        "A pump is sending to its webhook; %(n)d others go before it.",
        ahead,
    ) % {"n": ahead}


def _no_worker(facts: Facts) -> Fate:
    summary = _("Nothing holds it back, but there is no worker to send it.")
    details: tuple[Detail, ...] = ()
    if facts.silent is not None:
        sentence = _("A worker was heard of last %(n)d s ago.")
        details = (Detail("silent", sentence % {"n": facts.silent}),)
    steps = _("Start a worker; `manage.py doctor` says what else is missing.")
    return Fate("no_worker", summary, details=details, advice=(steps,))


def _next_execution(facts: Facts, gates: Gates) -> datetime:
    due = facts.flusher.next_at
    return due if gates.rest_until is None else max(due, gates.rest_until)


def _last_advice(row: WebhookData, facts: Facts) -> str:
    last = facts.last.get(row.pk)
    return "" if last is None else explain(last.cause, last.status).next_step


def _flush() -> str:
    return _("Once the receiver is well again, flush the webhook to have it at once.")
