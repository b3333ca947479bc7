"""Every setting of the service, from the environment (see `.env.example`).

What the API is made of, which no environment changes, is in `api.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from webhooks_project import __version__
from webhooks_project.api import REST_FRAMEWORK as REST_FRAMEWORK
from webhooks_project.api import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from webhooks_project.environment import Environment
from webhooks_project.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()

# Django
SECRET_KEY: str = env.str("SECRET_KEY")
DEBUG: bool = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS_ONLY: bool = env.bool("HTTPS_ONLY", default=not DEBUG)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.audit",
    "apps.encryption",
    "apps.receiver",
    "apps.tracing",
    "apps.api_tokens",
    "apps.configuration",
    "apps.event_log",
    "apps.connections",
    "apps.auth_providers",
    "apps.operators",
    "apps.webhooks",
    # After the apps, whose templates replace some of the admin's.
    "webhooks_project.admin.ConsoleConfig",
]
MIDDLEWARE = [
    "apps.api_tokens.request_id.RequestIdMiddleware",
    # Before what redirects to https and wants a known name.
    "apps.webhooks.probes.ProbesMiddleware",
    "apps.tracing.middleware.TraceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webhooks_project.policy.PolicyMiddleware",
    "apps.webhooks.console.middleware.ConsoleSessionMiddleware",
    "apps.webhooks.console.middleware.ConsoleLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.webhooks.console.middleware.ConsoleAuthenticationMiddleware",
    "apps.webhooks.console.middleware.SecondFactorMiddleware",
    "apps.api_tokens.acting.ActingMiddleware",
    "apps.webhooks.console.middleware.ConsoleMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "webhooks_project.urls"
WSGI_APPLICATION = "webhooks_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"console": "apps.webhooks.console.tags"},
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "webhooks_project" / "locale"]
FORMAT_MODULE_PATH = ["webhooks_project.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
# Dates in payloads are the original's: naive wall time of Paris (contract, 0.10).
PAYLOAD_ZONE = ZoneInfo("Europe/Paris")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE = True, HTTPS_ONLY
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Nobody uses the console without a second factor; else whoever has set one up has it.
CONSOLE_REQUIRE_TWO_FACTOR: bool = env.bool("CONSOLE_REQUIRE_TWO_FACTOR", default=False)
# Nothing inline, nothing from elsewhere: on the console, the API and its page alike.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# The truth: PostgreSQL. The engine needs it, no other database is supported.
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL")}
if DATABASES["default"].get("ENGINE") != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database: the engine needs PostgreSQL."
    )
DATABASES["default"]["ENGINE"] = "webhooks_project.postgresql"
# Where a secret is kept apart from the rest of the URL.
if password := env.str("DATABASE_PASSWORD", default=""):
    DATABASES["default"]["PASSWORD"] = password
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A pool gives each transaction another connection, where such a cursor is unknown.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=env.int("DATABASE_CONNECT_TIMEOUT", default=5),
    application_name="bankhooks",
)

# The bell: Redis. Losing it costs latency, never data.
REDIS_URL: str = env.str("REDIS_URL")
REDIS_PREFIX = "bankhooks:"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT = "webhooks_project.broker:Transport"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Without a socket timeout kombu's health checks never run, and a half-open
    # connection is waited on for ever. Both together, and what waits behind the first,
    # are what D-05 takes: some nine seconds.
    "socket_timeout": 3,
    "socket_connect_timeout": 0.5,
    "health_check_interval": 3,
    "retry_on_timeout": False,
    "global_keyprefix": REDIS_PREFIX,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_TASK_ROUTES = {"webhooks.pump": {"queue": "pump"}}
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_TASK_TIME_LIMIT = 85
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# In its place stderr would be a logger, which the log would then be written to.
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_ACCEPT_CONTENT = ["json"]
# A connection opened per task costs 3.8 ms of PostgreSQL's time. Which are replaced is
# seen to in webhooks_project/celery.py.
CELERY_DB_REUSE_MAX = 1_000_000
CELERY_TIMEZONE = "UTC"

# Secrets at rest: "id:base64 of 32 bytes", newest first, comma separated.
WEBHOOKS_ENCRYPTION_KEYS: list[str] = env.list("WEBHOOKS_ENCRYPTION_KEYS")
# A copy of .env.example that nobody filled in.
if not (SECRET_KEY and WEBHOOKS_ENCRYPTION_KEYS):
    raise ImproperlyConfigured(
        "SECRET_KEY and WEBHOOKS_ENCRYPTION_KEYS must both be given."
    )

# Where webhooks may go.
WEBHOOKS_ALLOWED_NETWORKS: str = env.str("WEBHOOKS_ALLOWED_NETWORKS", default="")
WEBHOOKS_ALLOW_HTTP: bool = env.bool("WEBHOOKS_ALLOW_HTTP", default=False)
WEBHOOKS_PROXY: str = env.str("WEBHOOKS_PROXY", default="")
WEBHOOKS_CA_FILE: str = env.str("WEBHOOKS_CA_FILE", default="")

WEBHOOKS_USER_AGENT: str = env.str(
    "WEBHOOKS_USER_AGENT", default=f"bankhooks/{__version__}"
)

# How they are sent. Seconds, unless the name says otherwise.
WEBHOOKS_CONNECT_TIMEOUT: float = env.float("WEBHOOKS_CONNECT_TIMEOUT", default=3.0)
WEBHOOKS_DEADLINE: float = env.float("WEBHOOKS_DEADLINE", default=10.0)
WEBHOOKS_MAX_IN_FLIGHT: int = env.int("WEBHOOKS_MAX_IN_FLIGHT", default=32)
WEBHOOKS_MAX_PAYLOAD_BYTES: int = env.int(
    "WEBHOOKS_MAX_PAYLOAD_BYTES", default=10 * 1024 * 1024
)
# When POST /events answers 503: with more than so much to be sent, and when the
# database takes longer than so many seconds; 0 is never.
WEBHOOKS_MAX_BACKLOG: int = env.int("WEBHOOKS_MAX_BACKLOG", default=5_000_000)
WEBHOOKS_EMIT_PATIENCE: float = env.float("WEBHOOKS_EMIT_PATIENCE", default=2.0)
# Payloads that are not as their event's schema has them: off, warn or enforce.
WEBHOOKS_SCHEMA_CHECK: str = env.str("WEBHOOKS_SCHEMA_CHECK", default="warn")
WEBHOOKS_FLUSHER_PERIOD: float = env.float("WEBHOOKS_FLUSHER_PERIOD", default=60.0)
WEBHOOKS_SWEEP_PERIOD: float = env.float("WEBHOOKS_SWEEP_PERIOD", default=5.0)
WEBHOOKS_CUTOFF_FAILURES: int = env.int("WEBHOOKS_CUTOFF_FAILURES", default=10)
WEBHOOKS_CUTOFF_TIMEOUTS: int = env.int("WEBHOOKS_CUTOFF_TIMEOUTS", default=2)
# When `warning` is set: a share of accepted attempts, an average duration.
WEBHOOKS_WARNING_SUCCESS_RATE: float = env.float(
    "WEBHOOKS_WARNING_SUCCESS_RATE", default=0.9
)
WEBHOOKS_WARNING_SECONDS: float = env.float("WEBHOOKS_WARNING_SECONDS", default=3.0)
WEBHOOKS_HEARTBEAT_PERIOD: float = env.float("WEBHOOKS_HEARTBEAT_PERIOD", default=30.0)
WEBHOOKS_LEASE: float = env.float("WEBHOOKS_LEASE", default=20.0)
WEBHOOKS_SETTLE: float = env.float("WEBHOOKS_SETTLE", default=10.0)
WEBHOOKS_PUMP_RUN: float = env.float("WEBHOOKS_PUMP_RUN", default=20.0)
WEBHOOKS_PUMP_SOCKETS: int = env.int("WEBHOOKS_PUMP_SOCKETS", default=400)
WEBHOOKS_PUMPS: int = env.int("WEBHOOKS_PUMPS", default=8)
WEBHOOKS_TEMPORARY_USER_MINUTES: int = env.int(
    "WEBHOOKS_TEMPORARY_USER_MINUTES", default=30
)

# Who calls the API. Temporary codes and service tokens live this long.
WEBHOOKS_SHORT_TOKEN_MINUTES: int = env.int("WEBHOOKS_SHORT_TOKEN_MINUTES", default=30)
# What is answered with 429 beyond so much in so many seconds; 0 is no limit.
WEBHOOKS_THROTTLE_SECONDS: int = env.int("WEBHOOKS_THROTTLE_SECONDS", default=60)
WEBHOOKS_FAILURES_PER_ADDRESS: int = env.int(
    "WEBHOOKS_FAILURES_PER_ADDRESS", default=30
)
WEBHOOKS_FAILURES_PER_CLIENT: int = env.int("WEBHOOKS_FAILURES_PER_CLIENT", default=10)
WEBHOOKS_INITS_PER_ADDRESS: int = env.int("WEBHOOKS_INITS_PER_ADDRESS", default=60)
WEBHOOKS_TESTS_PER_TOKEN: int = env.int("WEBHOOKS_TESTS_PER_TOKEN", default=30)
# How many proxies before the web append to X-Forwarded-For.
WEBHOOKS_TRUSTED_PROXIES: int = env.int("WEBHOOKS_TRUSTED_PROXIES", default=0)

# The plug-in that synchronises connections, and what it is asked for besides:
# attachments, ownerships.
WEBHOOKS_CONNECTOR: str = env.str(
    "WEBHOOKS_CONNECTOR", default="apps.connections.connectors.sandbox.Sandbox"
)
WEBHOOKS_SYNC_FEATURES: list[str] = env.list("WEBHOOKS_SYNC_FEATURES", default=[])
WEBHOOKS_AUTOSYNC_PERIOD: float = env.float("WEBHOOKS_AUTOSYNC_PERIOD", default=60.0)

# How long what has ended is kept, in days; 0: for ever. Of what may still be sent
# nothing is removed.
WEBHOOKS_KEEP_BODIES_DAYS: int = env.int("WEBHOOKS_KEEP_BODIES_DAYS", default=30)
WEBHOOKS_KEEP_ATTEMPTS_DAYS: int = env.int("WEBHOOKS_KEEP_ATTEMPTS_DAYS", default=90)
WEBHOOKS_KEEP_DELIVERIES_DAYS: int = env.int(
    "WEBHOOKS_KEEP_DELIVERIES_DAYS", default=365
)
WEBHOOKS_PURGE_PERIOD: float = env.float("WEBHOOKS_PURGE_PERIOD", default=3600.0)

CELERY_BEAT_SCHEDULE = {
    "flush": {
        "task": "webhooks.flush",
        "schedule": WEBHOOKS_FLUSHER_PERIOD,
        "options": {"expires": WEBHOOKS_FLUSHER_PERIOD},
    },
    "sweep": {
        "task": "webhooks.sweep",
        "schedule": WEBHOOKS_SWEEP_PERIOD,
        "options": {"expires": WEBHOOKS_SWEEP_PERIOD},
    },
    "purge": {
        "task": "webhooks.purge",
        "schedule": WEBHOOKS_PURGE_PERIOD,
        "options": {"expires": WEBHOOKS_PURGE_PERIOD},
    },
    "autosync": {
        "task": "webhooks.autosync",
        "schedule": WEBHOOKS_AUTOSYNC_PERIOD,
        "options": {"expires": WEBHOOKS_AUTOSYNC_PERIOD},
    },
}

# What Prometheus asks for, with this token; without one there is nothing to ask.
WEBHOOKS_METRICS_TOKEN: str = env.str("WEBHOOKS_METRICS_TOKEN", default="")
# Of a worker, which has no web to be asked through; 0: not at all.
WEBHOOKS_METRICS_PORT: int = env.int("WEBHOOKS_METRICS_PORT", default=0)
# Where the processes of a role keep their figures; without it they keep none.
PROMETHEUS_MULTIPROC_DIR: str = env.str("PROMETHEUS_MULTIPROC_DIR", default="")

# Where traces go, by OTLP over HTTP; without it there are none. What else is to be sent
# there, as `name=value,...`, and the share of traces that begin here, 0 to 1.
OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_EXPORTER_OTLP_HEADERS: str = env.str("OTEL_EXPORTER_OTLP_HEADERS", default="")
OTEL_TRACES_SAMPLER_ARG: float = env.float("OTEL_TRACES_SAMPLER_ARG", default=1.0)

# Mails about failing webhooks: an URL as django-environ reads it.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", default="bankhooks@localhost")

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * WEBHOOKS_MAX_PAYLOAD_BYTES

# json: a line is an object, for machines; human: for a terminal.
LOG_FORMAT: str = env.str("LOG_FORMAT", default="human" if DEBUG else "json")
# The share of attempts of which there is a line, 0 to 1.
LOG_OUTCOMES: float = env.float("LOG_OUTCOMES", default=0.0)
LOGGING = logging_config(level=env.str("LOG_LEVEL", default="INFO"), style=LOG_FORMAT)
