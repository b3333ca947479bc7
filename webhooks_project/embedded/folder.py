"""A folder of services: its one owner, what runs in it, and its spare place."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from webhooks_project.embedded.errors import ServiceError

ENVIRONMENT = "environment"
LOCK = "lock"

PATIENCE_SECONDS = 0.5
"""A reader of the state file holds the lock for an instant; an owner for long."""

TRAVERSABLE = 0o711
"""The servers' account passes through to what is its own, and sees nothing else."""


@contextmanager
def owned(folder: Path, *, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be the folder's only owner. Raises `ServiceError` when there is another."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(TRAVERSABLE)
    with open(folder / LOCK, "a+", encoding="ascii") as file:
        deadline = time.monotonic() + patience
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"The services of {folder} are in use by process {_owner(file)}: "
                    "stop it first."
                )
            time.sleep(0.02)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"


def running_environment(folder: Path) -> dict[str, str]:
    """The URLs of the services that run in the folder; empty when none do.

    A state file whose owner is gone is not believed.
    """
    try:
        with open(folder / LOCK, encoding="ascii") as file:
            if _lock(file, fcntl.LOCK_SH):
                return {}
            return read_values(folder / ENVIRONMENT)
    except OSError:
        return {}


def read_values(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line)
    return {name: value for name, _, value in pairs}


def write_values(path: Path, values: Mapping[str, str]) -> None:
    """Write `NAME=value` lines for the owner's eyes only."""
    write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def write_private(path: Path, text: str) -> None:
    """Write a file for the owner's eyes only, all or nothing."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def spares(folder: Path) -> list[Path]:
    """Where a server's files go when the folder does not do, in order of preference.

    The names depend on the folder alone, so that the next start finds them again.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    bases = dict.fromkeys((tempfile.gettempdir(), "/tmp"))  # nosec B108
    return [Path(base, f"bankhooks-{digest}") for base in bases]


def place(folder: Path, does: Callable[[Path], bool]) -> Path:
    """The folder itself when it does, else the first of its spares that does."""
    if does(folder):
        return folder
    for spare in spares(folder):
        existed = spare.exists()
        _claim(spare)
        if does(spare):
            return spare
        if not existed:
            spare.rmdir()
    raise ServiceError(
        f"PostgreSQL cannot start: neither {folder} nor a temporary folder can be "
        "reached by the user it runs as; move the project or set DATABASE_URL."
    )


def _claim(spare: Path) -> None:
    """Temporary folders are everybody's: one that another user made is refused."""
    with suppress(FileExistsError):
        spare.mkdir()
    if not _is_own(spare):
        raise ServiceError(
            f"PostgreSQL cannot start: {spare} belongs to somebody else; remove it "
            "or set DATABASE_URL."
        )
    spare.chmod(TRAVERSABLE)


def _is_own(spare: Path) -> bool:
    try:
        status = spare.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def homes(folder: Path) -> list[Path]:
    """The folder and those of its spares that exist and are this user's."""
    return [folder, *filter(_is_own, spares(folder))]


def clear_spares(folder: Path) -> None:
    """Remove what the folder keeps elsewhere."""
    for spare in homes(folder)[1:]:
        _remove_tree(spare)


def remove(folder: Path) -> None:
    """Remove the folder and what it keeps elsewhere. Its owner's business."""
    clear_spares(folder)
    _remove_tree(folder)


def _remove_tree(folder: Path) -> None:
    """Also while another start, which found its owner gone, is at it as well."""
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
