"""Webhooks in the console: what is told of them, and what is done to them."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.webhooks.emit import emit
from apps.webhooks.models import (
    DeliveryAttempt,
    HealthBucket,
    Lease,
    Replay,
    ReplayItem,
    Webhook,
    WebhookData,
)
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db
FORM = {"event": "USER_CREATED", "url": "https://example.org/hook", "compression": ""}
LIST = "admin:webhooks_webhook_changelist"
PAGE = "admin:webhooks_webhook_change"


def client_of(*permissions: str, superuser: bool = False) -> Client:
    user = User.objects.create(
        username="somebody", is_staff=True, is_superuser=superuser
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def hand() -> Client:
    """Somebody who may do everything."""
    return client_of(superuser=True)


def shown(client: Client, name: str, *arguments: Any, query: str = "") -> str:
    url = reverse(name, args=arguments) + query
    reply = client.get(url, secure=True)
    assert reply.status_code == 200
    return unescape(reply.content.decode())


def post(client: Client, name: str, *arguments: Any, **data: Any) -> Any:
    url = reverse(name, args=arguments)
    return client.post(url, data, secure=True, follow=True)


@pytest.fixture
def refused(receiver, run_pump) -> WebhookData:
    """A delivery that the receiver has refused."""
    make_webhook(receiver.url("/hook"))
    receiver.behave(status=500)
    emit("CONNECTION_SYNCED", b'{"a": 1}')
    run_pump()
    receiver.behave()
    return WebhookData.objects.get()


def test_a_webhook_is_registered_and_changed_as_by_the_api(hand):
    reply = post(hand, "admin:webhooks_webhook_add", **FORM)
    webhook = Webhook.objects.get()
    assert reply.redirect_chain[0][0] == reverse(PAGE, args=[webhook.pk])
    assert (webhook.event, webhook.url) == ("USER_CREATED", FORM["url"])
    assert Lease.objects.filter(webhook=webhook).exists()
    user = make_user()
    added = {"deadline": "20", "add_to_data": '{"a": "b"}', "compression": "off"}
    form = {**FORM, **added, "id_user": user.pk}
    post(hand, "admin:webhook_edit", webhook.pk, **form)
    webhook.refresh_from_db()
    assert (webhook.deadline, webhook.add_to_data) == (20, {"a": "b"})
    assert (webhook.compression, webhook.user_id) == (False, user.pk)
    page = hand.get(reverse("admin:webhook_edit", args=[webhook.pk]), secure=True)
    kept = {each.name: each.value() or "" for each in page.context["form"]}
    post(hand, "admin:webhook_edit", webhook.pk, **kept)
    webhook.refresh_from_db()
    assert (webhook.deadline, webhook.add_to_data) == (20, {"a": "b"})
    assert (webhook.compression, webhook.user_id) == (False, user.pk)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("url", "https://169.254.169.254/latest", "The address of this URL may not"),
        ("url", "file:///etc/passwd", "The URL must begin with"),
        ("url", "https://a.example/#part", "The URL must not have a fragment (#)."),
        ("url", "https://u:p@a.example/", "a user name or password."),
        ("url", "https://a.example:6379/", "The port of this URL may not be called."),
        ("url", "https://é.example/", "The URL must be ASCII"),
        ("url", "https://a.example/" + "a" * 2048, "is longer than 2048 characters."),
        ("id_user", "999999", "There is no such user."),
        ("deadline", "31", "30"),
        ("event", "NO_SUCH_EVENT", "NO_SUCH_EVENT"),
        ("id_auth", "999999", "999999"),
        ("add_to_data", "[", "add_to_data is no JSON"),
        ("add_to_data", '["a"]', "must be a JSON object"),
        ("add_to_data", '{"id_webhook_data": "a"}', "a member of every body already"),
    ],
)
def test_what_is_refused_is_said_in_one_sentence_at_its_field(
    hand, field, value, sentence
):
    url = reverse("admin:webhooks_webhook_add")
    reply = hand.post(url, FORM | {field: value}, secure=True)
    assert reply.status_code == 422
    ((where, told),) = reply.context["form"].errors.items()
    assert where == field
    assert len(told) == 1
    assert sentence in told[0]
    assert not Webhook.objects.exists()


def test_disabling_cancels_and_enabling_is_for_what_comes(hand, refused):
    webhook = refused.webhook_id
    assert "cancelled for good" in shown(hand, "admin:webhook_disable", webhook)
    assert Webhook.objects.get().deleted_at is None
    reply = post(hand, "admin:webhook_disable", webhook)
    assert "The webhook is disabled." in reply.content.decode()
    refused.refresh_from_db()
    assert refused.state == WebhookData.State.CANCELLED
    page = shown(hand, PAGE, webhook)
    assert reverse("admin:webhook_enable", args=[webhook]) in page
    assert reverse("admin:webhook_flush", args=[webhook]) not in page
    post(hand, "admin:webhook_enable", webhook)
    assert Webhook.objects.get().deleted_at is None


def test_flush_now_sends_again_what_failed(hand, refused, run_pump):
    run_pump()
    assert DeliveryAttempt.objects.count() == 1
    reply = post(hand, "admin:webhook_flush", refused.webhook_id)
    assert "sent again now" in reply.content.decode()
    run_pump()
    refused.refresh_from_db()
    assert refused.state == WebhookData.State.DELIVERED


def test_who_may_only_look_cannot_act(refused):
    client = client_of("view_webhook")
    page = shown(client, PAGE, refused.webhook_id)
    for name in ("edit", "flush", "recover", "backfill", "disable", "enable"):
        where = f"admin:webhook_{name}"
        assert reverse(where, args=[refused.webhook_id]) not in page
        assert post(client, where, refused.webhook_id).status_code == 403
    assert post(client, "admin:webhooks_webhook_add", **FORM).status_code == 403
    assert reverse("admin:delivery", args=[refused.pk]) not in page
    assert Webhook.objects.get().deleted_at is None
    assert Lease.objects.get().flushed_execution == -1


def test_the_list_tells_how_each_is_and_what_waits(hand, refused):
    now = timezone.now()
    bad = make_webhook("https://bad.example/in")
    gone = make_webhook("https://gone.example/in", event="USER_CREATED")
    Webhook.objects.filter(pk=gone.pk).update(deleted_at=now)
    HealthBucket.objects.create(
        webhook=bad, began_at=now, attempts=40, accepted=10, duration_us=1
    )
    rows = {each.condition.webhook.pk: each for each in listed(hand)}
    assert set(rows) == {bad.pk, refused.webhook_id}
    assert (rows[bad.pk].attempts, rows[bad.pk].hours[-1]) == (40, (40, 30))
    assert rows[refused.webhook_id].queued.number == 1
    assert [each.condition.webhook.pk for each in listed(hand, "?view=trouble")] == [
        bad.pk
    ]
    assert [each.condition.webhook.pk for each in listed(hand, "?view=disabled")] == [
        gone.pk
    ]
    assert len(listed(hand, "?view=all")) == 3
    assert len(listed(hand, "?view=all&event=USER_CREATED")) == 1
    assert len(listed(hand, "?url=BAD.exam")) == 1
    assert "No webhook meets these filters." in shown(hand, LIST, query="?url=nowhere")


def listed(client: Client, query: str = "") -> list[Any]:
    rows: list[Any] = client.get(reverse(LIST) + query, secure=True).context["rows"]
    return rows


def test_a_longer_list_costs_no_more_queries(hand, django_assert_max_num_queries):
    for number in range(30):
        make_webhook(f"https://a.example/{number}")
    with django_assert_max_num_queries(12):
        shown(hand, LIST)


def test_the_page_tells_why_and_what_was_sent(hand, refused):
    page = shown(hand, PAGE, refused.webhook_id)
    for told in (
        "The receiver answered 500.",
        f"#{refused.pk}",
        f"?status=500&webhook={refused.webhook_id}",
        "failures 1/10, timeouts 0/2",
        reverse("admin:test_webhook", args=[refused.webhook_id]),
        "warning below 90%",
    ):
        assert told in page, told
    other = make_webhook("https://b.example/")
    assert "The receiver answered 500." not in shown(hand, PAGE, other.pk)


def test_what_failed_is_counted_first_and_then_recovered(hand, refused):
    webhook = refused.webhook_id
    since = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    asked = {"since": since, "states": ["failed"], "rate": "20", "reason": "outage"}
    reply = post(hand, "admin:webhook_recover", webhook, **asked)
    assert "Send 1 delivery again?" in reply.content.decode()
    assert reply.context["plan"].count == 1
    assert not Replay.objects.exists()
    reply = post(hand, "admin:webhook_recover", webhook, **asked, begin="")
    replay = Replay.objects.get()
    assert reply.redirect_chain[0][0] == reverse("admin:replay", args=[replay.pk])
    assert (replay.actor, replay.reason, replay.rate) == (
        "console:somebody",
        "outage",
        20,
    )
    assert ReplayItem.objects.get().webhook_data_id == refused.pk
    assert "0 of 1 tried" in unescape(reply.content.decode())
    assert reverse("admin:replay", args=[replay.pk]) in shown(hand, PAGE, webhook)
    later = asked | {"since": "2040-01-01T00:00"}
    reply = post(hand, "admin:webhook_recover", webhook, **later)
    assert "There is nothing to send" in reply.content.decode()


def test_a_new_webhook_is_sent_the_past(hand, refused):
    webhook = make_webhook("https://example.org/new")
    asked = {"since": "2026-01-01T00:00", "rate": "20", "reason": "it is new"}
    page = shown(hand, PAGE, webhook.pk)
    assert reverse("admin:webhook_backfill", args=[webhook.pk]) in page
    reply = post(hand, "admin:webhook_backfill", webhook.pk, **asked)
    assert "Send 1 event of the past?" in reply.content.decode()
    assert not Replay.objects.exists()
    reply = post(hand, "admin:webhook_backfill", webhook.pk, **asked, begin="")
    replay = Replay.objects.get()
    assert (replay.filters["backfill"], replay.total) == (webhook.pk, 1)
    assert "before the webhook" in reply.content.decode()
    reply = post(hand, "admin:webhook_backfill", webhook.pk, **asked)
    assert "There is nothing to send" in reply.content.decode()


def test_a_replay_is_of_whatever_is_chosen(hand, refused):
    asked = {
        "states": ["failed", "never_attempted"], "webhook": refused.webhook_id,
        "event": "CONNECTION_SYNCED", "since": "2026-01-01T00:00", "rate": 5,
        "ids": f"#{refused.pk}, 999", "until": "2040-01-01T00:00",
    }  # fmt: skip
    assert reverse("admin:replay_add") in shown(hand, "admin:replays")
    reply = post(hand, "admin:replay_add", **asked)
    assert reply.context["plan"].count == 1
    for other in ({"event": "USER_CREATED"}, {"user": 999}, {"connection": 999}):
        reply = post(hand, "admin:replay_add", **asked | other)
        assert "There is nothing to send" in reply.content.decode()
    for wrong in ({"ids": "seven"}, {"ids": "1 " * 10_001}, {"rate": "501"}):
        assert post(hand, "admin:replay_add", **asked | wrong).status_code == 422
    reply = post(hand, "admin:replay_add", **asked, begin="")
    assert Replay.objects.get().filters["ids"] == [refused.pk, 999]
    assert "CONNECTION_SYNCED" in reply.content.decode()


def test_a_replay_is_steered_until_it_is_over(hand, refused):
    from_form = {"since": "2026-01-01T00:00", "states": "failed", "rate": 5}
    post(hand, "admin:webhook_recover", refused.webhook_id, **from_form, begin="")
    replay = Replay.objects.get()
    for word, state in (("pause", "paused"), ("resume", "running")):
        post(hand, f"admin:replay_{word}", replay.pk)
        replay.refresh_from_db()
        assert replay.state == state
    replays = hand.get(reverse("admin:replays"), secure=True).context["replays"]
    assert [each.replay.pk for each in replays] == [replay.pk]
    post(hand, "admin:replay_cancel", replay.pk)
    reply = post(hand, "admin:replay_resume", replay.pk)
    assert "The replay is over." in reply.content.decode()
    page = shown(hand, "admin:replay", replay.pk)
    assert reverse("admin:replay_cancel", args=[replay.pk]) not in page


def test_what_does_not_exist_is_not_found(hand):
    for name in (PAGE, "admin:webhook_edit", "admin:webhook_flush", "admin:replay"):
        url = reverse(name, args=[999999])
        assert hand.get(url, secure=True).status_code == 404
