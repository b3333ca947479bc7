"""The sample receivers, for pages that show them.

Their files are those of docs/receivers, and nowhere twice: `sources` beside this module
is a link to that folder, which a build of the package follows.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final, NamedTuple

_FOLDER: Final = files("apps.receiver").joinpath("sources")


class Sample(NamedTuple):
    """One of them.

    `target` is the expression that reads the path off the request; it occurs once.
    `run` starts it, where `SECRET` is set.
    """

    name: str
    language: str
    file: str
    needs: str
    run: str
    target: str

    @property
    def file_name(self) -> str:
        """Without its folder."""
        return self.file.rpartition("/")[2]

    def source(self, path: str | None = None) -> str:
        """The code; with `path`, as sent on the wire, it verifies with that one,
        whatever a proxy makes of the path."""
        text = _FOLDER.joinpath(*self.file.split("/")).read_text(encoding="utf-8")
        return text if path is None else text.replace(self.target, self._literal(path))

    def _literal(self, path: str) -> str:
        """URLs have neither quotes nor backslashes, but dollars, which PHP reads."""
        if self.name == "php":
            return "'{}'".format(path.replace("'", "\\'"))
        return f'"{path}"'


SAMPLES: Final = {
    sample.name: sample
    for sample in (
        Sample(
            "python",
            "Python",
            "receiver.py",
            "Python 3.8",
            "PORT=8900 python3 receiver.py",
            'target.split("?")[0]',
        ),
        Sample(
            "django",
            "Django",
            "receiver_django.py",
            "Django, gunicorn",
            "gunicorn -b 127.0.0.1:8900 receiver_django:application",
            '(target or request.get_full_path()).split("?")[0]',
        ),
        Sample(
            "fastapi",
            "FastAPI",
            "receiver_fastapi.py",
            "fastapi, uvicorn",
            "uvicorn --port 8900 receiver_fastapi:app",
            'request.scope["raw_path"].decode("latin-1").split("?")[0]',
        ),
        Sample(
            "node",
            "Node.js",
            "receiver.mjs",
            "Node.js 18",
            "PORT=8900 node receiver.mjs",
            'request.url.split("?")[0]',
        ),
        Sample(
            "express",
            "Express",
            "receiver_express.mjs",
            "express 4, 5",
            "PORT=8900 node receiver_express.mjs",
            'request.originalUrl.split("?")[0]',
        ),
        Sample(
            "go",
            "Go",
            "receiver.go",
            "Go 1.21",
            "PORT=8900 go run receiver.go",
            'r.RequestURI, "?"',
        ),
        Sample(
            "java",
            "Java",
            "Receiver.java",
            "JDK 17",
            "PORT=8900 java Receiver.java",
            "exchange.getRequestURI().getRawPath()",
        ),
        Sample(
            "php",
            "PHP",
            "receiver.php",
            "PHP 8.1, zlib",
            "php -S 127.0.0.1:8900 receiver.php",
            "explode('?', $_SERVER['REQUEST_URI'], 2)[0]",
        ),
        Sample(
            "ruby",
            "Ruby",
            "receiver.rb",
            "Ruby 3.0, webrick",
            "PORT=8900 ruby receiver.rb",
            'request.unparsed_uri.split("?", 2).first',
        ),
        Sample(
            "rust",
            "Rust",
            "rust/src/main.rs",
            "Rust, cargo",
            "PORT=8900 cargo run --release",
            "request.url().split('?').next().unwrap_or_default()",
        ),
        Sample(
            "csharp",
            "C#",
            "receiver.cs",
            ".NET 6, Mono",
            "mcs receiver.cs && PORT=8900 mono receiver.exe",
            "request.RawUrl.Split('?')[0]",
        ),
    )
}
