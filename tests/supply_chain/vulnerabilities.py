"""Known vulnerabilities of what is locked; run as a module by `make audit`.

By pip-audit, which asks the package index. Where that cannot be reached, or knows none
of the packages, it says so: nothing was found, because nothing was looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.supply_chain.locked import PROJECT

LOCKS: Final = ("requirements-runtime.lock", "requirements.lock")
SECONDS: Final = 300
UNREACHED: Final = 3


def audit(lock: str) -> tuple[int, str]:
    """An exit status, and what is to be said of one lock."""
    command = ["pip-audit", "-r", lock, "--require-hashes", "--disable-pip"]
    command += ["--progress-spinner", "off", "-f", "json"]
    try:
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return UNREACHED, f"{lock}: NOT AUDITED, no answer within {SECONDS} s."
    if not done.stdout:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return UNREACHED, f"{lock}: NOT AUDITED, pip-audit cannot: {last}"
    return judge(lock, json.loads(done.stdout))


def judge(lock: str, report: dict[str, Any]) -> tuple[int, str]:
    """Read pip-audit's report."""
    packages = report["dependencies"]
    skipped = [each for each in packages if "skip_reason" in each]
    if len(skipped) == len(packages):
        return UNREACHED, (
            f"{lock}: NOT AUDITED, the package index tells nothing of {len(skipped)} "
            "packages. Run it where the public index can be reached."
        )
    told = [
        f"{each['name']} {each['version']}: {fault['id']}"
        for each in packages
        for fault in each.get("vulns", [])
    ]
    told += [f"{each['name']}: not audited" for each in skipped]
    known = sum(bool(each.get("vulns")) for each in packages)
    told.append(f"{lock}: {len(packages)} packages, {known} with known faults.")
    return int(known > 0), "\n".join(told)


def main() -> None:
    """Both locks; status 1 with a vulnerability, 3 where none could be looked for."""
    worst = 0
    for lock in LOCKS:
        status, says = audit(lock)
        sys.stdout.write(f"{says}\n")
        worst = 1 if 1 in (status, worst) else max(status, worst)
    raise SystemExit(worst)


if __name__ == "__main__":
    main()
