"""The programs in C, for what must not cost the service its cores."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import BenchmarkError


def compiled(source: Path, folder: Path) -> Path:
    """The program of a source file, made in a temporary folder."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        raise BenchmarkError("The benchmarks need Linux and a C compiler named cc.")
    program = folder / source.stem
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-o", str(program), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = next(iter(done.stderr.splitlines()), "no reason given")
        raise BenchmarkError(f"{source.name} does not compile: {reason}")
    return program
