"""Real PostgreSQL and Redis servers from wheels, for the demo, development and tests.

Never for production: there, `DATABASE_URL` and `REDIS_URL` name the real ones, and
nothing of this package runs.
"""

from __future__ import annotations

from webhooks_project.embedded.errors import ServiceError
from webhooks_project.embedded.folder import running_environment
from webhooks_project.embedded.services import Services, discard

__all__ = ["ServiceError", "Services", "discard", "running_environment"]
