"""A developer's machine: `manage.py listen --forward`, the web, a real receiver."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from apps.api_tokens.models import Scope, issue
from apps.audit.models import AuditEntry
from apps.receiver.server import Receiver
from apps.webhooks.demo.processes import Processes, free_port
from apps.webhooks.emit import emit
from apps.webhooks.models import DeliveryAttempt, WebhookData
from apps.webhooks.users import make_permanent
from tests.integration.test_embedded_launcher import bare
from tests.make import SECRET, make_user, make_webhook
from tests.processes import environment

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_deliveries_are_posted_to_a_receiver_that_nobody_can_reach(
    tmp_path: Path, monkeypatch
):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    webhook = make_webhook("https://example.org/sandbox", event="USER_CREATED")
    (before, after), temporary = (make_user(), make_user()), make_user(permanent=False)
    emit("USER_CREATED", {"id": before.pk}, user=before.pk)
    _, token = issue("developer", [Scope.CONFIG])
    port = free_port(0)
    with Processes(tmp_path) as processes, Receiver(secrets=SECRET) as local:
        processes.start_web(port)
        processes.wait_until_ready()
        command = [
            *(sys.executable, "manage.py", "listen", "--json", "--every", "0.2"),
            *("--forward", local.url("/hook?x=1"), "--webhook", str(webhook.pk)),
            *("--api", f"http://127.0.0.1:{port}/2.0/"),
        ]
        with subprocess.Popen(
            command,
            cwd=PROJECT,
            # No setting of the service, no database: a token, and the secret.
            env=bare(TOKEN=token, SECRET=SECRET),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as listening:
            assert listening.stdout is not None
            assert listening.stdout.readline().startswith("Forwarding webhook")
            emit("USER_CREATED", {"id": temporary.pk}, user=temporary.pk)
            emit("USER_CREATED", {"id": after.pk, "name": "Zoé"}, user=after.pk)
            first = json.loads(listening.stdout.readline())
            make_permanent(temporary.pk)
            released = json.loads(listening.stdout.readline())
            listening.send_signal(signal.SIGINT)
            assert listening.wait(20) == 0
            assert listening.stderr is not None
            assert listening.stderr.read() == ""
        deliveries = local.record.deliveries()
    _, held, direct = WebhookData.objects.order_by("pk")
    assert [first["id"], released["id"]] == [direct.pk, held.pk]
    assert [(each.id, each.reason) for each in deliveries] == [
        (direct.pk, "valid"),
        (held.pk, "valid"),
    ]
    body = f'{{"id":{after.pk},"name":"Zoé","id_webhook_data":{direct.pk}}}'
    assert deliveries[0].body == body.encode()
    # Who looked is on record; what was delivered for real is not touched.
    read = AuditEntry.objects.filter(action="delivery.read")
    assert set(read.values_list("target_id", flat=True)) == {held.pk, direct.pk}
    assert not DeliveryAttempt.objects.exists()
