"""The project's settings with nothing configured: for the type checker and lint."""

from __future__ import annotations

import os

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault(
    "SECRET_KEY", "only for lint, and as long as one of production: 0123456789"
)
os.environ.setdefault("WEBHOOKS_ENCRYPTION_KEYS", "lint:" + "A" * 43 + "=")

from webhooks_project.settings import *  # noqa: F403
