"""Mails about failing webhooks, against a real SMTP server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from django.db.models import F

from apps.configuration.store import change
from apps.webhooks.alerts import note_failing, send_alerts
from apps.webhooks.emit import Emission, emit_many
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import WebhookAlert
from apps.webhooks.registrations import delete_webhook
from tests.make import make_webhook

pytestmark = pytest.mark.django_db


class Mailbox(Sink):
    """Keeps what is sent to it, unless it is told to refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []
        self.refuses = False

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.refuses:
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.content))
        return "250 kept"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    change({"biapi.manager.email": "ops@example.org"}, actor="test")
    yield box
    controller.stop()


def tick() -> int:
    """What one tick of the flusher does."""
    note_failing()
    begin_execution()
    return send_alerts()


def an_hour_passes() -> None:
    WebhookAlert.objects.update(mailed_at=F("mailed_at") - timedelta(hours=1))


def emit_rows(count: int) -> None:
    emit_many([Emission(event="CONNECTION_SYNCED", payload=b"{}")] * count)


def test_one_mail_about_a_failure_and_one_about_the_recovery(
    mailbox, receiver, run_pump
):
    webhook = make_webhook(receiver.url("/hook?key=s3cret"))
    receiver.behave(status=503)
    emit_rows(20)
    for _ in range(3):
        run_pump()
        tick()
    (mail,) = mailbox.mails
    assert mail["To"] == "ops@example.org"
    assert mail["Subject"] == f"Webhook {webhook.pk} is failing"
    text = str(mail.get_payload())
    assert "answered 503" in text
    assert "127.0.0.1/hook" in text
    assert "s3cret" not in text
    receiver.behave()
    run_pump()
    assert tick() == 1
    assert mailbox.subjects[1] == f"Webhook {webhook.pk} has recovered"
    assert tick() == 0
    assert not WebhookAlert.objects.exists()


def test_it_is_told_again_after_the_configured_days(mailbox, receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    change({"webhooks.alerts_frequency": "0.05"}, actor="test")
    emit_rows(20)
    for _ in range(3):
        run_pump()
        tick()
        an_hour_passes()
    assert len(mailbox.mails) == 2


def test_a_mail_that_could_not_be_sent_is_sent_later(mailbox, receiver, run_pump):
    make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    emit_rows(20)
    run_pump()
    mailbox.refuses = True
    assert tick() == 0
    mailbox.refuses = False
    assert tick() == 1
    mailbox.refuses = True
    receiver.behave()
    run_pump()
    assert tick() == 0
    mailbox.refuses = False
    assert tick() == 1
    assert [subject.split()[-1] for subject in mailbox.subjects] == [
        "failing",
        "recovered",
    ]


def test_nobody_is_told_where_nobody_is_configured(mailbox, receiver, run_pump):
    make_webhook(receiver.url("/"))
    change({"biapi.manager.email": None}, actor="test")
    receiver.behave(status=500)
    emit_rows(20)
    run_pump()
    assert tick() == 0
    assert WebhookAlert.objects.get().mailed_at is None


def test_a_deleted_webhook_is_not_told_of(mailbox, receiver, run_pump):
    webhook = make_webhook(receiver.url("/"))
    receiver.behave(status=500)
    emit_rows(20)
    run_pump()
    assert tick() == 1
    delete_webhook(webhook.pk)
    assert tick() == 0
    assert not WebhookAlert.objects.exists()
