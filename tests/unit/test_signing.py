"""Signatures, against the vectors of the contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.auth_providers.schemes import Delivery, HmacSignature, UserToken, scheme
from apps.auth_providers.signing import keyed, sign, signature_date
from apps.webhooks.engine.settle import microseconds
from tests.make import SECRET

VECTORS = [
    (
        "/v1/webhook-listener",
        "2022-06-27T11:08:52.577831Z",
        '{"id": 1, "state": "done"}',
        "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54=",
    ),
    (
        "/v1/webhook-listener",
        "2022-06-27T11:08:52.000000Z",
        "{}",
        "eY591pOGeEA3CSTOMMsKwT6yQvNwNr9HuHEnBG9XiKg=",
    ),
    (
        "/",
        "2024-02-29T23:59:59.999999Z",
        '{"a":"é€😀","n":1.10}',
        "bPN+JIayzeLZufpm/bxRnqr+x4XQ0/Wky7eaIIv/PrU=",
    ),
    (
        "/hook",
        "2026-01-01T00:00:00.000001Z",
        "",
        "5WuXbq/0IYvYkP8QWujPO6DqZ2znF7OATUrGeHBK3jw=",
    ),
]


@pytest.mark.parametrize(("path", "date", "payload", "signature"), VECTORS)
def test_the_vectors_of_the_contract_hold(path, date, payload, signature):
    key = keyed(SECRET)
    for _ in range(2):
        signed = sign(
            key, method="POST", path=path, date=date, payload=payload.encode()
        )
        assert signed == signature


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2022, 6, 27, 11, 8, 52, 577831, UTC), "2022-06-27T11:08:52.577831Z"),
        (datetime(2022, 6, 27, 11, 8, 52, 0, UTC), "2022-06-27T11:08:52.000000Z"),
        (
            datetime(2022, 6, 27, 13, 8, 52, 1, timezone(timedelta(hours=2))),
            "2022-06-27T11:08:52.000001Z",
        ),
    ],
)
def test_the_date_is_utc_with_six_digits_always(moment, text):
    assert signature_date(microseconds(moment)) == text


def make_delivery(user_token: str | None = "tok") -> Delivery:
    date = "2022-06-27T11:08:52.577831Z"
    body = b'{"id": 1, "state": "done"}'
    return Delivery("POST", "/v1/webhook-listener", body, date, user_token)


SIGNED = [
    "BI-Signature-Date: 2022-06-27T11:08:52.577831Z",
    "BI-Signature: +KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54=",
]
BEARER = ["Authorization: Bearer tok"]


@pytest.mark.parametrize(
    ("kind", "config", "token", "headers"),
    [
        (None, {}, "tok", BEARER),
        (None, {}, None, []),
        ("hmac_signature", {"secret_key": SECRET}, "tok", SIGNED),
        ("hmac_signature", {"secret_key": SECRET}, None, SIGNED),
        (
            "hmac_signature",
            {"secret_key": SECRET, "send_user_token": True},
            "tok",
            SIGNED + BEARER,
        ),
        (
            "hmac_signature",
            {"secret_key": SECRET, "send_user_token": True},
            None,
            SIGNED,
        ),
    ],
)
def test_the_mechanisms_are_alternatives(kind, config, token, headers):
    assert scheme(kind, config).headers(make_delivery(token)) == headers


def test_an_unknown_type_has_no_scheme():
    with pytest.raises(ValueError, match="no scheme"):
        scheme("carrier_pigeon", {})


def test_schemes_are_values():
    assert scheme(None, {}) == UserToken()
    assert scheme("hmac_signature", {"secret_key": "s"}) == HmacSignature(
        secret_key="s"
    )
