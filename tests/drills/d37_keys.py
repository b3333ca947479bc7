"""D-37: another encryption key, from the first process that has it to the last without.

Workers are deployed with the new key before the old one, all secrets are sealed anew
while it delivers, and workers are deployed without the old key. Nothing fails, for the
secret of a provider opens all the time; then nothing is left under the old key.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from apps.encryption.keyring import new_key
from benchmarks.processes import Child
from tests.drills.drill import Drill, Number, Size, told
from tests.drills.world import World

OLD: Final = new_key("old")
NEW: Final = new_key("new")
BOTH: Final = f"{NEW},{OLD}"
VARIABLE: Final = "WEBHOOKS_ENCRYPTION_KEYS"
WEBHOOKS: Final = 20
GRACE_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 2.0
_UNDER_THE_OLD: Final = """
SELECT count(*) FROM auth_providers_authprovider WHERE config LIKE 'old.%%'
"""
_FAILED: Final = """
SELECT count(*) FROM webhooks_deliveryattempt WHERE cause <> 'accepted'
"""


def run(world: World, size: Size) -> Sequence[Number]:
    """Change the key while it delivers, then deliver by the new one alone."""
    world.register(*(f"/{number}" for number in range(WEBHOOKS)))
    workers = world.service(pumps=2)
    events = size.deliveries // WEBHOOKS // 2
    world.begin_emitting(events, seconds=size.seconds)
    time.sleep(PAUSE_SECONDS)
    workers = _deployed(world, workers, BOTH)
    anew = world.start("rotate", "manage", "rotate_keys", **_ring(BOTH))
    status = anew.popen.wait(GRACE_SECONDS)
    _deployed(world, workers, NEW)
    world.emitted()
    world.emit(events)
    took = world.drained()
    return [
        *world.verdict(duplicates=0),
        Number("failed", int(world.rows(_FAILED)[0][0])),
        Number("refused", world.ledger.refused),
        Number("old_key", int(world.rows(_UNDER_THE_OLD)[0][0])),
        Number("status", status),
        told("drained_s", took),
    ]


def _deployed(world: World, workers: Sequence[Child], ring: str) -> list[Child]:
    """Pumps and the control worker with another ring, before the others end."""
    settings = _ring(ring)
    pumps = [world.worker("pump", **settings) for _ in workers[1:]]
    new = world.ready(*pumps, world.control(**settings))
    for worker in workers:
        worker.terminate()
        worker.popen.wait(GRACE_SECONDS)
        world.kill(worker)
    return new


def _ring(keys: str) -> dict[str, Any]:
    return {VARIABLE: keys}


DRILL = Drill(
    id="D-37",
    title="another encryption key, sealed anew and deployed twice while it delivers",
    passes="lost 0, dups 0, no attempt fails, no secret is left under the old key",
    short=Size(deliveries=3_000, seconds=10),
    long=Size(deliveries=50_000, seconds=120),
    mutants=["secrets-stay-as-they-are"],
    run=run,
    settings={VARIABLE: OLD},
)
