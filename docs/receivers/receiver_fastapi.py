"""Receive signed webhooks with FastAPI.

    SECRET=... uvicorn --port 8900 receiver_fastapi:app

Keep ids in your database rather than in memory if there are several workers.
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

from fastapi import FastAPI, HTTPException, Request, Response

SECRET = os.environ["SECRET"].encode()  # As it was shown: not decoded.
NOW = os.environ.get("BI_NOW")  # For tests only: a clock that stands still.
WINDOW = 5 * 60
MAX_BODY = 64 * 1024 * 1024
REMEMBERED = 10_000
# A redirect to add a slash would be a failed delivery.
app = FastAPI(redirect_slashes=False, openapi_url=None)
seen = OrderedDict()


@app.post("/{path:path}", status_code=204)
async def receive(request: Request) -> Response:
    """Take the Request: a model as parameter would parse the body first."""
    raw = await raw_body(request)
    try:
        body = verify(request, raw)
    except HTTPException as refused:
        print(f"refused: {refused.detail}", flush=True)
        raise
    key = delivery_id(request, body)
    if key in seen:
        print(f"duplicate {key}", flush=True)
        return Response(status_code=204)
    seen[key] = True
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)
    # Keep the body, answer at once, and work on it afterwards.
    print(f"accepted {key}", flush=True)
    return Response(status_code=204)


async def raw_body(request):
    """The body as it came, up to 64 MB: uvicorn itself has no limit."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise HTTPException(413)
    return bytes(raw)


def verify(request, raw):
    body = raw
    if request.headers.get("content-encoding") == "gzip":
        body = gunzip(raw)
    date = request.headers.get("bi-signature-date", "")
    # As on the wire: `request.url.path` is decoded.
    path = request.scope["raw_path"].decode("latin-1").split("?")[0]
    message = f"{request.method}.{path}.{date}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET, message, hashlib.sha256))
    given = request.headers.get("bi-signature", "").encode("latin-1", "replace")
    if not hmac.compare_digest(expected, given):  # In constant time.
        raise HTTPException(401, "signature")
    if abs(now() - instant(date)) > WINDOW:
        raise HTTPException(401, "date")
    return body


def gunzip(raw):
    """Unpack up to 64 MB: a few bytes can become gigabytes."""
    stream = zlib.decompressobj(wbits=31)
    try:
        body = stream.decompress(raw, MAX_BODY)
    except zlib.error:
        raise HTTPException(401, "gzip") from None
    if not stream.eof:
        raise HTTPException(401, "gzip")
    return body


def instant(date):
    """Seconds since the epoch."""
    if len(date) != len("2022-06-27T11:08:52.577831Z") or date[-1] != "Z":
        raise HTTPException(401, "date")
    try:
        return datetime.strptime(date, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except ValueError:
        raise HTTPException(401, "date") from None


def now():
    return instant(NOW) if NOW else time.time()


def delivery_id(request, body):
    """The id in the body, which is signed; CFONB files have it in a header only."""
    try:
        return str(json.loads(body)["id_webhook_data"])
    except (ValueError, TypeError, KeyError):
        return request.headers.get("x-webhook-data-id", "")
