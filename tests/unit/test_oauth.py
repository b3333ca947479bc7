"""What counts as a token, and when the next one is asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.auth_providers.certificates import BadCertificate, check_pair, ends_at
from apps.auth_providers.oauth import (
    LONGEST_LIFE,
    Token,
    TokenError,
    back_off,
    read_token,
    renewal,
)
from apps.auth_providers.oauth_config import Credentials
from apps.auth_providers.schemes import (
    BearerToken,
    Delivery,
    HmacSignature,
    RotatingSignature,
    scheme,
)
from tests.tls import make_certificate

GOOD: dict[str, Any] = {"access_token": "abc.DEF-_~+/=", "token_type": "bearer"}
NOW = datetime.now(UTC)


def read(**changes: Any) -> Token:
    fields = {name: value for name, value in (GOOD | changes).items() if value != ...}
    return read_token(200, json.dumps(fields).encode())


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER", "bEaReR"])
def test_the_token_type_is_bearer_in_any_case(kind):
    assert read(token_type=kind).access_token == GOOD["access_token"]


@pytest.mark.parametrize(
    "kind", ["mac", "", "Bearer ", "basic", None, 1, ["bearer"], ...]
)
def test_another_token_type_is_refused(kind):
    with pytest.raises(TokenError) as error:
        read(token_type=kind)
    assert error.value.code == "token_type"


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a\r\nX-Evil: 1", "é", "a\x00", "x" * 20_000, None, 5, ["a"], ...],
)
def test_a_token_is_visible_ascii(text):
    with pytest.raises(TokenError) as error:
        read(access_token=text)
    assert error.value.code == "access_token"


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (0.5, 0.5),
        (None, None),
        (..., None),
        (10**30, LONGEST_LIFE),
        (10**400, LONGEST_LIFE),
        (float("inf"), LONGEST_LIFE),
    ],
)
def test_how_long_a_token_lives(given, seconds):
    assert read(expires_in=given).expires_in == seconds


@pytest.mark.parametrize(
    "given",
    [0, -1, "0", "-5", "soon", "", " 60", "1e3", "٣", True, [], {}, float("nan")],
)
def test_an_end_that_is_no_positive_number_is_refused(given):
    with pytest.raises(TokenError) as error:
        read(expires_in=given)
    assert error.value.code == "expires_in"


@pytest.mark.parametrize(
    ("given", "kept"), [("r1", "r1"), (None, None), ("", None), (..., None)]
)
def test_a_refresh_token_is_optional(given, kept):
    assert read(refresh_token=given).refresh_token == kept


@pytest.mark.parametrize("given", ["a b", 5, {}])
def test_a_refresh_token_is_visible_ascii_too(given):
    with pytest.raises(TokenError) as error:
        read(refresh_token=given)
    assert error.value.code == "refresh_token"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"", "not_json"),
        (200, b"access_token=a&token_type=bearer", "not_json"),
        (200, b"[]", "not_json"),
        (200, b"null", "not_json"),
        (200, b"[" * 50_000, "not_json"),
        (200, b"\xff\xfe", "not_json"),
        (200, b'{"expires_in": ' + b"9" * 5000 + b"}", "not_json"),
        (200, b" " * 65_537, "too_large"),
        (500, b"<html>", "status_500"),
        (201, json.dumps(GOOD).encode(), "status_201"),
        (302, b"", "status_302"),
        (400, b'{"error": "invalid_client"}', "invalid_client"),
        (401, b'{"error": "invalid_grant"}', "invalid_grant"),
        (400, b'{"error": "my secret"}', "status_400"),
        (400, b'{"error": ["invalid_client"]}', "status_400"),
        (400, b'["invalid_client"]', "status_400"),
    ],
)
def test_an_answer_that_is_no_token_has_a_code_of_ours(status, body, code):
    with pytest.raises(TokenError) as error:
        read_token(status, body)
    assert error.value.code == code
    assert error.value.answered


@pytest.mark.parametrize(
    ("life", "after"),
    [
        (3600, 2880),
        (300, 240),
        (299, 239),
        (120, 60),
        (100, 50),
        (60, 30),
        (1, 0.5),
    ],
)
def test_a_token_is_renewed_early(life, after):
    assert renewal(life) == pytest.approx(after)
    assert renewal(life) <= 0.8 * life


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (10_000, 300)],
)
def test_a_failing_server_is_asked_less_and_less(failures, seconds):
    low, middle, high = (back_off(failures, chance) for chance in (0, 0.5, 1))
    assert middle == pytest.approx(seconds)
    assert 0.79 * seconds <= low <= middle <= high <= min(300, 1.21 * seconds)


def test_a_bearer_token_is_the_only_header_whoever_the_event_is_about():
    signed = scheme("oauth", {"access_token": "t0k"})
    assert isinstance(signed, BearerToken)
    delivery = Delivery(
        "POST", "/", b"{}", "2026-01-01T00:00:00.000000Z", "of the user"
    )
    assert signed.headers(delivery) == ["Authorization: Bearer t0k"]
    assert "t0k" not in repr(signed)


@pytest.mark.parametrize(
    ("date", "secret"),
    [
        ("2025-12-31T23:59:59.999999Z", "old"),
        ("2026-01-01T00:00:00.000000Z", "new"),
        ("2026-01-01T00:00:00.000001Z", "new"),
    ],
)
def test_the_date_of_the_attempt_chooses_the_secret(date, secret):
    config: dict[str, object] = {"secret_key": "old", "send_user_token": True}
    rotating = scheme(
        "hmac_signature",
        config | {"next_secret_key": "new", "next_from": "2026-01-01T00:00:00.000000Z"},
    )
    assert isinstance(rotating, RotatingSignature)
    alone = HmacSignature(secret_key=secret, send_user_token=True)
    delivery = Delivery("POST", "/", b"{}", date, "t0k")
    assert rotating.headers(delivery) == alone.headers(delivery)


def test_secrets_are_not_represented():
    config = {"url": "u", "client_id": "i", "client_secret": "s3cret"}
    pair = {"public_cert": "c3rt", "private_cert": "k3y"}
    shown = repr(Credentials.of(config | pair)) + repr(read(refresh_token="r3fresh"))
    for secret in ("s3cret", "c3rt", "k3y", "r3fresh", GOOD["access_token"]):
        assert secret not in shown


def test_a_pair_that_belongs_together_is_taken():
    certificate, key, authority = (part.decode() for part in make_certificate("::1"))
    check_pair(certificate, key, NOW)
    check_pair(certificate + authority, key, NOW)
    assert timedelta(days=29) < ends_at(certificate) - NOW < timedelta(days=31)


def test_a_pair_that_would_not_work_is_refused():
    certificate, key, _ = (part.decode() for part in make_certificate("::1"))
    other = make_certificate("::1")[1].decode()
    for pair, moment, sentence in [
        ((certificate, other), NOW, "not the key"),
        ((certificate, key), NOW + timedelta(days=40), "expired"),
        ((certificate, key), NOW - timedelta(days=40), "not valid before"),
        (("x", key), NOW, "not a certificate"),
        (("x" * 70_000, key), NOW, "not a certificate"),
        ((certificate, certificate), NOW, "not a private key"),
        ((certificate, ""), NOW, "not a private key"),
    ]:
        with pytest.raises(BadCertificate, match=sentence):
            check_pair(*pair, moment)
