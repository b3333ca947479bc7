"""The golden vectors: true of the sender, of the receiver, and of OpenSSL."""

from __future__ import annotations

import base64
import gzip
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from apps.auth_providers.signing import keyed, sign
from apps.receiver.verdict import verify
from tests.unit.test_signing import VECTORS as OF_THE_CONTRACT
from tests.vectors import VECTORS, Vector

VALID = [vector for vector in VECTORS if vector.valid]
INVALID = [vector for vector in VECTORS if not vector.valid]
# A genuine signature over what was sent, refused for its date.
LATE = {"stale", "future", "bad_date"}


def text_of(vector: Vector) -> bytes:
    """The text that is signed."""
    if vector.content_encoding != "gzip":
        return vector.body
    return zlib.decompress(vector.body, wbits=31)


def named(vectors: list[Vector]) -> pytest.MarkDecorator:
    """One test per vector, by its name."""
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector.name)


@named(VALID)
def test_the_sender_signs_a_valid_vector_so(vector):
    signature = sign(
        keyed(vector.secret),
        method=vector.method,
        path=vector.path,
        date=str(vector.date),
        payload=text_of(vector),
    )
    assert signature == vector.signature


@named([each for each in INVALID if each.cause in LATE])
def test_a_vector_with_a_bad_date_is_signed_well_otherwise(vector):
    test_the_sender_signs_a_valid_vector_so(vector)


@named(VECTORS)
def test_the_receiver_agrees_with_a_vector(vector):
    headers = {name.lower(): value for name, value in vector.headers.items()}
    verdict = verify(
        vector.secret,
        method=vector.method,
        target=vector.target,
        headers=headers,
        body=vector.body,
        now=vector.moment,
    )
    assert verdict.valid == vector.valid, verdict.reason


@named(VALID)
def test_openssl_signs_a_valid_vector_so(vector, tmp_path: Path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command")
    message = f"{vector.method}.{vector.path}.{vector.date}.".encode() + text_of(vector)
    file = tmp_path / "message"
    file.write_bytes(message)
    key = f"hexkey:{vector.secret.encode().hex()}"
    digest = subprocess.run(
        [openssl, "dgst", "-sha256", "-mac", "HMAC", "-macopt", key, "-binary", file],
        capture_output=True,
        check=True,
    ).stdout
    assert base64.b64encode(digest).decode() == vector.signature


def test_the_vectors_of_the_contract_are_among_them():
    plain = [vector for vector in VALID if vector.content_encoding is None]
    told = {(v.path, v.date, v.body.decode(), v.signature) for v in plain}
    assert set(OF_THE_CONTRACT) <= told
    assert (
        "/v1/webhook-listener",
        "2022-06-27T11:08:52.577831Z",
        '{"id": 1, "state": "done"}',
        "VcfxPihefHby1m3CLTGOqzHCuQWx7T71Gjm/B01f6DU=",
    ) in told


def test_names_are_unique_and_causes_say_what_is_invalid():
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
    assert all((each.cause == "valid") == each.valid for each in VECTORS)
    assert len(VALID) >= 25
    assert len(INVALID) >= 25


def test_there_is_a_large_body_and_compressed_ones_carry_no_time():
    assert any(len(each.body) > 100_000 for each in VALID)
    packed = [each for each in VALID if each.content_encoding == "gzip"]
    assert len(packed) >= 3
    for vector in packed:
        assert vector.body[4:8] == b"\0\0\0\0"
        assert gzip.decompress(vector.body) == text_of(vector)
