"""The day of D-44: secrets are used as people use them, and everything goes wrong."""

from __future__ import annotations

import time
from typing import Any, Final

from tests.drills.browser import Browser
from tests.drills.sweep import REFUSED, marker
from tests.drills.web import serve
from tests.drills.world import EVENT, World

LOUD: Final[dict[str, Any]] = {
    "LOG_LEVEL": "DEBUG",
    "LOG_FORMAT": "json",
    "LOG_OUTCOMES": 1,
}
# Rows that the database refuses, and then quotes: of events, and of attempts.
_STUMBLES: Final = {
    "event_log_event": "name <> 'USER_CREATED'",
    "webhooks_deliveryattempt": "status <> 418",
}
_BROKEN_SECONDS: Final = 1.0
# A line of a key is as secret as all of it; the first says what it is.
_KEY_LINE: Final = 1
# Lists show how a token begins, so that its owner knows it.
_SHOWN: Final = 12


class Day:
    """What happens, and what must not be known of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.child = world.start("canaries", "tests.drills.canaries", talks=True)
        self.planted = self._ask("plant")
        self.scraper = marker()
        self.secrets = {**_secrets(self.planted), "scraper's token": self.scraper}
        # An answer's are seen by who may see deliveries.
        self.personal = {"IBAN": marker(), "query": marker(), "answer": marker()}
        self.loud = {**LOUD, "WEBHOOKS_METRICS_TOKEN": self.scraper}
        self.url = _serve(world, self.loud)
        self.web = Browser(self.url)
        self._user = 0

    def _ask(self, order: str) -> dict[str, Any]:
        self.child.tell({"do": order})
        answer: dict[str, Any] = self.child.hear()
        return answer

    def places(self) -> dict[str, list[str]]:
        """Where to look."""
        return self._ask("places")

    def answer(self, method: str, path: str, body: Any, who: str = "config") -> Any:
        """Of a call that succeeds."""
        token = self.planted["tokens"].get(who, "")
        reply = self.web.call(method, path, body, token=token)
        assert reply.status_code in (200, 201), (path, reply.status_code, reply.text)
        return reply.json()

    def register(self) -> None:
        """Providers, webhooks with a secret in their URLs, a user with a bank."""
        signed = {"type": "hmac_signature", "name": "signed"}
        made = self.answer("POST", "/webhooks/auth", signed)
        self.secrets["HMAC secret"] = made["config"]["secret_key"]
        turned = self.answer("POST", f"/webhooks/auth/{made['id']}/rotate", {})
        self.secrets["next HMAC secret"] = turned["config"]["secret_key"]
        oauth = {"type": "oauth", "name": "oauth", "config": self.planted["oauth"]}
        bearer = self.answer("POST", "/webhooks/auth", oauth)
        bad = {**self.planted["oauth"], "client_id": REFUSED, "client_secret": marker()}
        self.secrets["refused client secret"] = bad["client_secret"]
        refused = {"type": "oauth", "name": "refused", "config": bad}
        other = self.answer("POST", "/webhooks/auth", refused)
        for path, provider in (
            ("/signed", made),
            ("/broken", made),
            ("/teapot", made),
            ("/bearer", bearer),
            ("/refused", other),
        ):
            url = self.world.receiver.url(f"{path}?key={self.personal['query']}")
            hook = {"event": EVENT, "url": url, "id_auth": provider["id"]}
            self.answer("POST", "/webhooks", hook)
        self._connect()

    def _connect(self) -> None:
        client = self.planted["client"]
        user = self.answer("POST", "/auth/init", client, "")
        self._user = user["id_user"]
        self.secrets["user token"] = token = user["auth_token"]
        fields = {"login": marker(), "password": marker()}
        self.secrets |= {f"bank {name}": text for name, text in fields.items()}
        bank = {"id_connector": 40, **fields}
        reply = self.web.call("POST", "/users/me/connections", bank, token=token)
        assert reply.ok, reply.text
        code = self.web.call("GET", "/auth/token/code", token=token).json()["code"]
        self.secrets["code"] = code
        exchange = self.web.call(
            "GET", "/auth/token/access", params={**client, "code": code}
        )
        self.secrets["second user token"] = exchange.json()["access_token"]

    def emit(self, event: str = EVENT) -> int:
        """Somebody's money moves; the status of the answer."""
        payload = {"iban": self.personal["IBAN"], "amount": 12}
        body = {"event": event, "payload": payload, "id_user": self._user}
        token = self.planted["tokens"]["emission"]
        return self.web.call("POST", "/events", body, token=token).status_code

    def mistake(self) -> None:
        """Secrets are sent where they do not belong."""
        config = self.planted["tokens"]["config"]
        secret = self.secrets["client secret"]
        call = self.web.call
        call("GET", "/webhooks", params={"token": config, "iban": secret})
        call("GET", f"/webhooks/{secret}")
        call("GET", "/webhooks", token=secret)
        call("POST", "/webhooks/auth", {"name": secret, secret: 1}, token=config)
        call("POST", "/webhooks/auth", b'{"config": "' + secret.encode(), token=config)
        call("POST", "/auth/token/access", {"client_secret": secret, "client_id": "x"})
        call("POST", "/admin/login/", secret.encode())

    def break_down(self) -> None:
        """The database refuses rows and quotes them; then it is gone."""
        for table, rule in _STUMBLES.items():
            self._sql(
                f"ALTER TABLE {table} ADD CONSTRAINT stumble CHECK ({rule}) NOT VALID"
            )
        assert self.emit("USER_CREATED") == 500
        self.emit()
        time.sleep(_BROKEN_SECONDS)
        for table in _STUMBLES:
            self._sql(f"ALTER TABLE {table} DROP CONSTRAINT stumble")
        self.world.services.postgres.kill()
        assert self.emit() >= 500
        self.mistake()
        self.world.services.postgres.start()
        self.emit()

    def _sql(self, statement: str) -> None:
        self.world.rows(statement)


def _serve(world: World, settings: dict[str, Any]) -> str:
    """Start the web; its URL."""
    _, port = serve(world, WEB_CONCURRENCY=1, **settings)
    return f"http://127.0.0.1:{port}"


def _secrets(planted: dict[str, Any]) -> dict[str, str]:
    """By a name: what nobody may read anywhere."""
    tokens = {f"{name} token": text for name, text in planted["tokens"].items()}
    fetched = {f"{name} token": text for name, text in planted["fetched"].items()}
    return {
        **{name: text[_SHOWN:] for name, text in tokens.items()},
        **fetched,
        **{
            f"password of a {role}": text for role, text in planted["passwords"].items()
        },
        "client's secret": planted["client"]["client_secret"][_SHOWN:],
        "client secret": planted["oauth"]["client_secret"],
        "private key": planted["oauth"]["private_cert"].splitlines()[_KEY_LINE],
        "authenticator": planted["authenticator"],
    }
