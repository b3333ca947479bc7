"""`manage.py check_receiver`: what each kind of receiver is told about itself."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Self

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.audit.actions import Action
from apps.audit.models import AuditEntry
from apps.configuration.keys import CA_CERT
from apps.configuration.store import change
from apps.receiver.server import Receiver
from apps.webhooks.models import DeliveryAttempt, HealthBucket, Webhook, WebhookData
from apps.webhooks.receiver_check import checks
from apps.webhooks.receiver_check.check import check_receiver
from apps.webhooks.receiver_check.report import Check, Finding, Report, Verdict
from tests.make import SECRET, make_user, make_webhook
from tests.receivers import SAMPLES, running
from tests.roles import seed_roles
from tests.tls import tls_context

pytestmark = pytest.mark.django_db
PASSED, WARNING, FAILED, SKIPPED = Verdict
TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


@pytest.fixture(autouse=True)
def _loopback_may_be_called_and_nothing_is_slow(settings, monkeypatch) -> None:
    settings.WEBHOOKS_ALLOWED_NETWORKS = "127.0.0.0/8, ::1/128"
    monkeypatch.setattr(checks, "SLOW_SECONDS", 0.05)


def trust(authority: Path) -> None:
    change({CA_CERT: authority.read_text()}, actor="test")


def found(report: Report) -> dict[Check, Finding]:
    return {finding.check: finding for finding in report.findings}


def verdicts(report: Report) -> dict[Check, Verdict]:
    return {finding.check: finding.verdict for finding in report.findings}


def test_a_good_receiver_passes_everything_over_tls(tmp_path: Path):
    context = tls_context(tmp_path, "127.0.0.1")
    trust(tmp_path / "ca.pem")
    with Receiver(secrets=SECRET, tls=context) as receiver:
        receiver.behave(enforce=True)
        webhook = make_webhook(receiver.url("/v1/listener?tenant=1"))
        report = check_receiver(webhook.pk)
        deliveries = receiver.record.deliveries()
    assert report.grade == "A"
    assert verdicts(report) == dict.fromkeys(Check, PASSED) | {Check.IPV6: SKIPPED}
    ends = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    assert ends in found(report)[Check.TLS].says
    assert all(each.headers["x-webhook-test"] == "1" for each in deliveries)
    sizes = sorted(each.body_size for each in deliveries)
    assert sizes[-1] >= 1024 * 1024
    assert [each.headers.get("content-encoding") for each in deliveries].count(
        "gzip"
    ) == 1
    reasons = [each.reason.value for each in deliveries]
    assert reasons[:4] == ["valid", "bad_signature", "stale_date", "valid"]
    assert deliveries[0].id == deliveries[3].id


def test_nothing_is_recorded_but_that_it_was_checked(receiver: Receiver):
    webhook = make_webhook(receiver.url("/"))
    check_receiver(webhook.pk)
    for model in (WebhookData, DeliveryAttempt, HealthBucket):
        assert not model._default_manager.exists()
    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.target_id) == (Action.WEBHOOK_CHECK, webhook.pk)


def test_who_answers_slowly_is_not_waited_for_without_end(receiver: Receiver):
    report = check_receiver(make_webhook(receiver.url("/")).pk, patience=0)
    assert receiver.record.total == 1
    later = set(Check) - {Check.GENUINE, Check.REDIRECT, Check.TLS, Check.DURATION}
    assert all(verdicts(report)[check] is SKIPPED for check in later)


def test_who_believes_everything_gets_an_f(receiver: Receiver):
    report = check_receiver(make_webhook(receiver.url("/")).pk)
    assert report.grade == "F"
    assert verdicts(report)[Check.FORGED] is FAILED
    assert verdicts(report)[Check.STALE] is FAILED
    assert "401" in found(report)[Check.FORGED].fix


# What is answered to the deliveries, in their order, and what that means.
@pytest.mark.parametrize(
    ("answers", "check", "verdict", "grade"),
    [
        ([200, 500], Check.FORGED, WARNING, "D"),
        ([204, 401, 204], Check.STALE, FAILED, "D"),
        ([204, 401, 401, 409], Check.DUPLICATE, FAILED, "C"),
        ([204, 401, 401, 204, 415], Check.GZIP, WARNING, "B"),
        ([204, 401, 401, 204, 204, 413], Check.LARGE, FAILED, "C"),
        ([204, 401, 401, 204, 204, 204, 408], Check.SLOW, FAILED, "C"),
        ([301], Check.REDIRECT, FAILED, "D"),
        ([401], Check.GENUINE, FAILED, "D"),
    ],
)
def test_each_fault_is_named_and_graded(
    receiver: Receiver,
    answers: list[int],
    check: Check,
    verdict: Verdict,
    grade: str,
):
    receiver.behave(sequence=answers)
    report = check_receiver(make_webhook(receiver.url("/")).pk)
    assert verdicts(report)[check] is verdict
    assert found(report)[check].fix
    assert report.grade == grade


def test_gzip_is_needed_where_it_was_asked_for(receiver: Receiver):
    receiver.behave(sequence=[204, 401, 401, 204, 415])
    report = check_receiver(make_webhook(receiver.url("/"), compression=True).pk)
    assert verdicts(report)[Check.GZIP] is FAILED


def test_of_who_refuses_everything_nothing_more_is_told(receiver: Receiver):
    receiver.behave(status=503)
    report = check_receiver(make_webhook(receiver.url("/")).pk)
    assert set(verdicts(report)) == {Check.GENUINE, Check.REDIRECT, Check.TLS}
    assert receiver.record.total == 1


def test_who_is_not_there_is_told_so():
    report = check_receiver(make_webhook("http://127.0.0.1:9/").pk)
    assert "connections" in found(report)[Check.GENUINE].says
    assert verdicts(report)[Check.REDIRECT] is SKIPPED


def test_a_certificate_that_has_expired_or_will_soon(tmp_path: Path, monkeypatch):
    def check(**options: bool) -> Finding:
        context = tls_context(tmp_path, "127.0.0.1", **options)
        trust(tmp_path / "ca.pem")
        with Receiver(secrets=SECRET, tls=context) as receiver:
            report = check_receiver(make_webhook(receiver.url("/")).pk)
        return found(report)[Check.TLS]

    expired = check(expired=True)
    assert (expired.verdict, expired.says) == (FAILED, "The certificate has expired.")
    monkeypatch.setattr(checks, "CERTIFICATE_NOTICE", timedelta(days=60))
    assert check().verdict is WARNING


def test_a_chain_that_leads_nowhere_is_told_from_another_name(tmp_path: Path):
    """The first authority is not trusted; the second is, for another address."""
    with Receiver(tls=tls_context(tmp_path, "127.0.0.1")) as receiver:
        report = check_receiver(make_webhook(receiver.url("/")).pk)
    assert "intermediate certificates" in found(report)[Check.TLS].fix
    context = tls_context(tmp_path, "127.0.0.2")
    trust(tmp_path / "ca.pem")
    with Receiver(tls=context) as receiver:
        report = check_receiver(make_webhook(receiver.url("/")).pk)
    assert "another name" in found(report)[Check.TLS].says
    assert report.grade == "D"


def test_the_users_token_is_what_is_forged_without_a_provider(receiver: Receiver):
    user = make_user(token="t0k")
    webhook = make_webhook(receiver.url("/"), auth_provider=None)
    assert verdicts(check_receiver(webhook.pk))[Check.FORGED] is WARNING
    receiver.record.clear()
    report = check_receiver(webhook.pk, user.pk)
    assert verdicts(report)[Check.FORGED] is FAILED
    assert verdicts(report)[Check.STALE] is SKIPPED
    genuine, forged, *_ = receiver.record.deliveries()
    assert genuine.headers["authorization"] == "Bearer t0k"
    assert forged.headers["authorization"] not in ("", "Bearer t0k")


def test_a_name_is_tried_by_ipv6(receiver: Receiver, monkeypatch):
    """The receiver here listens at the IPv4 address of this name only."""
    webhook = make_webhook(f"http://localhost:{receiver.port}/")
    receiver.behave(enforce=True)
    found_one = found(check_receiver(webhook.pk))[Check.IPV6]
    assert found_one.verdict in (WARNING, SKIPPED)
    assert (found_one.verdict is WARNING) == bool(found_one.fix)


class Six(ThreadingHTTPServer):
    """A receiver at the IPv6 loopback; `answers` are its statuses, then 204."""

    address_family = socket.AF_INET6

    def __init__(self, answers: list[int]) -> None:
        super().__init__(("::1", 0), Answering)
        self.answers = iter(answers)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Answering(BaseHTTPRequestHandler):
    """As the server has it."""

    server: Six

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(next(self.server.answers, 204))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(("last", "verdict"), [(204, PASSED), (503, WARNING)])
def test_an_ipv6_address_is_answered_or_not(last: int, verdict: Verdict):
    with Six([204, 401, 401, 204, 204, 204, 204, last]) as server:
        webhook = make_webhook(f"http://[::1]:{server.server_port}/")
        told = found(check_receiver(webhook.pk))[Check.IPV6]
    assert told.verdict is verdict
    assert bool(told.fix) is (verdict is WARNING)


def test_the_sample_receiver_of_the_documentation_is_well(tmp_path: Path, monkeypatch):
    # As long as it takes outside of tests: shorter, the body would come at once.
    monkeypatch.undo()
    sample = next(each for each in SAMPLES if each.name == "Python")
    with running(sample.prepare(tmp_path), tmp_path, SECRET, None) as process:
        webhook = make_webhook(f"http://127.0.0.1:{process.port}/hook")
        report = check_receiver(webhook.pk)
    # All but TLS, which it leaves to a proxy.
    assert report.grade == "B"
    assert verdicts(report)[Check.TLS] is WARNING


def test_the_command_prints_the_grade_and_the_mends(receiver: Receiver):
    webhook = make_webhook(receiver.url("/"))
    status, text = run(webhook)
    assert status == 1
    assert text.startswith(f"F  webhook {webhook.pk}  {webhook.url}")
    assert "✗ A forged one is refused: It was answered 204." in text
    assert "  -> Compare in constant time" in text
    receiver.behave(enforce=True)
    status, text = run(webhook, "--format", "json")
    assert (status, json.loads(text)["grade"]) == (0, "B")
    assert SECRET not in text


def test_nothing_to_try_is_another_status():
    with pytest.raises(CommandError) as caught:
        call_command("check_receiver", "4711")
    assert caught.value.returncode == 2


def run(webhook: Webhook, *arguments: str) -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("check_receiver", str(webhook.pk), *arguments, stdout=output)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue()
    return 0, output.getvalue()


def page_of(webhook: Webhook) -> str:
    return reverse("admin:check_receiver", args=[webhook.pk])


@pytest.fixture
def operator() -> Client:
    seed_roles()
    user = User.objects.create(username="operator", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db(transaction=True)
def test_the_console_checks_by_post_alone_and_in_no_transaction(operator: Client):
    def transactions() -> int:
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(TRANSACTIONS)
            return int(cursor.fetchone()[0])

    def look(_: object) -> None:
        """Not in the receiver's own thread, which has an event loop."""
        found.append(asking.submit(transactions).result())

    found: list[int] = []
    with ThreadPoolExecutor(1) as asking, Receiver(on_delivery=look) as receiver:
        webhook = make_webhook(receiver.url("/hook"))
        page = operator.get(page_of(webhook), secure=True).content.decode()
        assert f"POST {webhook.url}" in page
        assert receiver.record.total == 0
        page = operator.post(page_of(webhook), secure=True).content.decode()
    assert len(found) > 5
    assert set(found) == {0}
    assert "It believes whoever writes to it." in page
    assert "Compare in constant time and answer 401." in page
    assert SECRET not in page


