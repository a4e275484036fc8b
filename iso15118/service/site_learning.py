"""What a site learns of its loads and its sun from what was measured, and what it expects of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from iso15118.grid.history import History
from iso15118.grid.planning import Outlook
from iso15118.grid.second import Done, Kept, Known
from iso15118.grid.site import VOLTAGE, Battery, Pv
from iso15118.grid.tree import Tree
from iso15118.units import Second, Watt

FRESH: Final[Second] = 2.0
"""An older reading of a meter has been learned from."""
AHEAD: Final[Second] = 172_800.0
"""So far is looked ahead."""


class Learning:
    """Of one site."""

    def __init__(self, tree: Tree, outlook: Callable[[Second], Outlook]) -> None:
        """`outlook`: what is expected where nothing has been learned."""
        self._tree, self._outlook = tree, outlook
        self._loads = {c.name: History(f"load of {c.name}", weekdays=True) for c in tree.site.circuits if c.metered}
        self._suns = {plant.name: History(f"sun on {plant.name}", weekdays=False) for plant in tree.site.pvs}

    def shines(self, pv: str, power: Watt, moment: Second) -> None:
        """What photovoltaics give."""
        if pv in self._suns:
            self._suns[pv].add(power, moment)

    def saw(self, known: Known, kept: Kept, done: Done, generation: Mapping[str, tuple[Second, Watt]]) -> None:
        """Loads, from what meters read beside outlets: without what is metered further below, the sun, and what batteries do."""
        site, meter = self._tree.site, self._tree.meter
        read = {name: sum(lines) * VOLTAGE for name, (at, lines) in kept.swings.last.items() if known.now - at < FRESH}
        for name, history in self._loads.items():
            below = [c.name for c in site.circuits if c.metered and c.parent is not None and meter[c.parent] == name]
            if name not in read or not all(other in read for other in below):
                continue
            devices: tuple[Pv | Battery, ...] = (*site.pvs, *site.batteries)
            here = [device for device in devices if meter[device.circuit] == name]
            sun = sum(generation.get(device.name, (0.0, 0.0))[1] for device in here)
            stored = sum(done.batteries.get(device.name, 0.0) for device in here if device.name not in known.draws)
            history.add(read[name] - sum(read[other] for other in below) + sun - stored, known.moment)

    def expected(self, moment: Second) -> Outlook:
        """Of what similar days are known, those; of all else what the site's file says."""
        told = self._outlook(moment)
        load, pv = ({n: s for n, h in of.items() if (s := h.expected(moment, AHEAD)) is not None} for of in (self._loads, self._suns))
        return Outlook(load={**told.load, **load}, pv={**told.pv, **pv}, arrivals=told.arrivals)

    def doubt(self, moment: Second) -> str:
        """Why the forecasts cannot be trusted; empty: they can."""
        return next((why for history in (*self._loads.values(), *self._suns.values()) if (why := history.trouble(moment))), "")
