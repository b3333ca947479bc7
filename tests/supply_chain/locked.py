"""What the lock of production installs on the usual machine: Linux, CPython."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from packaging.markers import Marker

PROJECT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = PROJECT / "requirements-runtime.lock"
_LINE: Final = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)(?: ; (.+?))? \\$", re.M)
_USUAL: Final = {
    "sys_platform": "linux",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "python_version": "3.12",
    "python_full_version": "3.12.0",
}


def locked() -> dict[str, str]:
    """Versions by name, as the lock writes it."""
    return {
        name: version
        for name, version, marker in _LINE.findall(LOCK.read_text())
        if not marker or Marker(marker).evaluate(dict(_USUAL))
    }
