"""What guards the supply chain: secrets are found, licences listed, verdicts honest."""

from __future__ import annotations

import base64
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.supply_chain import licences, secret_scan, vulnerabilities
from tests.supply_chain.locked import LOCK, PROJECT, locked

# Put together here, or the scan would find them in this very file.
KEY = base64.b64encode(bytes(range(7, 39))).decode()
SECRETS = [
    "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "M" * 60,
    "AK" + "IA" + "ABCDEFGHIJKLMNOP",
    "gh" + "p_" + "a1B2" * 9,
    "gl" + "pat-" + "a1B2c" * 4,
    "sk_" + "live_" + "a1B2" * 6,
    "wh" + "sec_" + "a1B2" * 6,
    "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 25,
    f'SECRET_KEY = "{KEY}"',
    f"export DATABASE_PASSWORD={KEY}",
    f'{{"access_token": "{KEY}"}}',
    f"WEBHOOKS_ENCRYPTION_KEYS=k1:{KEY}",
]
NONE = [
    "SECRET_KEY=",
    'password = "correct horse battery staple"',
    'token = "webhooks.refresh_token_of_provider"',
    "TOKEN=$(.venv/bin/python manage.py create_token shop --scope config)",
    "--hash=sha256:" + "0123456789abcdef" * 4,
    "secret_key: SECRET_KEY_FROM_ABOVE_AND_NO_OTHER",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_found_and_not_repeated(text):
    (found,) = secret_scan.scan("a place", text)
    assert found.place == "a place"
    assert KEY not in str(found)


@pytest.mark.parametrize("text", NONE)
def test_what_is_none_is_not(text):
    assert not list(secret_scan.scan("a place", text))


def test_whatever_is_random_is_found_under_a_telling_name():
    made = random.Random(1)
    for _ in range(200):
        value = base64.urlsafe_b64encode(made.randbytes(32)).decode().rstrip("=")
        text = f'api_key = "{value}"'
        assert list(secret_scan.scan("a place", text)), text


def test_nothing_tracked_looks_like_a_secret():
    assert secret_scan.faults(secret_scan.tracked()) == []


def test_what_is_allowed_is_still_there():
    found = {
        each.digest
        for place, text in secret_scan.tracked()
        for each in secret_scan.scan(place, text)
    }
    assert secret_scan.allowed().keys() <= found


def test_the_page_of_licences_is_as_it_is_written():
    assert licences.PAGE.read_text() == licences.page(), "make licences"


@pytest.mark.parametrize("package", locked())
def test_the_licence_of_a_package_lets_a_service_be_run(package):
    assert licences.ACCEPTED.search(licences.licence_of(package))


def test_everything_locked_is_read():
    lines = re.findall(r"^\S+==.*$", LOCK.read_text(), re.MULTILINE)
    elsewhere = [line for line in lines if re.search("win32|3.11.3", line)]
    assert len(locked()) == len(lines) - len(elsewhere)


def test_the_bill_of_materials_has_everything_locked(tmp_path: Path):
    target = tmp_path / "bill.json"
    command = ["requirements", "--output-reproducible", "--of", "JSON"]
    command += ["-o", str(target), "--pyproject", "pyproject.toml", LOCK.name]
    program = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run([program, *command], cwd=PROJECT, check=True, capture_output=True)
    bill = json.loads(target.read_text())
    found = {each["name"]: each["version"] for each in bill["components"]}
    assert locked().items() <= found.items()
    assert bill["metadata"]["component"]["name"] == "bankhooks"


FAULT = {"id": "CVE-2026-1", "fix_versions": ["2"], "aliases": []}


@pytest.mark.parametrize(
    ("packages", "status", "says"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "0 with known"),
        ([{"name": "a", "version": "1", "vulns": [FAULT]}], 1, "a 1: CVE-2026-1"),
        ([{"name": "a", "skip_reason": "not found"}], 3, "NOT AUDITED"),
        (
            [
                {"name": "a", "version": "1", "vulns": []},
                {"name": "b", "skip_reason": "not found"},
            ],
            0,
            "b: not audited",
        ),
    ],
)
def test_an_audit_that_looked_at_nothing_is_no_verdict(packages, status, says):
    judged, said = vulnerabilities.judge("a.lock", {"dependencies": packages})
    assert judged == status
    assert says in said
