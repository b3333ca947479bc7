"""The client of docs/client.py, against the service's own processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import Scope, issue
from apps.webhooks.demo.processes import Processes, free_port
from tests.processes import environment
from tests.token_server import TokenServer, mutual_tls

CLIENT = Path(__file__).parents[2] / "docs" / "client.py"
SECONDS = 100


def test_a_client_walks_its_whole_life(start, tmp_path, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    _, token = issue("walk", [Scope.CONFIG, Scope.USERS])
    client, secret = create_client("walk")
    tls, pair = mutual_tls(tmp_path)
    for name, text in pair.items():
        (tmp_path / name).write_text(text)
    for role in ("pump", "control", "beat"):
        start(role)
    port = free_port(0)
    with TokenServer(tls=tls) as server, Processes(tmp_path) as processes:
        processes.start_web(port, HTTPS_ONLY="false")
        processes.wait_until_ready()
        walked = subprocess.run(
            [
                *(sys.executable, CLIENT, "--api", f"http://127.0.0.1:{port}"),
                *("--config-token", token),
                *("--client-id", client.client_id, "--client-secret", secret),
                *("--token-url", server.url, "--token-ca", tmp_path / "ca.pem"),
                *("--public-cert", tmp_path / "public_cert"),
                *("--private-cert", tmp_path / "private_cert"),
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTHONDEVMODE": ""},
        )
    assert walked.stderr == ""
    assert walked.returncode == 0, walked.stdout
    assert walked.stdout.splitlines()[-1] == "all as documented"
    assert server.total == 1
