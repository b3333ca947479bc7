"""All drills, by number."""

from __future__ import annotations

from typing import Final

from tests.drills import (
    d01_kill_workers,
    d02_kill_children,
    d03_deploy,
    d04_broker,
    d05_half_open,
    d06_frozen_broker,
    d07_no_broker,
    d08_database,
    d09_all_at_once,
    d10_no_changes,
    d11_zombie,
    d12_clocks,
    d13_ticks,
    d14_beats,
    d15_poison,
    d16_cut,
    d20_model,
    d21_same_key,
    d22_permanence,
    d30_hostile_urls,
    d31_rebinding,
    d33_hostile_receivers,
    d37_keys,
    d44_secrets,
    d50_dead_beside_healthy,
    d51_noisy_neighbour,
    d52_after_an_outage,
    d53_all_are_dead,
    d54_backpressure,
    d55_large_bodies,
    d57_pooled,
    d90_recovery,
)
from tests.drills.drill import Drill
from tests.drills.guards import GUARDS

_ALL: Final = (
    d01_kill_workers,
    d02_kill_children,
    d03_deploy,
    d04_broker,
    d05_half_open,
    d06_frozen_broker,
    d07_no_broker,
    d08_database,
    d09_all_at_once,
    d10_no_changes,
    d11_zombie,
    d12_clocks,
    d13_ticks,
    d14_beats,
    d15_poison,
    d16_cut,
    d20_model,
    d21_same_key,
    d22_permanence,
    d30_hostile_urls,
    d31_rebinding,
    d33_hostile_receivers,
    d37_keys,
    d44_secrets,
    d50_dead_beside_healthy,
    d51_noisy_neighbour,
    d52_after_an_outage,
    d53_all_are_dead,
    d54_backpressure,
    d55_large_bodies,
    d57_pooled,
    d90_recovery,
)
_NUMBERED: Final = {each.DRILL.id: each.DRILL for each in _ALL} | {
    each.id: each for each in GUARDS
}
DRILLS: Final[dict[str, Drill]] = dict(sorted(_NUMBERED.items()))
