"""A meter on Modbus where a site, or a part of it, is fed: what flows in each phase, by the map of its model.

    [circuit.meter]
    driver = "modbus"
    map = "/etc/chargeloop/hw/eastron_sdm630/map.toml"     # points power_l1.. and voltage_l1.., better current_l1.. as well
    host = "192.0.2.17"

Nobody waits for it, not even at the start: until it has answered, and whenever it does not, it has told nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import Line, LineKeys, Registers, keys_of
from iso15118.hal.modbus.registers import Point, RegisterMap, load
from iso15118.power import Measured
from iso15118.units import PerPhase, Second, Volt, Watt
from iso15118.value import Value

PHASES: Final = (1, 2, 3)
WANTED: Final = tuple(f"{what}_l{phase}" for what in ("power", "voltage") for phase in PHASES)
CURRENTS: Final = tuple(f"current_l{phase}" for phase in PHASES)
LOW: Final[Volt] = 100.0
"""What is divided by at the least: a phase that has failed carries no endless current."""


class Mains(Value):
    """Which meter, and where: what a file has told."""

    map: RegisterMap
    keys: LineKeys

    @property
    def points(self) -> Mapping[str, Point]:
        """Those that are read."""
        found = self.map.points
        return {name: found[name] for name in (*WANTED, *(CURRENTS if CURRENTS[0] in found else ()))}


class MainsMeter:
    """Reads from now on."""

    def __init__(self, mains: Mains, client: Registers | None = None) -> None:
        """Raises LocalError without the extra."""
        self._apparent = CURRENTS[0] in mains.points
        self._line = Line(mains.points, mains.keys, client)

    @property
    def why(self) -> str:
        """What the last round has failed of; empty: nothing."""
        return self._line.why

    def flows(self) -> Measured[PerPhase] | None:
        """A in L1, L2, L3, + import; None: not all of it has been told yet.

        What flows in is as large as the current that is measured, by which fuses blow, and where the map has none as the power asks for;
        what flows out is what the power is: a reactive current leaves no room.
        """
        watts, at = self._read("power")
        volts, other = self._read("voltage")
        amps, third = self._read("current") if self._apparent else (watts, at)
        if not watts or not volts or not amps:
            return None
        flows = (abs(a) if self._apparent and w >= 0.0 else w / max(LOW, abs(v)) for w, v, a in zip(watts, volts, amps, strict=True))
        return Measured(PerPhase(*flows), min(at, other, third))

    def power(self) -> Measured[Watt] | None:
        """W of all phases, + import."""
        watts, at = self._read("power")
        return Measured(sum(watts), at) if watts else None

    def close(self) -> None:
        """Read no more."""
        self._line.close()

    def _read(self, what: str) -> tuple[list[float], Second]:
        """In each phase, and when the oldest of it was read; nothing before all three have been."""
        seen = [self._line.latest.get(f"{what}_l{phase}") for phase in PHASES]
        there = [value for value in seen if value is not None]
        if len(there) < len(seen):
            return [], 0.0
        return [value.value for value in there], min(value.at for value in there)


def mains(table: Mapping[str, object], file: str, path: str) -> Mains:
    """What a table of a site's file describes. Raises LocalError."""
    words = dict(table)
    place = words.pop("map", None)
    if not isinstance(place, str):
        raise LocalError(f"{file}: {path}: map {place!r}; allowed: a map's file")
    found = load(Path(file).parent / place, WANTED)
    some = [name for name in CURRENTS if name in found.points]
    if some and len(some) < len(CURRENTS):
        raise LocalError(f"{place}: points: {', '.join(some)} alone; allowed: all of {', '.join(CURRENTS)}, or none")
    return Mains(found, keys_of(words, file, path))
