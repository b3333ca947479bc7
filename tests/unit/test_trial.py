"""What is told of a test delivery: no secret, and nothing that a terminal obeys."""

from __future__ import annotations

import pytest

from apps.outbound.outcome import Cause, Outcome, Timing
from apps.outbound.transport import OutgoingRequest
from apps.webhooks.trial import (
    NO_TOKEN,
    SHOWN_BYTES,
    Trial,
    Unsendable,
    of_nothing,
    of_outcome,
)

URL = "https://receiver.example.com/hook"
TOKEN = "the-token-of-the-user"
SIGNATURE = "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54="
REQUEST = OutgoingRequest(
    URL,
    [
        "Content-Type: application/json; charset=utf-8",
        "BI-Signature-Date: 2022-06-27T11:08:52.577831Z",
        f"BI-Signature: {SIGNATURE}",
        f"Authorization: Bearer {TOKEN}",
    ],
    b"compressed",
    2.5,
)


def trial(
    headers: bytes = b"HTTP/1.1 200 OK\r\n\r\n",
    body: bytes = b"",
    cause: Cause = Cause.ACCEPTED,
    status: int | None = 200,
) -> Trial:
    outcome = Outcome(cause, status, Timing(total_us=1_500_000), None, headers, body)
    return of_outcome(9, REQUEST, b'{"a":"\xc3\xa9"}', outcome)


def test_the_request_is_told_without_its_secrets():
    request = trial().request
    assert (request.method, request.url, request.body) == ("POST", URL, '{"a":"é"}')
    assert request.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "BI-Signature-Date": "2022-06-27T11:08:52.577831Z",
        "BI-Signature": "HMAC-SHA256 …",
        "Authorization": "Bearer …",
    }


def test_a_receiver_that_echoes_requests_tells_no_secret_either():
    head = f"HTTP/1.1 200 OK\r\nX-Echo: {TOKEN}\r\n\r\n".encode()
    body = f"Authorization: Bearer {TOKEN}\nBI-Signature: {SIGNATURE}".encode()
    response = trial(head, body).response
    assert response is not None
    assert response.headers == {"X-Echo": "…"}
    assert response.body == "Authorization: Bearer …\nBI-Signature: …"
    assert TOKEN not in repr(trial(head, body))
    assert SIGNATURE not in repr(trial(head, body))


def test_the_headers_are_the_last_answers_and_what_is_repeated_is_joined():
    head = (
        b"HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nVia: a\r\nvia-no-colon\r\nVia:  b:c \r\nX: \xe9\r\n\r\n"
    )
    response = trial(head).response
    assert response is not None
    assert response.headers == {"Via": "a, b:c", "X": "é"}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"ok\r\n\tfine", "ok\r\n\tfine"),
        (b"\x00\x1b[2J\x9b\xff", "\ufffd\ufffd[2J\ufffd\ufffd"),
        ("a\u202eb\u2066c\x85".encode(), "a\ufffdb\ufffdc\ufffd"),
        (b"x" * (SHOWN_BYTES + 1), "x" * SHOWN_BYTES),
        (b"x" * (SHOWN_BYTES - 1) + "é".encode(), "x" * (SHOWN_BYTES - 1) + "\ufffd"),
    ],
)
def test_a_body_is_the_beginning_of_it_as_safe_text(body, shown):
    response = trial(body=body).response
    assert response is not None
    assert response.body == shown


@pytest.mark.parametrize("cause", Cause)
def test_whatever_comes_of_it_is_said_in_a_sentence(cause):
    answered = cause in (Cause.ACCEPTED, Cause.STATUS)
    found = trial(cause=cause, status=302 if answered else None)
    assert found.outcome == cause.value
    assert found.duration == 1.5
    assert (found.response is None) == (not answered)
    if cause is Cause.ACCEPTED:
        assert found.error is None
    else:
        assert found.error is not None
        assert found.error.endswith(".")
        assert "{" not in found.error


def test_sentences_have_the_figures():
    assert "302" in (trial(cause=Cause.STATUS, status=302).error or "")
    assert "2.5 s" in (trial(cause=Cause.TIMEOUT, status=None).error or "")


def test_what_could_not_be_sent_has_no_response_and_says_why():
    found = of_nothing(9, REQUEST, b"{}", Unsendable(NO_TOKEN, "There is none."))
    assert (found.outcome, found.error) == ("no_token", "There is none.")
    assert (found.response, found.duration) == (None, 0.0)
    assert found.request.body == "{}"
