"""What happens when a pump dies, is overtaken, or loses its database."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from apps.outbound.outcome import Cause, Outcome, Timing
from apps.webhooks.conf import EngineSettings
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine import leases
from apps.webhooks.engine.lane import Lane
from apps.webhooks.engine.leases import LeaseTerms
from apps.webhooks.engine.settle import LaneState, Settlement, settle
from apps.webhooks.engine.unsent import read_unsent
from apps.webhooks.models import DeliveryAttempt, Lease, WebhookData
from tests.make import make_webhook

PENDING, DELIVERED = WebhookData.State.PENDING, WebhookData.State.DELIVERED
QUARANTINED = WebhookData.State.QUARANTINED
TERMS = LeaseTerms(holder="one", lease=20, deadline=10, settle=10)


def emit_rows(count: int) -> list[int]:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)
    return list(WebhookData.objects.order_by("id").values_list("id", flat=True))


def let_leases_expire() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_lease SET leased_until = clock_timestamp() - "
            "interval '1 s' WHERE leased_until IS NOT NULL"
        )


def record(lease: leases.Lease, row: int, *, accepted: bool) -> None:
    settle(
        [
            Settlement(
                data=row,
                webhook=lease.webhook,
                token=lease.token,
                execution=lease.execution,
                number=1,
                accepted=accepted,
                started_us=0,
                cause="accepted" if accepted else "status",
                status=200 if accepted else 500,
                dns_us=None,
                connect_us=None,
                tls_us=None,
                first_byte_us=1,
                total_us=2,
                peer=None,
                body_bytes=1,
                sent_bytes=1,
            )
        ],
        [LaneState(lease.webhook, lease.token, 5, 0, 0, True, None)],
    )


@pytest.mark.django_db
def test_a_lease_has_one_holder():
    make_webhook("http://127.0.0.1/")
    emit_rows(1)
    assert len(leases.acquire(TERMS, 10)) == 1
    assert leases.acquire(TERMS, 10) == []
    let_leases_expire()
    assert leases.acquire(TERMS, 10)[0].token == 2


@pytest.mark.django_db
def test_a_lease_outlives_the_webhooks_own_deadline():
    make_webhook("http://127.0.0.1/", deadline=30)
    emit_rows(1)
    leases.acquire(TERMS, 10)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT leased_until > clock_timestamp() + interval '39 s', "
            "leased_until < clock_timestamp() + interval '41 s' FROM webhooks_lease"
        )
        assert cursor.fetchone() == (True, True)


@pytest.mark.django_db
def test_a_late_success_counts_whoever_holds_the_lease():
    make_webhook("http://127.0.0.1/")
    (row,) = emit_rows(1)
    (old,) = leases.acquire(TERMS, 10)
    let_leases_expire()
    leases.acquire(TERMS, 10)
    record(old, row, accepted=True)
    assert WebhookData.objects.get().state == DELIVERED
    assert DeliveryAttempt.objects.count() == 1


@pytest.mark.django_db
def test_a_late_failure_undoes_nothing():
    make_webhook("http://127.0.0.1/")
    (row,) = emit_rows(1)
    (old,) = leases.acquire(TERMS, 10)
    let_leases_expire()
    (new,) = leases.acquire(TERMS, 10)
    record(old, row, accepted=False)
    data, lease = WebhookData.objects.get(), Lease.objects.get()
    assert (data.state, data.last_execution, data.attempts) == (PENDING, -1, 0)
    assert (lease.consecutive_failures, lease.cut_off_at) == (0, None)
    assert DeliveryAttempt.objects.get().token == old.token
    record(new, row, accepted=True)
    record(new, row, accepted=False)
    assert WebhookData.objects.get().state == DELIVERED


@pytest.mark.django_db
def test_a_lost_lease_is_not_renewed_nor_given_back():
    make_webhook("http://127.0.0.1/")
    emit_rows(1)
    (old,) = leases.acquire(TERMS, 10)
    assert leases.renew(TERMS, [(old.webhook, old.token)]) == {old.webhook}
    let_leases_expire()
    assert leases.renew(TERMS, [(old.webhook, old.token)]) == set()
    (new,) = leases.acquire(TERMS, 10)
    leases.release([(old.webhook, old.token)])
    assert Lease.objects.get().leased_until is not None
    leases.release([(new.webhook, new.token)])
    assert Lease.objects.get().leased_until is None


@pytest.mark.django_db
def test_a_row_that_kills_three_pumps_is_put_aside(receiver, run_pump):
    """The first death names nobody; after it, rows are sent and noted one by one."""
    make_webhook(receiver.url("/"))
    rows = emit_rows(6)
    poison = rows[3]
    leases.acquire(TERMS, 10)
    let_leases_expire()
    for _ in range(2):
        (lease,) = leases.acquire(TERMS, 10)
        assert lease.careful_left > 0
        lane = Lane.of(lease, EngineSettings(), 0)
        lane.add(read_unsent([(lease.webhook, lease.execution, 10)], []), room=10)
        for _ in rows:
            row = lane.take()
            assert not lane.may_send
            leases.note_suspect(lease.webhook, lease.token, row.id)
            if row.id == poison:
                break
            record_success(lease, row.id)
            lane.succeeded()
        let_leases_expire()
    run_pump()
    states = dict(WebhookData.objects.values_list("id", "state"))
    assert states == {row: QUARANTINED if row == poison else DELIVERED for row in rows}
    assert set(receiver.record.per_id()) == {rows[4], rows[5]}


def record_success(lease: leases.Lease, row: int) -> None:
    WebhookData.objects.filter(pk=row).update(
        state=DELIVERED, delivered_at="2026-01-01T00:00:00Z"
    )


@pytest.mark.django_db
def test_a_killed_pump_makes_nobody_else_a_suspect(receiver, run_pump):
    """Deaths at different rows are accidents, not poison."""
    make_webhook(receiver.url("/"))
    rows = emit_rows(8)
    leases.acquire(TERMS, 10)
    for row in rows[:5]:
        let_leases_expire()
        (lease,) = leases.acquire(TERMS, 10)
        leases.note_suspect(lease.webhook, lease.token, row)
    let_leases_expire()
    run_pump()
    assert not WebhookData.objects.filter(state=QUARANTINED).exists()
    assert set(receiver.record.per_id()) == set(rows)


@pytest.mark.django_db
def test_a_careful_webhook_becomes_an_ordinary_one(receiver, run_pump):
    make_webhook(receiver.url("/"))
    rows = emit_rows(leases.CAREFUL_ROWS + 6)
    leases.acquire(TERMS, 10)
    let_leases_expire()
    run_pump()
    lease = Lease.objects.get()
    assert (lease.careful_left, lease.suspect, lease.suspect_expiries) == (0, None, 0)
    assert [each.id for each in receiver.record.deliveries()][:64] == rows[:64]


@pytest.mark.django_db(transaction=True)
def test_a_restart_of_the_database_loses_and_doubles_nothing(
    services, receiver, run_pump
):
    for number in range(5):
        make_webhook(receiver.url(f"/{number}"))
    receiver.behave(delay=0.05)
    rows = emit_rows(100)
    with connection.cursor() as cursor:
        # What all tests before wrote would be replayed, for longer than a pump waits.
        cursor.execute("CHECKPOINT")

    def restart() -> None:
        receiver.record.wait_for(100)
        services.postgres.restart(immediate=True)

    thread = threading.Thread(target=restart)
    thread.start()
    run_pump()
    thread.join()
    assert set(receiver.record.per_id().values()) == {1}
    assert set(receiver.record.per_id()) == set(rows)
    assert not WebhookData.objects.exclude(state=DELIVERED).exists()


@pytest.mark.django_db(transaction=True)
def test_two_pumps_share_the_work_without_doubling_it(receiver, make_pump):
    for number in range(20):
        make_webhook(receiver.url(f"/{number}"))
    receiver.behave(delay=0.01)
    rows = emit_rows(30)
    holders: set[str] = set()

    def run(name: str) -> None:
        make_pump(name).run()
        connection.close()

    threads = [threading.Thread(target=run, args=(f"pump {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        holders.update(Lease.objects.values_list("holder", flat=True))
    assert set(receiver.record.per_id().values()) == {1}
    assert set(receiver.record.per_id()) == set(rows)
    assert holders - {""} <= {"pump 0", "pump 1"}


def test_an_outcome_says_whether_it_was_accepted_and_whether_it_timed_out():
    timing = Timing(total_us=1)
    assert Outcome(Cause.ACCEPTED, 204, timing).accepted
    assert not Outcome(Cause.TIMEOUT, None, timing).accepted
    assert Outcome(Cause.TIMEOUT, None, timing).timed_out
    assert not Outcome(Cause.STATUS, 500, timing).timed_out
