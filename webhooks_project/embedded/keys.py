"""What a self-hosted service needs besides its servers: keys, and a local world."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from webhooks_project.embedded.folder import read_values, write_values

SECRETS = "secrets"

LOCAL_SETTINGS = {
    "HTTPS_ONLY": "false",
    "LOG_FORMAT": "human",
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
    "WEBHOOKS_DEADLINE": "3",
    "WEBHOOKS_FLUSHER_PERIOD": "5",
}
"""The console is read, and webhooks are received, on this machine without TLS; and
nobody who watches should wait a minute for the flusher."""

NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
"""For what loads the settings and calls nobody: help, unit tests."""


def new_keys() -> dict[str, str]:
    """Keys that nothing has been signed or sealed with yet."""
    sealing = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "WEBHOOKS_ENCRYPTION_KEYS": f"local1:{sealing}",
    }


def kept_keys(folder: Path) -> dict[str, str]:
    """The folder's keys, made at the first call: its data is sealed with them."""
    path = folder / SECRETS
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_values(path, new_keys())
    return read_values(path)
