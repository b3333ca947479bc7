"""`manage.py verify`, in processes of its own and in this one."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import (
    CommandError,
    ManagementUtility,
    call_command,
)

from apps.auth_providers.management.commands.verify import show_in_terminal
from tests.integration.test_embedded_launcher import bare
from tests.make import SECRET
from tests.unit.test_diagnosis import look, message, signature_of

PROJECT = Path(__file__).resolve().parents[2]
DATE = "2022-06-27T11:08:52.577831Z"
BODY = '{"id": 1, "state": "done"}'
NOW = "2022-06-27T11:09Z"
SIGNATURE = "+KVQdgwwzJFYsDZEuGMyxL4K58uuQak5u4x0teX+d54="


def request_of(signature: str, target: str = "/v1/webhook-listener") -> str:
    """A whole request, as text."""
    return (
        f"POST {target} HTTP/1.1\r\nBI-Signature-Date: {DATE}\r\n"
        f"BI-Signature: {signature}\r\n\r\n{BODY}"
    )


def run(
    *arguments: str, given: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """`manage.py verify`, without any setting of the service."""
    return subprocess.run(
        [sys.executable, "manage.py", "verify", *arguments],
        cwd=PROJECT,
        env=bare(**variables),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def verify(*arguments: str) -> str:
    """The command in this process; what it prints."""
    output = io.StringIO()
    call_command("verify", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Genuine headers and body in files, and the arguments that name them."""
    signature = signature_of(message(body=BODY.encode()))
    (tmp_path / "headers").write_text(
        f"BI-Signature-Date: {DATE}\nBI-Signature: {signature}\n"
    )
    (tmp_path / "body").write_text(BODY)
    return [
        f"--headers={tmp_path / 'headers'}",
        f"--body={tmp_path / 'body'}",
        "--path=/hook",
        f"--now={NOW}",
        f"--secret={SECRET}",
    ]


def test_it_needs_nothing_but_what_was_received():
    done = run("--now", NOW, given=request_of(SIGNATURE), SECRET=SECRET)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("valid: valid\n  The signature is genuine")
    assert f'POST./v1/webhook-listener.{DATE}.{{"id": 1, "state"' in done.stdout


def test_it_ends_with_1_and_the_cause():
    given = request_of(SIGNATURE, "/v1/webhook-listener/")
    done = run("--now", NOW, "--format", "json", given=given, SECRET=SECRET)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["verdict"] == "invalid"
    assert told["cause"] == "path_trailing_slash"
    assert told["causes"] == ["path_trailing_slash"]
    assert told["signed_bytes"] == 81


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        ([], request_of(SIGNATURE), "Give the secret: in the variable SECRET"),
        (["--secret=s"], "nonsense", "Line 1 is not a header: nonsense."),
        (["--secret=s"], "", "There are no headers."),
        (["--secret=s", "--headers=/nowhere"], "", "/nowhere cannot be read"),
        (["--secret=s", "--body=-"], "", "Only one of --headers and --body is stdin."),
        (["--secret=s", "--now=today"], "A: b", "--now is an instant as in"),
        (["--secret=s"], "A: b", "Give the path or the URL of the request."),
        (["--secret=s", "--path=/"], "A: b", "Give the body, and be it empty."),
        (["--secret=s", "--path=/", "--url=https://a"], "", "not allowed with"),
        (["--what"], "", "unrecognized arguments: --what"),
    ],
)
def test_it_ends_with_2_when_it_cannot_tell(
    arguments, given, sentence, monkeypatch, capsys
):
    monkeypatch.delenv("SECRET", raising=False)
    typed = io.TextIOWrapper(io.BytesIO(given.encode()))
    monkeypatch.setattr(sys, "stdin", typed)
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", "verify", *arguments]).execute()
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_headers_and_body_come_from_files(files):
    assert verify(*files).startswith("valid: valid\n")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--path=/hook?x=1"], "valid"),
        (["--path=/hook/"], "path_trailing_slash"),
        (["--method=post"], "method_case"),
        (["--path=/x", "--registered=https://a.example/hook"], "path_registered"),
        (["--now=2022-06-27T12:00"], "stale"),
    ],
)
def test_what_is_given_counts(files, arguments, cause, capsys):
    output = io.StringIO()
    ended = 0
    try:
        call_command("verify", *files, *arguments, stdout=output)
    except SystemExit as end:
        ended = int(str(end.code))
    assert output.getvalue().splitlines()[0].endswith(f": {cause}")
    assert ended == (0 if cause == "valid" else 1)


def test_a_second_secret_is_tried(files):
    first = [each for each in files if not each.startswith("--secret")]
    output = io.StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "verify", *first, "--secret=new", f"--secret={SECRET}", stdout=output
        )
    assert "secret_other" in output.getvalue()
    assert "The signature was made with the secret number 2." in output.getvalue()


def test_bytes_that_are_no_text_are_no_headers(files, tmp_path: Path):
    (tmp_path / "headers").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="not text") as refusal:
        verify(*files)
    assert refusal.value.returncode == 2


def test_in_a_terminal_it_is_set_in_colours(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    show_in_terminal(look("x", target="/a"))
    told = capsys.readouterr().out
    assert "✗ invalid" in told
    assert "signature_malformed" in told
    assert "→ Look for what changed the header" in told
    assert (
        max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in told.split("\n")) <= 60
    )


def test_the_documentation_shows_what_it_prints(tmp_path: Path):
    text = (PROJECT / "docs" / "signing.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^invalid: .*?(?=^```)", text, re.DOTALL | re.MULTILINE)
    signature = signature_of(message(path="/hook?tenant=7", body=BODY.encode()))
    given = request_of(signature, "/hook?tenant=7")
    done = run("--now", NOW, given=given, SECRET=SECRET)
    assert done.stdout == shown


def test_a_receiver_needs_no_setting_either():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "manage.py", "listen", "--port", port],
            cwd=PROJECT,
            env=bare(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr.startswith(f"CommandError: Cannot listen on port {port}")
