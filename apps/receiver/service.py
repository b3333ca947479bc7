"""The service's API, as somebody sees it who has a token and nothing else.

Standard library only, and outgoing connections only. Redirects are not followed: the
token goes where it was told to go.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, quote, urlencode, urlsplit

# As the service's own deadline, with some room; and the largest body it ever sends.
TIMEOUT_SECONDS: Final = 15.0
LARGEST: Final = 64 * 1024 * 1024
# What another try does not mend.
_FINAL: Final = range(400, 405)


class Answer(NamedTuple):
    """An HTTP response; `headers` by lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


class Row(NamedTuple):
    """One webhook data, as the list has it."""

    id: int
    event: str
    state: str
    created: datetime


class Listed(NamedTuple):
    """A part of the list, and the service's clock at that moment."""

    rows: list[Row]
    has_more: bool
    now: datetime


class ServiceError(Exception):
    """The service did not answer, or not what was asked; says so in a sentence.

    `is_final`: asking again will not help.
    """

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The data of one webhook; `url` is where the API begins."""

    url: SplitResult
    token: str
    webhook: int

    def after(self, position: int) -> Listed:
        """What came after an id, the oldest first."""
        return self._list(after=position)

    def newest(self) -> int:
        """The id of the last one, 0 if there is none."""
        rows = self._list(limit=1).rows
        return rows[0].id if rows else 0

    def body(self, data_id: int) -> tuple[bytes, str]:
        """The bytes that are sent and signed, and their content type."""
        answer = self._get(f"data/{data_id}/body")
        return answer.body, answer.headers.get("content-type", "")

    def _list(self, **query: int) -> Listed:
        answer = self._get(f"data?{urlencode(query)}")
        try:
            told = json.loads(answer.body)
            rows = [_row(each) for each in told["webhookdata"]]
            return Listed(rows, bool(told["has_more"]), _clock(answer))
        except (ValueError, KeyError, TypeError) as error:
            sentence = "That is not the API of this service."
            raise ServiceError(sentence, is_final=True) from error

    def _get(self, path: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        prefix = self.url.path.rstrip("/")
        target = f"{prefix}/webhooks/{self.webhook}/{path}"
        try:
            answer = exchange(self.url, "GET", target, headers)
        except (OSError, http.client.HTTPException) as error:
            raise ServiceError(f"The service does not answer: {why(error)}.") from error
        if answer.status != 200:
            is_final = answer.status in _FINAL or 300 <= answer.status < 400
            raise ServiceError(_refusal(answer), is_final=is_final)
        return answer


def exchange(
    url: SplitResult,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    timeout: float = TIMEOUT_SECONDS,
) -> Answer:
    """One request on a connection of its own. Raises what the library does."""
    host, port = url.hostname or "", url.port
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=timeout, context=ssl.create_default_context()
        )
        if url.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=timeout)
    )
    try:
        connection.request(method, target, body or None, dict(headers))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read(LARGEST))
    finally:
        connection.close()


def place(text: str, *, name: str) -> SplitResult:
    """An URL to call. Raises `ValueError` with a sentence."""
    try:
        url = urlsplit(quote(text, safe="%:/?#[]@!$&'()*+,;=~"))
        is_good = url.port != 0 and bool(url.hostname)
    except ValueError:
        is_good = False
    if not is_good or url.scheme not in ("http", "https"):
        raise ValueError(f"{name} is no http or https URL: {text}")
    if url.username or url.password:
        raise ValueError(f"{name} must not have a user name or password.")
    return url


def is_loopback(url: SplitResult) -> bool:
    """Whether an URL leads nowhere but to this machine; no name is looked up."""
    host = url.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def why(error: Exception) -> str:
    """An error of the network in a few words."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _row(told: Mapping[str, Any]) -> Row:
    created = datetime.fromisoformat(told["created"])
    return Row(int(told["id"]), str(told["event"]), str(told["state"]), created)


def _clock(answer: Answer) -> datetime:
    """The server's, for its rows have dates of it."""
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _refusal(answer: Answer) -> str:
    try:
        told = json.loads(answer.body)
        message = told["message"] or told["description"]
    except (ValueError, KeyError, TypeError):
        message = ""
    return f"The service answered {answer.status}. {message}".strip()
