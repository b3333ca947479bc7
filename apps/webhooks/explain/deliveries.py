"""A delivery, explained: what state it is in, and how it came to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.event_log.models import EndUser
from apps.webhooks.causes import explain
from apps.webhooks.engine.leases import DEATHS_TO_QUARANTINE
from apps.webhooks.explain.answer import Detail, Explanation, moment
from apps.webhooks.explain.facts import Facts, facts_of
from apps.webhooks.explain.fates import Fate
from apps.webhooks.explain.waiting import pending
from apps.webhooks.models import Replay, ReplayItem, WebhookData
from apps.webhooks.registrations import Refused

State = WebhookData.State
_RELATED: Final = ("event__user", "webhook__auth_provider")
_IS_CFONB: Final = ExpressionWrapper(
    Q(event__cfonb__isnull=False), output_field=BooleanField()
)
# Texts of megabytes and what is sealed are not read to be told about.
_UNREAD: Final = (
    "extra",
    "event__payload",
    "event__cfonb",
    "event__user__token",
    "webhook__auth_provider__config",
)


def explain_delivery(id_data: int) -> Explanation:
    """What became of it, and why; raises `Refused` if there is no such delivery."""
    row = rows_of(pk=id_data).first()
    if row is None:
        raise Refused("notFound", "id", f"There is no webhook data {id_data}.")
    return explained(row, facts_of([row]))


def rows_of(**which: Any) -> QuerySet[WebhookData]:
    """Deliveries, with what `explained` wants of them."""
    rows = WebhookData.objects.filter(**which).select_related(*_RELATED)
    return rows.defer(*_UNREAD).annotate(is_cfonb=_IS_CFONB)


def explained(row: WebhookData, facts: Facts) -> Explanation:
    """One of the rows that the facts are of."""
    fate = _FATES[State(row.state)](row, facts)
    removal = row.event.removal
    details = (
        Detail("told", _why_told(row)),
        *_format(row),
        *fate.details,
        *_attempted(row, facts),
        *_replayed(row, facts),
        *([Detail("purged", removal)] if removal else ()),
    )
    return Explanation(
        subject="delivery",
        id=row.pk,
        code=fate.code,
        summary=fate.summary,
        details=details,
        next_try_at=fate.next_try_at,
        advice=tuple(dict.fromkeys(each for each in fate.advice if each)),
    )


def why_held(user: EndUser | None) -> str:
    """Why what is held about a user is held."""
    if user is None or user.deleted_at is None:
        return _(
            "Held, for the user is temporary: it goes when the user is made permanent, "
            "and is dropped with a user who never is."
        )
    return _("Held, and dropped: the user was never made permanent.")


def _why_told(row: WebhookData) -> str:
    webhook, event = row.webhook, row.event
    told = {"id": webhook.pk, "event": event.name, "user": webhook.user_id}
    if webhook.event != event.name or webhook.user_id not in (None, event.user_id):
        return _("Webhook %(id)d was told of %(event)s; it has been changed since.") % (
            told
        )
    if webhook.user_id is None:
        return _("Webhook %(id)d is registered for %(event)s, for all users.") % told
    return _("Webhook %(id)d is registered for %(event)s, for user %(user)d alone.") % (
        told
    )


def _format(row: WebhookData) -> Iterator[Detail]:
    if row.is_cfonb:  # type: ignore[attr-defined]
        yield Detail(
            "cfonb",
            _(
                "Its body is a CFONB 120 file, as autosync.cfonb was '1' when the "
                "event happened."
            ),
        )


def _attempted(row: WebhookData, facts: Facts) -> Iterator[Detail]:
    last = facts.last.get(row.pk)
    if row.state == State.DELIVERED or not row.attempts:
        return
    if last is None:
        sentence = ngettext(
            "It was attempted %(n)d time; that was purged for its age.",
            "It was attempted %(n)d times; that was purged for its age.",
            row.attempts,
        )
        yield Detail("attempted", sentence % {"n": row.attempts})
        return
    yield Detail(
        "attempted",
        _("Attempt %(n)d, on %(at)s: %(what)s")
        % {
            "n": last.number,
            "at": moment(last.started_at),
            "what": explain(last.cause, last.status).sentence,
        },
    )


def _replayed(row: WebhookData, facts: Facts) -> Iterator[Detail]:
    item = facts.items.get(row.pk)
    if item is None or item.state != ReplayItem.State.WAITING:
        return
    told = {"id": item.replay_id}
    stopped = item.replay.standing.get(str(row.webhook_id), {}).get("stopped")
    if stopped:
        yield Detail(
            "replay_stopped",
            _("Replay %(id)d sends nothing more to its webhook: %(why)s.")
            % {**told, "why": stopped},
        )
    elif row.state == State.PLANNED:
        return
    elif item.replay.state == Replay.State.RUNNING:
        yield Detail("replay", _("Replay %(id)d is going to send it as well.") % told)
    elif item.replay.state == Replay.State.PAUSED:
        sentence = _("Replay %(id)d would send it too, but is paused.") % told
        yield Detail("replay_paused", sentence)


def _delivered(row: WebhookData, facts: Facts) -> Fate:
    at = "" if row.delivered_at is None else moment(row.delivered_at)
    return Fate(
        "delivered",
        _("The receiver accepted it on %(at)s, at attempt %(n)d.")
        % {"at": at, "n": row.attempts},
    )


def _held(row: WebhookData, facts: Facts) -> Fate:
    user = row.event.user
    details: tuple[Detail, ...] = ()
    if user is not None and user.deleted_at is None and user.expires_at is not None:
        sentence = _("User %(id)d expires on %(at)s.")
        told = {"id": user.pk, "at": moment(user.expires_at)}
        details = (Detail("expires", sentence % told),)
    advice = _("Make the user permanent, and it goes in the same moment.")
    return Fate("held", why_held(user), details=details, advice=(advice,))


def _cancelled(row: WebhookData, facts: Facts) -> Fate:
    code, summary = _ended_by(row, facts)
    if row.event.body_removed_at is not None or code == "expired_user":
        return Fate(code, summary)
    again = _("If it is wanted all the same, send it again.")
    if row.webhook.deleted_at is not None:
        again = _("Enable the webhook, then send it again, if it is wanted.")
    return Fate(code, summary, advice=(again,))


def _ended_by(row: WebhookData, facts: Facts) -> tuple[str, str]:
    """The gravest thing that ends deliveries and has happened to this one."""
    user, webhook = row.event.user, row.webhook
    item = facts.items.get(row.pk)
    if user is not None and user.erased_at is not None:
        return "erased", _("Cancelled: the person whom it was about was erased.")
    if user is not None and user.permanent_at is None and user.deleted_at is not None:
        return "expired_user", _(
            "Cancelled: its user was temporary, and never made permanent."
        )
    if webhook.deleted_at is not None:
        told = {"at": moment(webhook.deleted_at)}
        return "disabled", _("Cancelled: its webhook was disabled on %(at)s.") % told
    if item is not None and item.replay.state == Replay.State.CANCELLED:
        told_id = {"id": item.replay_id}
        return "replay_cancelled", _(
            "Cancelled with replay %(id)d, which had planned it."
        ) % told_id
    now = facts.gates[webhook.pk].instant
    if facts.lifetime is not None and row.created_at < now - facts.lifetime:
        return "outlived", _(
            "Cancelled: it was not accepted within its time to live, %(days)g days."
        ) % {"days": facts.lifetime.total_seconds() / 86_400}
    return "cancelled", _("Cancelled: its webhook was disabled for a while.")


def _quarantined(row: WebhookData, facts: Facts) -> Fate:
    return Fate(
        "quarantined",
        _("Put aside: %(n)d pumps died in a row while they sent it.")
        % {"n": DEATHS_TO_QUARANTINE},
        advice=(_("Look for its id in the logs of the workers, then send it again."),),
    )


def _planned(row: WebhookData, facts: Facts) -> Fate:
    item = facts.items.get(row.pk)
    replay = "" if item is None else item.replay_id
    if item is not None and item.replay.state == Replay.State.PAUSED:
        summary = _("Replay %(id)s of what was before its webhook is paused.")
        advice = (_("Resume the replay."),)
        return Fate("replay_paused", summary % {"id": replay}, advice=advice)
    summary = _("It happened before its webhook was: replay %(id)s sends it.")
    return Fate("planned", summary % {"id": replay})


_FATES: Final[dict[WebhookData.State, Callable[[WebhookData, Facts], Fate]]] = {
    State.HELD: _held,
    State.PENDING: pending,
    State.DELIVERED: _delivered,
    State.CANCELLED: _cancelled,
    State.QUARANTINED: _quarantined,
    State.PLANNED: _planned,
}
