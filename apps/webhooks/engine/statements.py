"""Statements that PostgreSQL plans once for each connection, not for each run.

Planning the engine's statements costs several times what running them on a few rows
does. As functions they keep their plans, behind a pooler too, which prepared
statements would not survive (docs/adr/0007).

A function's name ends with a digest of its text: a worker of the previous release
goes on with its own while the next one is being installed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
# Left to choose, PostgreSQL plans anew each time, once statistics make that look
# cheaper: what planning costs is no part of the comparison. And a plan that is kept
# must look rows up by their keys, never read or hash a table from end to end, however
# short it was when the plan was made. Nor is it compiled: running takes less.
SETTINGS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
_SET: Final = " ".join(f"SET {name} = {value}" for name, value in SETTINGS.items())


@dataclass(frozen=True)
class Statement:
    """One statement.

    `parameters` and `columns` are written as PostgreSQL wants them ("limit int,
    holder text"); the text has `%(limit)s` where the parameter stands. Without
    `columns` nothing is returned.
    """

    name: str
    parameters: str
    text: str
    columns: str = ""

    @cached_property
    def function(self) -> str:
        """What it is called in the database."""
        whole = "\n".join((self.parameters, self.columns, self.text))
        return f"{self.name}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"

    @cached_property
    def definition(self) -> str:
        """The SQL that installs it, again and again without harm."""
        parameters = ", ".join(f"p_{each}" for each in self._parameters)
        returns = f"TABLE ({self.columns})" if self.columns else "void"
        query = "RETURN QUERY " if self.columns else ""
        text = _PLACEHOLDER.sub(r"p_\1", self.text)
        return (
            f"CREATE OR REPLACE FUNCTION {self.function} ({parameters})\n"
            f"RETURNS {returns} LANGUAGE plpgsql {_SET} AS $function$\n"
            # The columns returned are variables as well, and meant nowhere as such.
            f"#variable_conflict use_column\nBEGIN\n{query}{text};\nEND $function$"
        )

    def run(self, cursor: CursorWrapper, values: dict[str, Any]) -> None:
        """Run it with a value for each parameter; then fetch as ever."""
        cursor.execute(self._call, values)

    @cached_property
    def _call(self) -> str:
        pairs = [each.split() for each in self._parameters]
        arguments = ", ".join(f"%({name})s::{kind}" for name, kind in pairs)
        return f"SELECT * FROM {self.function}({arguments})"

    @property
    def _parameters(self) -> list[str]:
        return [each.strip() for each in self.parameters.split(",")]
