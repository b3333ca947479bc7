"""Every shell block of the README and the tutorial, as a reader runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.webhooks.demo.processes import Processes, free_port
from apps.webhooks.models import DeliveryAttempt, WebhookData
from tests.acceptance.test_workers import all_delivered, until
from tests.processes import environment
from tests.shell_blocks import PROJECT, Shell, blocks, commands

# Each starts a service of its own or runs the tests themselves; who runs them instead.
ELSEWHERE = {
    "make demo": "tests/acceptance/test_demo.py",
    "make test": ".ci/run",
    "make dev": "tests/integration/test_embedded_launcher.py, and roles below",
    "make trial": "make trial",
}
DOCUMENTS = [PROJECT / "README.md", PROJECT / "docs" / "tutorial.md"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_what_a_document_tells_to_type_does_what_it_says(
    document, start, tmp_path: Path, monkeypatch
):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    for role in ("pump", "control", "beat"):
        start(role)
    web, receiver = free_port(0), free_port(0)
    replaced = {
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "127.0.0.1:8900": f"127.0.0.1:{receiver}",
        "--port 8900": f"--port {receiver}",
        ".venv/bin/python": sys.executable,
    }
    with Processes(tmp_path) as processes:
        processes.start_web(web)
        processes.wait_until_ready()
        with Shell(tmp_path, os.environ, replaced) as shell:
            for command in commands(document):
                type_in(shell, command, receiver)
            run_python(document)
            assert until(all_delivered), shell.heard()
            delivered = WebhookData.objects.count()
            accepted = DeliveryAttempt.objects.filter(status__lt=300).count()
            assert delivered == accepted > 0
            assert shell.heard().count(" valid -> 204") == delivered, shell.heard()


def type_in(shell: Shell, command: str, port: int) -> None:
    """Run a command; it must succeed, and no answer of the API may be an error."""
    if command in ELSEWHERE:
        return
    if "manage.py listen" in command:
        shell.listen(command, port)
        return
    status, said = shell.run(command)
    assert status == 0, (command, said)
    if command.startswith("curl"):
        answer = json.loads(said)
        assert "code" not in answer, (command, answer)
        if "secret_key" in answer.get("config", answer):
            secret = answer.get("config", answer)["secret_key"]
            shell.replaced["SECRET_KEY_FROM_ABOVE"] = secret


def run_python(document: Path) -> None:
    """The blocks of Python, in Django's shell."""
    for language, text in blocks(document):
        if language == "python":
            command = [sys.executable, "manage.py", "shell", "-c", text]
            subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_what_is_run_elsewhere_is_run(document):
    made = [each for each in commands(document) if each.startswith("make ")]
    assert set(made) <= ELSEWHERE.keys()
    for command in made:
        first = ELSEWHERE[command].split(",")[0]
        assert first.startswith("make ") or (PROJECT / first).exists()
