"""D-44: secrets are looked for everywhere, after a day on which everything went wrong.

Each secret is made for the drill and used as people use it, well and badly: sent in the
wrong place, refused, in a request that the database breaks down under. Then all that
anybody can read is read, as it stands and decoded. What is personal may be in the
database and in front of who may read payloads, but in no log and no queue.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from tests.drills.bad_day import LOUD, Day
from tests.drills.browser import Browser
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.sweep import Sweep
from tests.drills.world import World
from webhooks_project.embedded.programs import SERVER, installed
from webhooks_project.embedded.redis import free_port

CELERY_LOUD: Final = ("-l", "DEBUG")


def run(world: World, size: Size) -> Sequence[Number]:
    """Live through it, then look."""
    with TemporaryDirectory() as figures:
        return _run(world, size, figures)


def _run(world: World, size: Size, figures: str) -> Sequence[Number]:
    port = free_port()
    _monitor(world)
    world.receiver.behave("/broken", status=500, body="no")
    day = Day(world)
    world.receiver.behave("/teapot", status=418, body=day.personal["answer"])
    scraped = {"WEBHOOKS_METRICS_PORT": port, "PROMETHEUS_MULTIPROC_DIR": figures}
    schedule = world.folder / "schedule"
    world.ready(
        world.worker("pump", 2, *CELERY_LOUD, **day.loud, **scraped),
        world.worker("control", 1, "-B", "-s", schedule, *CELERY_LOUD, **day.loud),
    )
    day.register()
    arrived = world.until(lambda: _arrives(day), size.seconds)
    day.mistake()
    day.break_down()
    arrived &= world.until(lambda: _arrives(day), size.seconds)
    sweep = Sweep()
    _sweep_pages(day, sweep)
    _sweep_rest(day, sweep, port)
    if str(sweep):
        print(sweep)
    return [
        Number("hits", sweep.hits.total()),
        Number("unread", len(sweep.unread)),
        Number("not_delivered", float(not arrived)),
        told("secrets", len(day.secrets) + len(day.personal)),
        told("places", sweep.places),
        told("MB_read", sweep.bytes_read / 1e6),
    ]


def _monitor(world: World) -> None:
    """Have written down whatever Redis is told."""
    url = urlsplit(world.services.redis_url)
    command = ["redis-cli", "-h", str(url.hostname), "-p", str(url.port), "monitor"]
    with world.children.told({"REDISCLI_AUTH": url.password or ""}):
        world.children.start("monitor", command, talks=False).wait_for("OK")


def _arrives(day: Day) -> bool:
    """With a signature and with a token of the token server."""
    before = day.world.receiver.record.total
    day.emit()
    day.world.until(lambda: day.world.receiver.record.total >= before + 4, 2.0)
    targets = {
        each.target.partition("?")[0]
        for each in day.world.receiver.record.deliveries(before)
    }
    return {"/signed", "/bearer"} <= targets


def _sweep_pages(day: Day, sweep: Sweep) -> None:
    """What people and programs are shown."""
    places = day.places()
    payloads = {"IBAN": day.personal["IBAN"]}
    for role, password in day.planted["passwords"].items():
        console = Browser(day.url)
        console.login(role, password)
        wanted = day.secrets | (payloads if role == "Viewer" else {})
        for path in places["console"]:
            reply = console.call("GET", path)
            sweep.over(f"{role} {path}", reply.content, wanted, reply.status_code < 500)
    for path in (*places["api"], "/openapi.json", "/docs"):
        for token in day.planted["tokens"].values():
            reply = day.web.call("GET", path, token=token)
            good = reply.status_code < 500
            sweep.over(f"API {path}", reply.content, day.secrets, good)


def _sweep_rest(day: Day, sweep: Sweep, port: int) -> None:
    """Metrics, logs, what Redis was told and keeps, and a dump of the database."""
    world, everything = day.world, day.secrets | day.personal
    for url in (day.url, f"http://127.0.0.1:{port}"):
        said = Browser(url).call("GET", "/metrics", token=day.scraper).content
        sweep.over(f"metrics of {url}", said, everything, b"# HELP" in said)
    for command in ("doctor", "explain 1"):
        world.start(command, "django", *command.split(), **LOUD).popen.wait(60)
    for log in sorted(world.folder.glob("*.log")):
        content = log.read_bytes()
        # What Redis was told is in the monitor's.
        good = log.name != "monitor.log" or b"EVAL" in content
        sweep.over(log.name, content, everything, good)
    refusals = (world.services.folder / "postgres.log").read_bytes()
    good = b'violates check constraint "stumble"' in refusals
    sweep.over("log of PostgreSQL", refusals, everything, good)
    for key in world.broker.scan_iter():
        sweep.over(f"Redis {key!r}", key + (world.broker.dump(key) or b""), everything)
    program = str((installed() / SERVER).with_name("pg_dump"))
    command_line = [program, "-d", world.database_url]
    dump = subprocess.run(command_line, check=True, stdout=subprocess.PIPE).stdout
    # There it does find what is personal, or it would find nothing anywhere.
    found = Sweep()
    found.over("pg_dump", dump, day.personal)
    good = found.hits.total() == len(day.personal)
    sweep.over("pg_dump", dump, day.secrets, good)


DRILL = Drill(
    id="D-44",
    title="secrets looked for in logs, pages, API, dump, Redis and metrics",
    passes="0 hits of any secret anywhere; personal data in no log, queue or metric",
    short=Size(seconds=20),
    long=Size(seconds=60),
    mutants=["secrets-are-not-sealed", "errors-are-quoted-whole"],
    run=run,
)
