"""The receiver, over real sockets, and `manage.py listen`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from apps.auth_providers.signing import keyed, sign, signature_date
from apps.receiver.record import Delivery
from apps.receiver.server import Receiver
from tests.make import SECRET

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


def post(receiver: Receiver, path: str = "/", **options) -> requests.Response:
    options.setdefault("data", b"{}")
    return requests.post(receiver.url(path), timeout=5, **options)


def signed(body: bytes, path: str = "/", secret: str = SECRET) -> dict[str, str]:
    date = signature_date(time.time_ns() // 1000)
    signature = sign(keyed(secret), method="POST", path=path, date=date, payload=body)
    return {"BI-Signature-Date": date, "BI-Signature": signature}


def last(receiver: Receiver) -> Delivery:
    return receiver.record.deliveries()[-1]


def test_it_verifies_what_it_gets(receiver):
    post(receiver, "/a?b=c", headers=signed(b"{}", "/a"))
    assert last(receiver).genuine
    post(receiver, "/a", headers=signed(b"{}", "/b"))
    assert not last(receiver).genuine
    post(receiver)
    assert last(receiver).reason == "unsigned"


def test_an_id_that_differs_from_the_bodys_is_not_genuine(receiver):
    body = b'{"id_webhook_data": 2}'
    headers = {**signed(body), "X-Webhook-Data-Id": "1"}
    post(receiver, data=body, headers=headers)
    assert (last(receiver).id, last(receiver).id_in_body) == (1, 2)
    assert not last(receiver).genuine


def test_it_checks_a_token_where_nothing_is_signed():
    with Receiver(tokens={"/user": "t0k"}) as receiver:
        post(receiver, "/user", headers={"Authorization": "Bearer t0k"})
        assert last(receiver).genuine
        post(receiver, "/user", headers={"Authorization": "Bearer other"})
        assert last(receiver).reason == "bad_token"


def test_enforcing_it_answers_401(receiver):
    receiver.behave(enforce=True)
    assert post(receiver).status_code == 401
    assert post(receiver, headers=signed(b"{}")).status_code == 204


def test_behaviours_are_per_path_and_longest_first(receiver):
    receiver.behave(status=500)
    receiver.behave("/a", status=400)
    receiver.behave("/a/b", sequence=[201, 202], status=203)
    assert post(receiver, "/").status_code == 500
    assert post(receiver, "/a/x").status_code == 400
    assert [post(receiver, "/a/b").status_code for _ in range(3)] == [201, 202, 203]


def test_a_body_may_come_in_chunks(receiver):
    post(receiver, data=iter([b"{}", b""]), headers=signed(b"{}"))
    assert last(receiver).genuine


def test_another_process_can_tell_and_ask_it(receiver):
    url = receiver.url("/__behave__")
    wishes = {"path": "/x", "status": 418, "body": "tea"}
    assert requests.put(url, json=wishes, timeout=5).status_code == 204
    assert post(receiver, "/x").text == "tea"
    assert requests.put(url, json={"no_such": 1}, timeout=5).status_code == 400
    assert requests.put(url, data=b"x", timeout=5).status_code == 400
    stats = requests.get(receiver.url("/__stats__"), timeout=5).json()
    assert stats == {"total": 1, "unique": 0, "duplicates": 0}
    deliveries = receiver.url("/__deliveries__")
    (found,) = requests.get(deliveries, timeout=5).json()
    assert (found["target"], found["status"]) == ("/x", 418)
    assert requests.get(f"{deliveries}?after=1", timeout=5).json() == []
    assert requests.delete(deliveries, timeout=5).status_code == 204
    assert receiver.record.total == 0
    assert requests.get(receiver.url("/__what__"), timeout=5).status_code == 404


def test_json_that_is_nested_too_deeply_has_no_id(receiver):
    assert post(receiver, data=b"[" * 200_000).status_code == 204
    assert last(receiver).id_in_body is None


@pytest.mark.parametrize(
    "request_", ["GET /\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_what_is_not_http_is_answered_with_a_400(receiver, request_):
    with socket.create_connection(("127.0.0.1", receiver.port), 5) as client:
        client.sendall(request_.encode())
        assert client.recv(64).startswith(b"HTTP/1.1 400 ")
    assert receiver.record.total == 0


def test_listen_says_what_came():
    listener = subprocess.Popen(
        [sys.executable, MANAGE, "listen", "--port", "0", "--secret", SECRET, "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert listener.stdout is not None
    with listener.stdout as output:
        url = output.readline().split()[2]
        requests.post(url, data=b"{}", headers=signed(b"{}"), timeout=5)
        line = json.loads(output.readline())
        assert (line["reason"], line["status"], line["target"]) == ("valid", 204, "/")
        listener.send_signal(signal.SIGTERM)
        assert listener.wait(10) == 0


def test_listen_fails_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (str(taken.getsockname()[1]), "nonsense"):
            ended = subprocess.run(
                [sys.executable, MANAGE, "listen", "--port", port],
                capture_output=True,
                text=True,
                timeout=20,
            )
            assert ended.returncode != 0
            assert port in ended.stderr
            assert "Traceback" not in ended.stderr
