"""An hour of charge loop between our own charger and car in one process, in virtual time: what all the computing of a session costs."""

from __future__ import annotations

import statistics
import time

from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import PairResult, run_pair
from iso15118.session import evcc
from tools.bench.measure import Progress, Row, Table

LOOPS = 14_400
"""Exchanges: an hour of one every 0.25 s."""
LEG = 300.0
"""s the plan charges, then discharges."""
POWER = 20_000.0


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """The whole session, as often as `repeats` says but at most three times. Raises ValueError where it does not end in order."""
    loops, times = max(400, LOOPS * calls // 2_000), min(repeats, 3)
    legs = tuple(Leg(LEG, POWER if i % 2 == 0 else -POWER) for i in range(round(LOOPS * 0.25 / LEG) + 2))
    walls: list[float] = []
    result: PairResult | None = None
    for repeat in range(times):
        progress(f"pair: {loops} exchanges, {repeat + 1} of {times}")
        began = time.perf_counter()
        result = run_pair(EvseConfig(), CarConfig(plan=legs, session=evcc.Config(loops=loops)))
        walls.append(time.perf_counter() - began)
        if not result.clean or result.loops < loops:
            raise ValueError(f"the session did not end in order after {result.loops} loops: {result.car.why}")
    if result is None:
        raise ValueError("no repeat")
    wall = statistics.median(walls)
    cells = (
        f"{result.loops}",
        f"{wall:.2f}",
        f"{result.duration:.0f}",
        f"{result.duration / wall:.0f}",
        f"{wall / result.loops * 1e6:.0f}",
    )
    data: dict[str, object] = {"exchanges": result.loops, "wall_s": wall, "walls_s": walls, "virtual_s": result.duration}
    notes = (f"{result.charged:.0f} Wh charged, {result.discharged:.0f} Wh discharged; guard, physics and both codecs included",)
    title = f"charger and car in virtual time, median of {times}"
    return Table("pair", title, ("exchanges", "s", "virtual s", "times faster", "us an exchange"), (Row(cells, data),), notes)
