"""A browser, and a client of the API, for drills that call as people do."""

from __future__ import annotations

import re
from typing import Any, Final

import requests

_FORM_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
SECONDS: Final = 20.0


class Browser:
    """Calls with one session, as a browser does; knows no proxy of the environment."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def call(
        self, method: str, path: str, body: Any = None, *, token: str = "", **more: Any
    ) -> requests.Response:
        """`body`: bytes as they are, or a value to be sent as JSON."""
        how = {"data": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._session.request(
            method,
            f"{self.url}{path}",
            headers=headers,
            timeout=SECONDS,
            allow_redirects=False,
            **how,
            **more,
        )

    def login(self, name: str, password: str) -> None:
        """Into the console, by its form."""
        page = self.call("GET", "/admin/login/")
        found = _FORM_TOKEN.search(page.text)
        assert found is not None
        form = {
            "username": name,
            "password": password,
            "csrfmiddlewaretoken": found[1],
            "next": "/admin/",
        }
        answer = self._session.post(
            f"{self.url}/admin/login/", form, timeout=SECONDS, allow_redirects=False
        )
        assert answer.status_code == 302, answer.status_code
