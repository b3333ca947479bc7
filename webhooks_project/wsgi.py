"""The WSGI entry point, for gunicorn."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from webhooks_project.environment import UNUSABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webhooks_project.settings")

# With any other status gunicorn would start the process again, and again.
GIVE_UP = 4

try:
    application = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.stderr.write(f"{UNUSABLE}{error}\n")
    raise SystemExit(GIVE_UP) from error
