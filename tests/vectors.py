"""The golden vectors of docs/receivers/vectors.json, as requests."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "docs" / "receivers" / "vectors.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One of them; `body` is what is on the wire."""

    name: str
    about: str
    secret: str
    method: str
    target: str
    path: str
    date: str | None
    body: bytes
    content_encoding: str | None
    now: str
    signature: str | None
    verdict: str
    cause: str

    @property
    def valid(self) -> bool:
        """Whether a receiver accepts it."""
        return self.verdict == "valid"

    @property
    def moment(self) -> datetime:
        """When it is received."""
        return datetime.fromisoformat(self.now)

    @property
    def headers(self) -> dict[str, str]:
        """Those that matter, as they are sent."""
        headers = {
            "BI-Signature-Date": self.date,
            "BI-Signature": self.signature,
            "Content-Encoding": self.content_encoding,
        }
        return {name: value for name, value in headers.items() if value is not None}


def body_of(vector: dict[str, Any]) -> bytes:
    """The body, from whichever of the three fields tells it; takes it out."""
    if "body_base64" in vector:
        return base64.b64decode(vector.pop("body_base64"), validate=True)
    if "body_recipe" in vector:
        recipe = vector.pop("body_recipe")
        text = recipe["head"] + recipe["repeat"] * recipe["times"] + recipe["tail"]
        return str(text).encode()
    return str(vector.pop("body")).encode()


DOCUMENT = json.loads(FILE.read_text(encoding="utf-8"))
VECTORS = [Vector(body=body_of(each), **each) for each in DOCUMENT["vectors"]]
