"""`health_data`, `warning` and the logs: what settlement left, told over the API."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db.models import F, Sum
from django.utils import timezone

from apps.api_tokens.models import Scope
from apps.outbound.outcome import Cause, Outcome
from apps.webhooks.conf import EngineSettings
from apps.webhooks.emit import Emission, emit, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.engine.flights import Flight, record_of
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.lanes import Lanes
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.recorder import Recorder
from apps.webhooks.engine.settle import Settlement
from apps.webhooks.engine.unsent import Unsent
from apps.webhooks.health import KEPT, purge_health
from apps.webhooks.models import DeliveryAttempt, HealthBucket, Lease, WebhookData
from tests.integration.api_client import ApiClient, make_client
from tests.make import make_user, make_webhook

pytestmark = pytest.mark.django_db

TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)


@pytest.fixture
def api() -> ApiClient:
    return make_client(Scope.CONFIG)


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


def test_health_counts_what_the_attempts_say(api, receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(sequence=[500, 500])
    emit_rows(20)
    run_pump()
    data = api.call("GET", f"/webhooks/{webhook.pk}").body["health_data"]
    facts = DeliveryAttempt.objects.aggregate(us=Sum("total_us"))
    assert data == {
        "average_sending_duration": pytest.approx(facts["us"] / 20 / 1e6, abs=1e-6),
        "sending_success_rate": 0.9,
        "attempts": 20,
        "window": "P1D",
    }


def test_a_webhook_without_attempts_has_no_health(api):
    webhook = make_webhook("https://example.org/")
    body = api.call("GET", f"/webhooks/{webhook.pk}").body
    assert body["warning"] is None
    assert body["health_data"] == {
        "average_sending_duration": None,
        "sending_success_rate": None,
        "attempts": 0,
        "window": "P1D",
    }


def test_what_is_older_than_a_day_does_not_count(api, receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    emit_rows(3)
    run_pump()
    HealthBucket.objects.update(began_at=F("began_at") - timedelta(hours=25))
    body = api.call("GET", f"/webhooks/{webhook.pk}").body
    assert body["health_data"]["attempts"] == 0


def test_a_cutoff_warns_until_the_next_execution(api, receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(status=503)
    emit_rows(30)
    run_pump()
    (listed,) = api.call("GET", "/webhooks").body["webhooks"]
    assert listed["warning"]["code"] == "cut_off"
    assert listed["health_data"]["attempts"] == 10
    begin_execution()
    body = api.call("GET", f"/webhooks/{webhook.pk}").body
    assert body["warning"]["code"] == "low_success_rate"


def test_a_busy_lane_keeps_its_counts_until_they_are_due(receiver, run_pump):
    for path in ("/a", "/b"):
        make_webhook(receiver.url(path))
    emit_rows(700)
    run_pump()
    counted = HealthBucket.objects.aggregate(a=Sum("attempts"), s=Sum("accepted"))
    assert counted == {"a": 1400, "s": 1400}


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_lane_that_closes_leaves_no_counts_behind(is_closed):
    """It is neither busy nor idle: a row waits, nothing is in flight."""
    make_webhook("http://127.0.0.1/")
    emit_rows(4)
    lanes, recorder = Lanes(TERMS, EngineSettings()), Recorder(TERMS.settle)
    now = time.monotonic()
    lanes.acquire(now)
    lanes.read()
    for _ in range(3):
        (picked,) = lanes.pick(1, 1000)
        land(lanes, recorder, *picked, now)
    assert HealthBucket.objects.get().attempts == 1
    if is_closed:
        lanes.shed_all()
    else:
        lanes.renew()
    assert lanes.give_back(now) == is_closed
    assert HealthBucket.objects.get().attempts == (3 if is_closed else 1)


def test_lanes_of_two_leases_count_together():
    """A pump that lost a lease takes it anew while a request is still in flight."""
    make_webhook("http://127.0.0.1/")
    emit_rows(2)
    lanes, recorder = Lanes(TERMS, EngineSettings()), Recorder(TERMS.settle)
    now = time.monotonic()
    landed = []
    for _ in range(2):
        lanes.acquire(now)
        lanes.read()
        landed += lanes.pick(1, 1000)
        Lease.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert [lane.token for lane, _ in landed] == [1, 2]
    for lane, row in landed:
        recorder.add(lane, accepted(lane, row), now)
    recorder.settle_if_due(now + 1, lonely=False)
    assert HealthBucket.objects.get().attempts == 2


def land(lanes: Lanes, recorder: Recorder, lane: Lane, row: Unsent, now: float) -> None:
    """Its receiver accepts it, and nobody keeps it company."""
    recorder.add(lane, accepted(lane, row), now)
    lanes.landed(lane, now)
    recorder.settle_if_due(now + 1, lonely=False)


def accepted(lane: Lane, row: Unsent) -> Settlement:
    """What is to be recorded of it."""
    lane.succeeded()
    flight = Flight(lane, row, 0, row.size, row.size)
    return record_of(flight, Outcome(Cause.ACCEPTED, status=204))


def test_old_health_is_dropped():
    webhook = make_webhook("https://example.org/")
    now = timezone.now()
    for age in (timedelta(0), KEPT + timedelta(hours=1)):
        HealthBucket.objects.create(
            webhook=webhook, began_at=now - age, attempts=1, accepted=1, duration_us=1
        )
    purge_health()
    assert HealthBucket.objects.get().began_at == now


def test_logs_are_one_per_attempt_newest_first(api, receiver, run_pump):
    user = make_user()
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(sequence=[500])
    emit("CONNECTION_SYNCED", b"{}", user=user.pk)
    run_pump()
    begin_execution()
    run_pump()
    reply = api.call("GET", f"/2.0/webhooks/{webhook.pk}/logs")
    assert reply.body["total"] == 2
    accepted, failed = reply.body["webhooklogs"]
    data = WebhookData.objects.get()
    assert accepted["id_webhook_data"] == failed["id_webhook_data"] == data.pk
    assert accepted["id_user"] == user.pk
    assert (accepted["response_code"], failed["response_code"]) == (204, 500)
    assert accepted["next_try"] is None
    assert failed["next_try"] > failed["timestamp"]
    assert failed["response_date"] >= failed["timestamp"]
    assert (accepted["attempt"], failed["attempt"]) == (2, 1)
    assert failed["cause"] == "status"


def test_an_attempt_without_an_answer_has_no_response(api, receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(reset=True)
    emit_rows(1)
    run_pump()
    (log,) = api.call("GET", f"/webhooks/{webhook.pk}/logs").body["webhooklogs"]
    assert (log["response_code"], log["response_date"]) == (None, None)
    assert log["cause"] == "disconnected"


def test_logs_are_filtered_and_paged(api, receiver, run_pump):
    mine, other = make_user(), make_user()
    webhook = make_webhook(receiver.url("/"))
    for user in (mine, mine, other):
        emit("CONNECTION_SYNCED", b"{}", user=user.pk)
    run_pump()
    old = DeliveryAttempt.objects.order_by("pk").first()
    assert old is not None
    old.started_at = timezone.now() - timedelta(days=40)
    old.save()

    def ids(query: str) -> list[int]:
        path = f"/webhooks/{webhook.pk}/logs?{query}"
        return [log["id"] for log in api.call("GET", path).body["webhooklogs"]]

    everything = list(DeliveryAttempt.objects.order_by("-started_at").values_list("pk"))
    assert ids("") == [pk for (pk,) in everything[:2]]
    assert len(ids("min_date=2020-01-01")) == 3
    at = old.started_at.isoformat().replace("+00:00", "Z")
    just = (old.started_at - timedelta(microseconds=1)).isoformat()[:26]
    assert ids(f"min_date={at}&max_date={at}") == [old.pk]
    assert ids(f"min_date=2020-01-01&max_date={just}Z") == []
    assert len(ids(f"id_user={other.pk}")) == 1
    assert len(ids(f"id_user={mine.pk}&min_date=2020-01-01")) == 2
    assert ids("limit=1&offset=1") == [everything[1][0]]
    assert ids("min_date=2020-01-01T00:00:00Z&limit=3&offset=2") == [old.pk]


@pytest.mark.parametrize(
    "query", ["min_date=never", "id_user=x", "max_date=", "order=asc", "limit=1001"]
)
def test_filters_that_make_no_sense_are_refused(api, query):
    webhook = make_webhook("https://example.org/")
    reply = api.call("GET", f"/webhooks/{webhook.pk}/logs?{query}")
    assert (reply.status, reply.code) == (400, "invalidValue")


def test_there_are_no_logs_of_no_webhook(api):
    assert api.call("GET", "/webhooks/404/logs").status == 404