def test_the_console_checks_for_who_may_test_only(receiver: Receiver):
    seed_roles()
    viewer = User.objects.create(username="viewer", is_staff=True)
    viewer.groups.add(Group.objects.get(name="Viewer"))
    client = Client()
    client.force_login(viewer)
    url = page_of(make_webhook(receiver.url("/")))
    assert client.get(url, secure=True).status_code == 403
    assert client.post(url, secure=True).status_code == 403
    assert receiver.record.total == 0


def test_the_console_asks_for_a_user_where_a_users_token_is_sent(
    receiver: Receiver, operator: Client
):
    user, webhook = make_user(), make_webhook(receiver.url("/"), auth_provider=None)
    reply = operator.post(page_of(webhook), {"user": user.pk}, secure=True)
    assert reply.status_code == 200
    genuine, *_ = receiver.record.deliveries()
    assert genuine.headers["authorization"] == "Bearer token-of-the-user"
    reply = operator.post(page_of(webhook), {"user": user.pk + 1}, secure=True)
    assert reply.status_code == 422
    assert "There is no such user." in reply.content.decode()
    signed = page_of(make_webhook(receiver.url("/")))
    assert "id_user" not in operator.get(signed, secure=True).content.decode()


def test_what_cannot_be_checked_says_so_in_the_console(operator: Client):
    url = page_of(make_webhook(None))
    reply = operator.post(url, secure=True)
    assert reply.status_code == 422
    assert "The webhook has no URL yet." in reply.content.decode()
    assert (
        operator.get(url.replace("/check", "0000/check"), secure=True).status_code
        == 404
    )
