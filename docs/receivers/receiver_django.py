"""Receive signed webhooks with Django: one view, and the least around it to run it.

    SECRET=... gunicorn -b 127.0.0.1:8900 receiver_django:application

In your project take the view and what it calls. Keep ids in your database rather than
in memory: gunicorn has several workers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
import zlib
from collections import OrderedDict
from datetime import datetime

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

MAX_BODY = 64 * 1024 * 1024

if not settings.configured:
    settings.configure(
        SECRET_KEY="for this sample only",
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF=__name__,
        APPEND_SLASH=False,  # A redirect would be a failed delivery.
        DATA_UPLOAD_MAX_MEMORY_SIZE=MAX_BODY,  # A first synchronisation has megabytes.
        LOGGING_CONFIG=None,
    )
    django.setup()

SECRET = os.environ["SECRET"].encode()  # As it was shown: not decoded.
NOW = os.environ.get("BI_NOW")  # For tests only: a clock that stands still.
WINDOW = 5 * 60
REMEMBERED = 10_000
seen = OrderedDict()


class Refused(Exception):
    """The request is not a genuine delivery; says why."""


@csrf_exempt
@require_POST
def receive(request):
    """Verify, remember, answer at once."""
    raw = request.body  # First the raw body: request.POST would consume it.
    try:
        body = verify(request, raw)
    except Refused as reason:
        print(f"refused: {reason}", flush=True)
        return HttpResponse(status=401)
    key = delivery_id(request, body)
    if key in seen:
        print(f"duplicate {key}", flush=True)
        return HttpResponse(status=204)
    seen[key] = True
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)
    # Keep the body, answer at once, and work on it afterwards.
    print(f"accepted {key}", flush=True)
    return HttpResponse(status=204)


def verify(request, raw):
    body = raw
    if request.headers.get("Content-Encoding") == "gzip":
        body = gunzip(raw)
    date = request.headers.get("BI-Signature-Date", "")
    message = f"{request.method}.{raw_path(request)}.{date}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET, message, hashlib.sha256))
    given = request.headers.get("BI-Signature", "").encode("latin-1", "replace")
    if not hmac.compare_digest(expected, given):  # In constant time.
        raise Refused("signature")
    if abs(now() - instant(date)) > WINDOW:
        raise Refused("date")
    return body


def raw_path(request):
    """The path as on the wire; `request.path` is decoded.

    gunicorn has it in RAW_URI, uWSGI in REQUEST_URI. Other servers keep nothing of it:
    encoded again it is the same for any path that was encoded in the usual way.
    """
    target = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    return (target or request.get_full_path()).split("?")[0]


def gunzip(raw):
    """Unpack up to 64 MB: a few bytes can become gigabytes."""
    stream = zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(raw, MAX_BODY)
    except zlib.error:
        raise Refused("gzip") from None
    if not stream.eof:
        raise Refused("gzip")
    return body


def instant(date):
    """Seconds since the epoch."""
    if len(date) != len("2022-06-27T11:08:52.577831Z") or date[-1] != "Z":
        raise Refused("date")
    try:
        return datetime.strptime(date, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except ValueError:
        raise Refused("date") from None


def now():
    return instant(NOW) if NOW else time.time()


def delivery_id(request, body):
    """The id in the body, which is signed; CFONB files have it in a header only."""
    try:
        return str(json.loads(body)["id_webhook_data"])
    except (ValueError, TypeError, KeyError):
        return request.headers.get("X-Webhook-Data-Id", "")


urlpatterns = [re_path(r"", receive)]
application = get_wsgi_application()
