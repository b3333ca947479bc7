"""Receive signed webhooks with Python's standard library.

    SECRET=... PORT=8900 python3 receiver.py

For production put a proxy with TLS in front of it, one that does not rewrite paths.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import zlib
from collections import OrderedDict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["SECRET"].encode()  # As it was shown: not decoded.
PORT = int(os.environ.get("PORT", "8900"))
NOW = os.environ.get("BI_NOW")  # For tests only: a clock that stands still.
WINDOW = 5 * 60
MAX_BODY = 64 * 1024 * 1024
REMEMBERED = 10_000


class Refused(Exception):
    """The request is not a genuine delivery; says why."""


def verify(method, target, headers, raw):
    """The text of a genuine delivery. `raw` is the body before anything parsed it."""
    body = gunzip(raw) if headers.get("Content-Encoding") == "gzip" else raw
    date = headers.get("BI-Signature-Date", "")
    path = target.split("?")[0]  # As on the wire: no query, escapes left alone.
    message = f"{method}.{path}.{date}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET, message, hashlib.sha256))
    given = headers.get("BI-Signature", "").encode("latin-1", "replace")
    if not hmac.compare_digest(expected, given):  # In constant time.
        raise Refused("signature")
    if abs(now() - instant(date)) > WINDOW:
        raise Refused("date")
    return body


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


def delivery_id(headers, body):
    """The id in the body, which is signed; CFONB files have it in a header only."""
    try:
        return str(json.loads(body)["id_webhook_data"])
    except (ValueError, TypeError, KeyError):
        return headers.get("X-Webhook-Data-Id", "")


class Seen:
    """The latest ids. In production: a unique column, in your transaction."""

    def __init__(self):
        self._ids = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key):
        """False if it was there."""
        with self._lock:
            if key in self._ids:
                return False
            self._ids[key] = True
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)
            return True


seen = Seen()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True  # The body is still in there.
            return self.answer(413 if length.isdecimal() else 411)
        raw = self.rfile.read(int(length))  # First the raw body.
        try:
            body = verify(self.command, self.path, self.headers, raw)
        except Refused as reason:
            print(f"refused: {reason}", flush=True)
            return self.answer(401)
        key = delivery_id(self.headers, body)
        if seen.add(key):
            # Keep the body, answer at once, and work on it afterwards.
            print(f"accepted {key}", flush=True)
        else:
            print(f"duplicate {key}", flush=True)
        return self.answer(204)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
