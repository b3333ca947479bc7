"""A client's whole life with the service, over HTTP and with nothing but `requests`.

    python docs/client.py --api http://127.0.0.1:8000 \\
        --config-token TOKEN --client-id ID --client-secret SECRET

The tokens come from `manage.py create_token NAME --scope config --scope users` and
`manage.py create_client NAME`. The script listens on a loopback port of its own; the
service must be allowed to call it (`WEBHOOKS_ALLOWED_NETWORKS=127.0.0.0/8` and
`WEBHOOKS_ALLOW_HTTP=true`, as `make dev` has it).

With `--token-url`, and a certificate pair if that server asks for one, the OAuth 2.0
part is walked too. It ends with status 0 only if everything was as it is documented,
and deletes what it made.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import hmac
import json
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import requests

PATIENCE_SECONDS = 30.0
# Workers go on for a moment with what they have read before.
MOMENT_SECONDS = 3.0
EVENTS = ("USER_CREATED", "CONNECTION_SYNCED", "ACCOUNTS_FETCHED", "USER_DELETED")


class Unexpected(Exception):
    """Something was not as it is documented: what."""


@dataclass
class Api:
    """The service; `token` is sent unless a call brings its own."""

    url: str
    token: str

    def call(
        self, method: str, path: str, *, token: str | None = None, **body: Any
    ) -> Any:
        """What is answered; raise `Unexpected` unless that is a success."""
        answer = requests.request(
            method,
            self.url + path,
            json=body or None,
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=PATIENCE_SECONDS,
        )
        if not answer.ok:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


@dataclass
class Delivery:
    """One request of the service, as it arrived. Names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> bytes:
        """The body before compression: this is what is signed."""
        packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if packed else self.body

    @property
    def payload(self) -> Any:
        """What happened."""
        return json.loads(self.text)

    def is_signed_with(self, secret: str) -> bool:
        """Does `BI-Signature` say so? Compared in constant time."""
        date = self.headers.get("bi-signature-date", "")
        signed = f"POST.{self.path}.{date}.".encode() + self.text
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        expected = base64.b64encode(digest).decode()
        return hmac.compare_digest(expected, self.headers.get("bi-signature", ""))


