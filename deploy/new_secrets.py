"""Writes new secrets into a folder: `python3 deploy/new_secrets.py secrets`.

One file each, for compose, systemd and Kubernetes alike. What is there already is
left as it is: losing the encryption keys loses what was sealed with them. Needs
nothing but Python.
"""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

SECRETS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(48),
    "encryption_keys": lambda: (
        "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()
    ),
    "database_password": lambda: secrets.token_urlsafe(24),
    "metrics_token": lambda: secrets.token_urlsafe(24),
}


def main(arguments: list[str]) -> int:
    """Write what is missing; the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python3 deploy/new_secrets.py FOLDER\n")
        return 2
    folder = Path(arguments[0])
    # The folder keeps others out; the files are read by the containers' user.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, make in SECRETS.items():
        path = folder / name
        if path.exists():
            sys.stdout.write(f"{path} is there already.\n")
            continue
        # Without an end of line, which would become part of a Kubernetes secret.
        path.write_text(make(), encoding="utf-8")
        path.chmod(0o444)
        sys.stdout.write(f"{path} is new.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
