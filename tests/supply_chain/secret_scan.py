"""Looks for secrets in what is tracked: `python -m tests.supply_chain.secret_scan`.

Keys of known shapes anywhere, and random-looking values that are given to names such as
`password`. With `--history` in every line that was ever committed. What is found is
said by its place and the beginning of its digest, never itself; `allowed_secrets.txt`
has the digests of those that are none, each with the reason.
"""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

PROJECT: Final = Path(__file__).resolve().parents[2]
ALLOWED: Final = Path(__file__).with_name("allowed_secrets.txt")
# Hashes of packages, and messages that quote the sources.
PASSED_OVER: Final = (".lock", ".po", ".mo", ".png", ".woff2", ".ico", ".gz")

SHAPES: Final = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/=]{40}",
    "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b",
    "GitLab token": r"\bglpat-[\w-]{20}\b",
    "Slack token": r"\bxox[abeoprs]-[\w-]{20,}",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "Google key": r"\bAIza[\w-]{35}\b",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "package token": r"\bpypi-[\w-]{50,}",
    "JSON web token": r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}",
    "webhook secret": r"\bwhsec_[A-Za-z0-9+/=]{24,}",
}
# A name, what assigns, and a value in quotes or up to the end of a word.
_GIVEN: Final = re.compile(
    r"(?i)(?:secret|passw(?:or)?d|token|api_?key|encryption_?keys?|credential)\w*"
    r"[\"']?\s*(?:=|:|=>)\s*[\"']?([A-Za-z0-9+/=_:-]{20,})"
)
_SHAPES: Final = [(name, re.compile(shape)) for name, shape in SHAPES.items()]
# Bits per character: of random base64 above 4, of identifiers below.
RANDOM_BITS: Final = 4.0
SURELY_BITS: Final = 4.5


class Found(NamedTuple):
    """Where, what it looks like, and the beginning of its digest."""

    place: str
    kind: str
    digest: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind} {self.digest}"


def scan(place: str, text: str) -> Iterator[Found]:
    """What looks like a secret in a text."""
    for name, shape in _SHAPES:
        for match in shape.finditer(text):
            yield Found(place, name, _digest(match[0]))
    for match in _GIVEN.finditer(text):
        if looks_random(match[1]):
            yield Found(place, "random value", _digest(match[1]))


def looks_random(value: str) -> bool:
    """Letters and digits in no order: no sentence, no name."""
    counts = Counter(value)
    size = len(value)
    bits = -sum(count / size * math.log2(count / size) for count in counts.values())
    return (
        bits >= RANDOM_BITS
        # One in a thousand has no digit, and then more characters that differ.
        and (any(each.isdigit() for each in value) or bits >= SURELY_BITS)
        and any(each.islower() for each in value)
        and any(each.isupper() for each in value)
    )


def allowed() -> dict[str, str]:
    """Digests that are known to be none, and why."""
    lines = ALLOWED.read_text().splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and line[0] != "#")
    return {digest: why for digest, why in pairs}  # noqa: C416


def tracked() -> Iterator[tuple[str, str]]:
    """Every text that is tracked; of a copy without git, every text."""
    for name in _names():
        if name.endswith(PASSED_OVER):
            continue
        try:
            yield name, (PROJECT / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def _names() -> list[str]:
    if (PROJECT / ".git").exists():
        return _git("ls-files").splitlines()
    paths = (path for path in PROJECT.rglob("*") if path.is_file())
    names = (str(path.relative_to(PROJECT)) for path in paths)
    return [name for name in names if not name.startswith((".venv", ".services"))]


def history() -> Iterator[tuple[str, str]]:
    """Every commit's added lines, by commit and file."""
    log = _git("log", "--all", "-p", "-U0", "--no-color", "--format=commit %H")
    commit, name = "", ""
    added: list[str] = []
    for line in log.splitlines():
        if line.startswith(("commit ", "+++ b/")):
            if added and not name.endswith(PASSED_OVER):
                yield f"{commit[:10]} {name}", "\n".join(added)
            added = []
            if line.startswith("commit "):
                commit = line.removeprefix("commit ")
            else:
                name = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            added.append(line[1:])
    yield f"{commit[:10]} {name}", "\n".join(added)


def faults(texts: Iterable[tuple[str, str]]) -> list[Found]:
    """What is found and not known to be none."""
    known = allowed()
    found = (each for place, text in texts for each in scan(place, text))
    return [each for each in found if each.digest not in known]


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT, capture_output=True, check=True
    )
    return done.stdout.decode(errors="replace")


def main() -> None:
    """Say what is found; status 1 if something is."""
    found = faults(history() if "--history" in sys.argv else tracked())
    for each in found:
        sys.stderr.write(f"{each}\n")
    if found:
        raise SystemExit(
            f"{len(found)} values look like secrets. Take them out; or, if they are "
            f"none, say so in {ALLOWED.relative_to(PROJECT)}."
        )


if __name__ == "__main__":
    main()
