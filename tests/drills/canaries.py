"""A process of D-44: it plants what must stay secret, and knows where to look for it.

It is also the token server: one that gives tokens, and one that refuses and says in its
answer whatever it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db import connection

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import Scope, issue
from apps.operators.models import Authenticator
from apps.webhooks.engine.executions import begin_execution
from apps.webhooks.models import Replay
from apps.webhooks.openapi.document import OPERATIONS
from benchmarks.talk import hear, say
from tests.console_urls import OF_ROWS, urls
from tests.drills.sweep import REFUSED, marker
from tests.tls import make_certificate
from tests.token_server import Answer, TokenServer, failure, token

# Values of paths that are not the number of a row.
_NAMES: Final = {"name": "USER_CREATED", "key": "agency"}
# Leaving would end the session that the other pages are read with.
_LEAVES: Final = frozenset({"logout"})


class Canaries:
    """Its orders; `plant` once, `places` when there is something to see."""

    def __init__(self) -> None:
        self._tokens = {"access": marker(), "refresh": marker()}
        self._server = TokenServer(self._answer)
        self._server.__enter__()

    def plant(self) -> dict[str, Any]:
        """Who may call and look, with what they know: all of it is secret."""
        client, secret = create_client("canary")
        certificate, key, _ = make_certificate("127.0.0.9")
        scopes = {"config": Scope.CONFIG, "users": Scope.USERS, "emission": Scope.EMIT}
        passwords = {
            role: _operator(role, marker()) for role in ("Viewer", "Administrator")
        }
        return {
            "tokens": {name: issue(name, [each])[1] for name, each in scopes.items()},
            "client": {"client_id": client.client_id, "client_secret": secret},
            "oauth": {
                **self._server.config,
                "client_secret": marker(),
                "public_cert": certificate.decode(),
                "private_cert": key.decode(),
            },
            "fetched": self._tokens,
            "passwords": passwords,
            "authenticator": _authenticator(),
        }

    def places(self) -> dict[str, list[str]]:
        """Paths of the console, and of whatever the API lets read."""
        begin_execution()
        Replay.objects.create(filters={}, rate=1, actor="somebody")
        console = [each.path for each in urls() if each.name not in _LEAVES]
        return {"console": console, "api": list(_reads())}

    def _answer(self, form: dict[str, str], number: int) -> Answer:
        if form["client_id"] == REFUSED:
            return failure(400, error="invalid_client", error_description=str(form))
        return token(
            self._tokens["access"],
            refresh_token=self._tokens["refresh"],
            expires_in=3600,
        )


def _operator(role: str, password: str) -> str:
    user = User.objects.create_user(role, password=password, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return password


def _authenticator() -> str:
    """The key of a second factor, in hexadecimal digits."""
    user = User.objects.create_user("guarded", is_staff=True)
    return str(Authenticator.objects.create(user=user, confirmed=True).key)


def _reads() -> Iterator[str]:
    for name in OPERATIONS:
        method, path = name.split()
        if method == "GET":
            yield re.sub(r"\{(\w+)\}", lambda found: _value(found[1]), path)


def _value(argument: str) -> str:
    if argument in _NAMES:
        return _NAMES[argument]
    model: Any = {**OF_ROWS, "id_replay": Replay}.get(argument)
    row = model and model._default_manager.order_by("pk").first()
    return str(row.pk if row else 1)


def main() -> None:
    """Do as told until the drill is over."""
    canaries = Canaries()
    while True:
        say(getattr(canaries, hear()["do"])())
        # It may not live until the next order.
        connection.close()


if __name__ == "__main__":
    main()
