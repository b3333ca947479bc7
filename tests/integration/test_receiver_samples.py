"""The sample receivers of docs/receivers tell genuine deliveries from others.

Each runs as a process. One whose language is not on this machine is skipped, and named
at the end of the run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.auth_providers.schemes import Delivery, HmacSignature
from apps.auth_providers.signing import signature_date
from apps.webhooks.formats.json_body import splice_id
from tests.make import SECRET
from tests.receivers import SAMPLES, NotHere, Running, Sample, running
from tests.vectors import VECTORS, Vector


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """How to start a sample that can be started here."""
    sample: Sample = request.param
    try:
        return sample.prepare(tmp_path)
    except NotHere as error:
        pytest.skip(f"{sample.name}: {error}")


def worlds() -> Iterator[tuple[str, str, list[Vector]]]:
    """The vectors by secret and instant: what a process is started with."""
    found: dict[tuple[str, str], list[Vector]] = defaultdict(list)
    for vector in VECTORS:
        found[vector.secret, vector.now].append(vector)
    for (secret, now), vectors in found.items():
        yield secret, now, vectors


@pytest.mark.slow
def test_a_sample_receiver_agrees_with_the_vectors(command, tmp_path: Path):
    wrong = []
    for secret, now, vectors in worlds():
        with running(command, tmp_path, secret, now) as sample:
            for number, vector in enumerate(vectors):
                headers = vector.headers | {"X-Webhook-Data-Id": f"{1000 + number}"}
                status = sample.send(vector.method, vector.target, headers, vector.body)
                if status != (204 if vector.valid else 401):
                    wrong.append((vector.name, status))
    assert wrong == []


def sign_now(path: str, body: bytes) -> dict[str, str]:
    """The headers that the sender adds at this moment."""
    date = signature_date(time.time_ns() // 1000)
    delivery = Delivery("POST", path, body, date, None)
    lines = HmacSignature(secret_key=SECRET).headers(delivery)
    return dict(line.split(": ", 1) for line in lines)


def deliver(sample: Running, body: bytes, id_header: int) -> int:
    """As the sender does; the status."""
    headers = sign_now("/hook", body) | {
        "Content-Type": "application/json; charset=utf-8",
        "X-Webhook-Data-Id": str(id_header),
    }
    return sample.send("POST", "/hook?tenant=1", headers, body)


@pytest.mark.slow
def test_a_sample_receiver_works_by_the_clock_and_once_per_id(command, tmp_path: Path):
    first, second = (splice_id(b'{"state":"done"}', number) for number in (41, 42))
    with running(command, tmp_path, SECRET, None) as sample:
        for body, id_header in ((first, 41), (first, 41), (second, 42), (first, 43)):
            assert deliver(sample, body, id_header) == 204
        assert deliver(sample, b"no JSON", 51) == 204
        assert deliver(sample, b"no JSON", 51) == 204
        assert sample.send("POST", "/hook", {}, first) == 401
        assert sample.send("GET", "/hook", {}, b"") in (404, 405, 501)
        said = sample.said().splitlines()
    told = [line for line in said if line.startswith(("accepted", "duplicate"))]
    # The id in the body is signed, and so counts more than the one in the header.
    assert told == [
        "accepted 41",
        "duplicate 41",
        "accepted 42",
        "duplicate 41",
        "accepted 51",
        "duplicate 51",
    ]
    assert [line for line in said if line.startswith("refused")] != []
