"""The console's French: `make messages` brings the catalogue up to date.

Collects what the sources have translated, keeps what has a translation, and compiles
`django.mo`, which is committed: an installation needs no tool to speak French. Python
alone, for gettext's programs are missing on many machines.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parents[1]
CATALOGUE = PROJECT / "webhooks_project/locale/fr/LC_MESSAGES/django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
SOURCES = (PROJECT / "apps", PROJECT / "webhooks_project")
HEADER = {
    "Language": "fr",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n > 1);",
}
PLURAL = {"ngettext", "ngettext_lazy"}
SINGULAR = {"gettext", "gettext_lazy", "gettext_noop"}
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
# As Django's templatize writes them.
_CALL = re.compile(
    rf"\b(n?)gettext\(({_STRING})(?:,\s*({_STRING}),\s*count)?\)|\b_\(({_STRING})\)"
)


class Message(NamedTuple):
    """Something to translate; `plural` empty if there is none."""

    text: str
    plural: str = ""


def messages() -> dict[Message, list[str]]:
    """What the sources have translated, with the files that do."""
    found: dict[Message, list[str]] = {}
    for root in SOURCES:
        for path in sorted([*root.rglob("*.py"), *root.rglob("*.html")]):
            read = of_python if path.suffix == ".py" else of_template
            name = path.relative_to(PROJECT).as_posix()
            for message in read(path.read_text()):
                names = found.setdefault(message, [])
                if name not in names:
                    names.append(name)
    return found


def of_python(source: str) -> Iterator[Message]:
    """Calls of what was imported from Django's translation, under any name."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        kind = names.get(node.func.id)
        if kind in SINGULAR:
            yield Message(ast.literal_eval(node.args[0]))
        elif kind in PLURAL:
            yield Message(*(ast.literal_eval(argument) for argument in node.args[:2]))


def of_template(source: str) -> Iterator[Message]:
    """`translate`, `blocktranslate` and `_()`."""
    for match in _CALL.finditer(templatize(source)):
        texts = [ast.literal_eval(text) for text in match.groups()[1:] if text]
        yield Message(*texts)


def catalogue() -> polib.POFile:
    """As it is in the repository."""
    return polib.pofile(str(CATALOGUE)) if CATALOGUE.exists() else polib.POFile()


def updated(old: polib.POFile) -> polib.POFile:
    """What the sources have today, with the translations that there are."""
    known = {(entry.msgid, entry.msgid_plural or ""): entry for entry in old}
    new = polib.POFile(wrapwidth=88)
    new.metadata = dict(HEADER)
    for message, names in sorted(messages().items()):
        entry = polib.POEntry(
            msgid=message.text, occurrences=[(name, "") for name in names]
        )
        if re.search(r"%\(\w+\)|%%", message.text):
            entry.flags.append("python-format")
        former = known.get((message.text, message.plural))
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = former.msgstr_plural if former else {0: "", 1: ""}
        else:
            entry.msgstr = former.msgstr if former else ""
        new.append(entry)
    return new


def missing(known: polib.POFile) -> list[str]:
    """What has no translation, or one that is not ready."""
    return [entry.msgid for entry in known if not entry.translated()]


def main() -> int:
    """Write both files; 1 if something is left to translate."""
    known = updated(catalogue())
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(str(known) + "\n")
    COMPILED.write_bytes(known.to_binary())
    left = missing(known)
    sys.stdout.write(f"{len(known) - len(left)} translated, {len(left)} are not\n")
    for text in left:
        sys.stdout.write(f"  {text}\n")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