@dataclass
class Receiver:
    """A web server that accepts everything and remembers it."""

    deliveries: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        deliveries = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): text for name, text in self.headers.items()}
                deliveries.append(Delivery(self.path, headers, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: the walk says what arrived."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, event: str) -> str:
        """A path for each event: the body does not say which one it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{event}"

    def wait_for(self, event: str, after: int = 0) -> list[Delivery]:
        """The deliveries of an event, once there are more than so many."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = [each for each in self.deliveries if each.path == f"/{event}"]
            if len(found) > after:
                return found
            time.sleep(0.05)
        raise Unexpected(f"{event} was not delivered {after + 1} times.")

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Walk:
    """The life of one client; each step stands on those before it."""

    api: Api
    receiver: Receiver
    options: argparse.Namespace
    webhooks: dict[str, int] = field(default_factory=dict)
    providers: list[int] = field(default_factory=list)
    secret: str = ""
    user: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """All of it, in order."""
        self.look_at_the_catalogue()
        self.register()
        self.create_a_temporary_user()
        self.connect()
        self.become_permanent()
        self.verify()
        self.look_at_the_log()
        self.compress()
        self.rotate_the_secret()
        self.delete_the_user()

    def look_at_the_catalogue(self) -> None:
        """Which events there are, and what their bodies look like."""
        listed = self.api.call("GET", "/webhooks_events")
        names = {event["name"] for event in listed["webhooks_events"]}
        check(names.issuperset(EVENTS), "the catalogue has the events")
        say(f"{listed['total']} events can be subscribed to")

    def register(self) -> None:
        """Webhooks: one event and one URL each, and how they prove who sends."""
        provider = self.api.call(
            "POST", "/webhooks/auth", type="hmac_signature", name=f"walk{now()}"
        )
        self.providers.append(provider["id"])
        # Shown in this answer, and never again.
        self.secret = provider["config"]["secret_key"]
        for event in EVENTS:
            # The URL may come later, as the original's console does it.
            webhook = self.api.call("POST", "/webhooks", event=event)
            check(webhook["url"] is None, "a webhook may be without a URL")
            self.webhooks[event] = webhook["id"]
            url = self.receiver.url(event)
            self.api.call("PUT", f"/webhooks/{webhook['id']}", url=url)
        signed = self.webhooks["CONNECTION_SYNCED"]
        self.api.call("PUT", f"/webhooks/{signed}", id_auth=provider["name"])
        say("webhooks are registered; CONNECTION_SYNCED is signed")
        if self.options.token_url:
            self.register_oauth()

    def register_oauth(self) -> None:
        """A provider that fetches access tokens, over mutual TLS if it is asked to."""
        if self.options.token_ca:
            bundle = Path(self.options.token_ca).read_text()
            self.api.call("POST", "/config", **{"webhooks.ca_cert": bundle})
        pair = {}
        if self.options.public_cert:
            pair = {
                "public_cert": Path(self.options.public_cert).read_text(),
                "private_cert": Path(self.options.private_cert).read_text(),
            }
        provider = self.api.call(
            "POST",
            "/webhooks/auth",
            type="oauth",
            name=f"walk-oauth{now()}",
            config={
                "url": self.options.token_url,
                "client_id": "walk",
                "client_secret": "secret",
                "grant_type": "client_credentials",
                **pair,
            },
        )
        self.providers.append(provider["id"])
        check("config" not in provider, "the secrets of a provider are not read back")
        protected = self.webhooks["ACCOUNTS_FETCHED"]
        self.api.call("PUT", f"/webhooks/{protected}", id_auth=provider["id"])
        say("ACCOUNTS_FETCHED carries OAuth 2.0 access tokens")

    def create_a_temporary_user(self) -> None:
        """A user whose events are held; for 30 minutes, unless made permanent."""
        self.user = self.api.call("POST", "/auth/init")
        check(self.user["type"] == "temporary", "the user is temporary")
        say(f"user {self.user['id_user']} is temporary")

    def connect(self) -> None:
        """The user's bank: connecting synchronises at once."""
        connection = self.api.call(
            "POST",
            "/users/me/connections",
            token=self.user["auth_token"],
            id_connector=self.options.connector,
            login="walk",
            activate=True,
        )
        check(connection["state"] is None, "the connection is synchronised")
        time.sleep(1)
        check(not self.receiver.deliveries, "nothing is told of a temporary user")
        say(f"connection {connection['id']} is synchronised, and its events are held")

    def become_permanent(self) -> None:
        """A code of the user's, exchanged with the client's credentials."""
        code = self.api.call("GET", "/auth/token/code", token=self.user["auth_token"])
        token = self.api.call(
            "POST",
            "/auth/token/access",
            client_id=self.options.client_id,
            client_secret=self.options.client_secret,
            code=code["code"],
        )
        self.user["auth_token"] = token["access_token"]
        say("the user is permanent")

    def verify(self) -> None:
        """What was held arrives, each delivery as its webhook proves it."""
        (created,) = self.receiver.wait_for("USER_CREATED")
        check(created.payload["id"] == self.user["id_user"], "USER_CREATED is the user")
        bearer = f"Bearer {self.user['auth_token']}"
        check(created.headers["authorization"] == bearer, "it has the user's token")
        (synced,) = self.receiver.wait_for("CONNECTION_SYNCED")
        check(synced.is_signed_with(self.secret), "the signature is genuine")
        check("authorization" not in synced.headers, "and there is no token beside it")
        data = str(synced.payload["id_webhook_data"])
        check(synced.headers["x-webhook-data-id"] == data, "the id is in both places")
        accounts = synced.payload["connection"]["accounts"]
        say(f"CONNECTION_SYNCED is genuine, with {len(accounts)} accounts")
        (fetched,) = self.receiver.wait_for("ACCOUNTS_FETCHED")
        carried = fetched.headers["authorization"]
        if self.options.token_url:
            check(carried not in ("Bearer ", bearer), "it has an access token")
            say("ACCOUNTS_FETCHED carries an access token")

    def look_at_the_log(self) -> None:
        """Every attempt is there, and how the webhook does in all."""
        webhook = self.webhooks["CONNECTION_SYNCED"]
        logs = self.until(
            lambda: self.api.call("GET", f"/webhooks/{webhook}/logs")["webhooklogs"]
        )
        check(logs[0]["response_code"] == 204, "the attempt is in the log")
        health = self.until(
            lambda: self.health(webhook) if self.health(webhook)["attempts"] else None
        )
        check(health["sending_success_rate"] == 1, "all attempts were accepted")
        say(f"average duration {health['average_sending_duration'] * 1000:.1f} ms")

    def compress(self) -> None:
        """gzip, for all webhooks that do not say; then a test synchronisation."""
        self.api.call("POST", "/config", **{"webhooks.compression.enabled": "1"})
        time.sleep(MOMENT_SECONDS)
        try:
            packed = self.synchronised()
        finally:
            self.api.call("POST", "/config", **{"webhooks.compression.enabled": "0"})
        check(packed.headers["content-encoding"] == "gzip", "the body is compressed")
        check(packed.is_signed_with(self.secret), "the text is what is signed")
        say(f"{len(packed.text)} bytes came as {len(packed.body)}")

    def rotate_the_secret(self) -> None:
        """Another secret, from now on."""
        provider = self.providers[0]
        rotated = self.api.call("POST", f"/webhooks/auth/{provider}/rotate")
        before, self.secret = self.secret, rotated["config"]["secret_key"]
        time.sleep(MOMENT_SECONDS)
        synced = self.synchronised()
        check(synced.is_signed_with(self.secret), "the new secret is in force")
        check(not synced.is_signed_with(before), "the old one is not")
        say("the secret was rotated")

    def delete_the_user(self) -> None:
        """The end: whoever is told of it needs the token once more."""
        self.api.call("DELETE", "/users/me", token=self.user["auth_token"])
        (deleted,) = self.receiver.wait_for("USER_DELETED")
        bearer = f"Bearer {self.user['auth_token']}"
        check(deleted.headers["authorization"] == bearer, "it still has the token")
        say("the user is gone, and USER_DELETED still had the token")

    def clean_up(self) -> None:
        """Delete what was registered."""
        for webhook in self.webhooks.values():
            self.api.call("DELETE", f"/webhooks/{webhook}")
        for provider in self.providers:
            self.api.call("DELETE", f"/webhooks/auth/{provider}")

    def synchronised(self) -> Delivery:
        """Have a connection synchronised; what CONNECTION_SYNCED then says."""
        before = len(self.receiver.wait_for("CONNECTION_SYNCED"))
        self.api.call("POST", "/test/webhooks")
        return self.receiver.wait_for("CONNECTION_SYNCED", before)[-1]

    def health(self, webhook: int) -> Any:
        """Of one webhook, over the last 24 hours."""
        return self.api.call("GET", f"/webhooks/{webhook}")["health_data"]

    def until(self, look: Any) -> Any:
        """What was looked for, once it is there."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.1)
        raise Unexpected("What was looked for did not come.")


def main() -> int:
    """Walk; 0 if all was as documented."""
    options = _options()
    receiver = Receiver()
    walk = Walk(Api(options.api, options.config_token), receiver, options)
    try:
        try:
            walk.run()
        finally:
            walk.clean_up()
    except Unexpected as problem:
        print(f"NOT as documented: {problem}", file=sys.stderr)
        return 1
    finally:
        receiver.close()
    print("all as documented")
    return 0


def check(holds: bool, claim: str) -> None:
    """Raise `Unexpected` unless it holds."""
    if not holds:
        raise Unexpected(f"it does not hold that {claim}")


def say(sentence: str) -> None:
    """A step is done."""
    print(f"  {sentence}", flush=True)


def now() -> int:
    """For names that nobody else has."""
    return time.time_ns()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("api", "config-token", "client-id", "client-secret"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--connector", type=int, default=40)
    parser.add_argument("--token-url", help="an OAuth 2.0 token endpoint to walk with")
    for name in ("token-ca", "public-cert", "private-cert"):
        parser.add_argument(f"--{name}", metavar="FILE", help="PEM")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
