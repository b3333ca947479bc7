"""The environment that the settings read: values, or files that hold them.

`NAME_FILE` names a file whose content is the value of `NAME`, as Docker, Kubernetes
and systemd hand out secrets. It goes over `NAME`.
"""

from __future__ import annotations

import environ
from environ.fileaware_mapping import FileAwareMapping

SUFFIX = "_FILE"

UNUSABLE = "The settings cannot be used (see .env.example): "
"""How the line begins that says why nothing starts."""


class ValuesAndFiles(FileAwareMapping):  # type: ignore[misc]
    """What the process was given."""

    def __getitem__(self, key: str) -> str:
        """The variable's value; of a file's content without the last line's end."""
        path = self.env.get(key + SUFFIX)
        if not path:
            value: str = self.env[key]
            return value
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise environ.ImproperlyConfigured(
                f"{key}{SUFFIX} names a file that cannot be read, {path}."
            ) from error


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ, for which a file does as well as a value."""

    ENVIRON = ValuesAndFiles()


def is_given(name: str) -> bool:
    """Whether the environment has a value or a file of this name."""
    given = ValuesAndFiles().env
    return bool(given.get(name) or given.get(name + SUFFIX))
