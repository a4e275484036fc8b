"""What the meters of a site have told: of those that are read here, and of others, which tell it themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from iso15118.grid.meters import Lines, Reading
from iso15118.grid.site import PHASES, VOLTAGE, Site
from iso15118.service.log import Log
from iso15118.service.site_parties import Meter
from iso15118.units import Second, Watt

FRESH: Final[Second] = 10.0
"""An older measurement of generation is none."""
_NEVER: Final[Second] = float("-inf")


class Readings:
    """Of one site. Moments are monotonic, of the site."""

    def __init__(self, site: Site, meters: Mapping[tuple[str, str], Meter], pace: float, log: Log) -> None:
        """`meters`: those that are read here. `pace`: site seconds in a second of this process."""
        self.circuits: dict[str, Reading] = {}
        self.batteries: dict[str, Reading] = {}
        self.generation: dict[str, tuple[Second, Watt]] = {}
        """Of each plant, a magnitude."""
        self._site, self._meters, self._pace, self._log = site, dict(meters), pace, log
        self._read: dict[tuple[str, str], Second] = {}
        self._watts: dict[Second, Watt] = {}
        """What the connection draws, by when it was read."""
        self._silent: frozenset[str] = frozenset()

    def measured(self, circuit: str, currents: Lines, at: Second) -> None:
        """A in L1, L2, L3, + import. Raises LocalError on a circuit there is not."""
        self._site.circuit(circuit)
        self.circuits[circuit] = Reading(currents, at)

    def charging(self, battery: str, power: Watt, at: Second) -> None:
        """What flows into a stationary battery."""
        line = power / PHASES / VOLTAGE
        self.batteries[battery] = Reading((line, line, line), at)

    def read(self) -> Iterator[tuple[str, Watt]]:
        """Take what the meters that are read here have told since the last time, and give what photovoltaics give by it."""
        for (kind, name), meter in self._meters.items():
            flows, power = meter.flows(), meter.power()
            if flows is None or power is None or flows.at <= self._read.get((kind, name), _NEVER):
                continue
            self._read[kind, name] = flows.at
            at = flows.at * self._pace
            if kind == "circuit":
                self.measured(name, flows.value, at)
                if name == self._site.root.name:
                    self._watts = {at: power.value}
            elif kind == "battery":
                self.charging(name, power.value, at)
            else:
                self.generation[name] = at, max(0.0, -power.value)
                yield name, max(0.0, -power.value)

    def generated(self, now: Second) -> Watt:
        """By all photovoltaics, as far as it is fresh."""
        return sum(power for at, power in self.generation.values() if now - at <= FRESH)

    def power(self, reading: Reading) -> Watt:
        """What the connection drew: in W if its meter tells them, else by its currents at nominal voltage."""
        return self._watts.get(reading.at, sum(reading.currents) * VOLTAGE)

    def judged(self, silent: Mapping[str, str]) -> None:
        """Say once that a circuit's meter is not believed any more (`silent`: why), and once that it is again."""
        for name in sorted(self._silent ^ set(silent)):
            if name in silent:
                meter = self._meters.get(("circuit", name))
                cause = f" ({meter.why})" if meter is not None and meter.why else ""
                self._log.warning("site", f"{self._site.name}: meter of {name}: {silent[name]}{cause}; the fail-safe holds below it")
            else:
                self._log.info("site", f"{self._site.name}: meter of {name}: read again")
        self._silent = frozenset(silent)
