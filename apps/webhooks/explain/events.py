"""An event, explained: who was told of it, and why nobody else was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.event_log.models import Event
from apps.webhooks.engine.gates import LIVE, open_to
from apps.webhooks.explain.answer import Detail, Explanation, moment
from apps.webhooks.explain.deliveries import explained, rows_of
from apps.webhooks.explain.facts import facts_of
from apps.webhooks.models import WebhookData
from apps.webhooks.registrations import Refused

State = WebhookData.State
# Of each kind. Of webhooks that were not told, those that listen come first: what was
# disabled long ago is the least likely answer.
SHOWN: Final = 20
_OTHERS: Final = f"""
SELECT w.id, w.created_at > e.created_at, w.deleted_at, w.deleted_at <= e.created_at,
    w.url IS NULL, {open_to("e")}, w.user_id
FROM event_log_event e JOIN webhooks_webhook w ON w.event = e.name
WHERE e.id = %(event)s
  AND NOT EXISTS (SELECT 1 FROM webhooks_webhookdata d
                  WHERE d.event_id = e.id AND d.webhook_id = w.id)
ORDER BY w.deleted_at DESC NULLS FIRST, w.id LIMIT %(most)s
"""
_ELSEWHERE: Final = f"""
SELECT count(*) FROM webhooks_webhook w
WHERE w.event <> %s AND {LIVE}
"""


@dataclass(frozen=True, slots=True)
class _Other:
    """A webhook of the event's name that was not told of the event."""

    id: int
    is_younger: bool
    deleted_at: datetime | None
    was_disabled: bool | None
    has_no_url: bool
    is_open: bool
    user: int | None


def explain_event(id_event: int) -> Explanation:
    """Who was told, and why not others; raises `Refused` if there is no such event."""
    event = Event.objects.defer("payload", "cfonb").filter(pk=id_event).first()
    if event is None:
        raise Refused("notFound", "id", f"There is no event {id_event}.")
    told = _told(event)
    others = _others(event)
    advice = [each for _row, one in told for each in one.advice]
    if any(each.is_younger for each in others):
        advice.append(_("A backfill tells a webhook of what happened before it was."))
    code, summary = _summary(event)
    return Explanation(
        subject="event",
        id=event.pk,
        code=code,
        summary=summary,
        details=(
            *(_of_one(row, one) for row, one in told),
            *map(_why_not, others),
            *_elsewhere(event),
            *([Detail("purged", event.removal)] if event.removal else ()),
        ),
        next_try_at=min(
            (one.next_try_at for _row, one in told if one.next_try_at), default=None
        ),
        advice=tuple(dict.fromkeys(advice)),
    )


def _summary(event: Event) -> tuple[str, str]:
    rows = WebhookData.objects.filter(event=event)
    counts = rows.aggregate(
        all=Count("pk"), accepted=Count("pk", filter=Q(state=State.DELIVERED))
    )
    name = {"event": event.name}
    if not counts["all"]:
        return "nobody", _("Nobody was told of this %(event)s.") % name
    summary = ngettext(
        "%(all)d webhook was told of this %(event)s; accepted by %(accepted)d.",
        "%(all)d webhooks were told of this %(event)s; accepted by %(accepted)d.",
        counts["all"],
    )
    code = "accepted" if counts["accepted"] == counts["all"] else "unfinished"
    return code, summary % {**name, **counts}


def _told(event: Event) -> list[tuple[WebhookData, Explanation]]:
    rows = list(rows_of(event=event).order_by("pk")[:SHOWN])
    facts = facts_of(rows)
    return [(row, explained(row, facts)) for row in rows]


def _of_one(row: WebhookData, one: Explanation) -> Detail:
    told = {"id": row.pk, "webhook": row.webhook_id, "what": one.summary}
    text = _("Delivery %(id)d, to webhook %(webhook)d: %(what)s") % told
    return Detail(one.code, text)


def _others(event: Event) -> list[_Other]:
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, {"event": event.pk, "most": SHOWN})
        return [_Other(*row) for row in cursor.fetchall()]


def _why_not(other: _Other) -> Detail:
    """The first reason that is enough by itself."""
    told: dict[str, object] = {"id": other.id, "user": other.user}
    if other.was_disabled and other.deleted_at is not None:
        told["at"] = moment(other.deleted_at)
        return Detail(
            "not_disabled", _("Not webhook %(id)d: disabled since %(at)s.") % told
        )
    if other.is_younger:
        text = _("Not webhook %(id)d: it was registered after the event.")
        return Detail("not_yet", text % told)
    if not other.is_open:
        text = _("Not webhook %(id)d: it is for the events of user %(user)d alone.")
        return Detail("not_its_user", text % told)
    if other.has_no_url:
        return Detail("not_without_url", _("Not webhook %(id)d: it has no URL.") % told)
    text = _("Not webhook %(id)d: it was disabled, or registered otherwise, then.")
    return Detail("not_then", text % told)


def _elsewhere(event: Event) -> list[Detail]:
    with connection.cursor() as cursor:
        cursor.execute(_ELSEWHERE, [event.name])
        count = int(cursor.fetchone()[0])
    if not count:
        return []
    text = ngettext(
        "%(n)d webhook is registered for other events.",
        "%(n)d webhooks are registered for other events.",
        count,
    )
    return [Detail("not_its_event", text % {"n": count})]
