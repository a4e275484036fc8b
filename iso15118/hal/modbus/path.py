"""A meter on Modbus as the path of alternating current, which it measures and nobody bounds; it brings the outlet's energy meter along.

    [composed.path]
    driver = "modbus"
    map = "../eastron_sdm630/map.toml"     # points voltage_l1.., power_l1.., frequency, charged, discharged
    meter_id = "21370042"
    device = "/dev/ttyMeter"
    baud = 38_400
    current = 16.0                         # A of each phase that the outlet can carry
    phases = 3

The residual current device is another's (a control board's, for instance): without one its word is never heard, which is a fault.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.modbus.line import LineKeys, Registers, Rounds, keys_of
from iso15118.hal.modbus.meter import ModbusMeter
from iso15118.hal.modbus.registers import Point, load
from iso15118.hal.protocols import Health
from iso15118.power import Abilities, AcAbilities, AcReading, AcTarget, Limits, Measured
from iso15118.units import NO_PHASE, PerPhase, Second
from iso15118.value import Value

FIRST: Final[Second] = 3.0
FAST: Final = LineKeys(every=0.1)
"""A guard lets nothing rise on a measurement older than 0.3 s."""
SILENT: Final[Second] = 2.0
"""A meter that has told nothing for longer has failed."""
GAP: Final = 16
"""Registers between two points that are rather read along than asked for apart."""
BLOCK: Final = 80
"""Registers of one request."""
ENERGIES: Final = ("charged", "discharged")
_NEVER: Final = float("-inf")


class PathKeys(Value):
    """What a board's file says beside where the meter is."""

    phases: int = 3
    voltage: float = 230.0
    """V, nominal, phase to neutral."""
    frequency: float = 50.0
    """Hz, nominal."""
    current: float = 16.0
    """A of each phase, both ways."""


def blocks(points: Mapping[str, Point]) -> list[tuple[int, int, int]]:
    """Function, first register and number of registers of as few requests as there need be."""
    found: list[tuple[int, int, int]] = []
    for point in sorted(points.values(), key=lambda point: (point.function, point.address)):
        end = point.address + point.count
        if found and found[-1][0] == point.function:
            _, first, count = found[-1]
            if point.address - (first + count) <= GAP and end - first <= BLOCK:
                found[-1] = point.function, first, max(count, end - first)
                continue
        found.append((point.function, point.address, point.count))
    return found


class MeteredPath(Rounds):
    """`hal.protocols.AcPath`. `latest`: by point, with the monotonic s at which it was read."""

    def __init__(
        self, points: Mapping[str, Point], meter_id: str, words: PathKeys, keys: LineKeys, client: Registers | None = None
    ) -> None:
        """Raises LocalError for a line that cannot be one."""
        volts, power = words.voltage, words.phases * words.voltage * words.current
        limits = Limits(0.8 * volts, 1.15 * volts, words.current, power, words.current, power)
        self.abilities = Abilities(limits, ac=AcAbilities(words.phases, volts, words.frequency))
        self.latest: dict[str, Measured[float]] = {}
        self._phases = words.phases
        self._points = dict(points)
        self._fast = blocks({name: point for name, point in points.items() if name not in ENERGIES})
        self._slow = [(each.function, each.address, each.count) for name in ENERGIES for each in self._parts(points[name])]
        self._seen: Measured[AcReading] = Measured(AcReading(NO_PHASE, frequency=0.0), _NEVER)
        self._turns = 0
        self.also = {"meter": ModbusMeter(self, meter_id)}
        super().__init__(keys, client)

    @staticmethod
    def _parts(point: Point) -> Sequence[Point]:
        return (point,) if point.plus is None else (point, point.plus)

    @property
    def health(self) -> Health:
        """By the age of what it has measured."""
        return Health.FAILED if time.monotonic() - self._seen.at > SILENT else Health.GOOD

    def demand(self, target: AcTarget | None) -> None:
        """Nothing here bounds what a car takes: it is told, and its power watched."""

    def measured(self) -> Measured[AcReading]:
        """The newest; + into the vehicle, which has to hang on the meter's load side."""
        return self._seen

    def residual(self) -> Measured[bool]:
        """A meter knows nothing of it."""
        return Measured(False, _NEVER)

    def _turn(self) -> None:
        words: dict[tuple[int, int], int] = {}
        energies = self._slow if self._turns % 5 == 0 else []
        self._turns += 1
        began = time.monotonic()
        for function, first, count in [*self._fast, *energies]:
            read = self._words(first, count, function)
            words |= {(function, first + place): word for place, word in enumerate(read)}
        for name, point in self._points.items():
            if energies or name not in ENERGIES:
                value = self._value(point, words)
                if value is not None:
                    self.latest[name] = Measured(value, began)
        self._see()

    def _value(self, point: Point, words: Mapping[tuple[int, int], int]) -> float | None:
        values = [part.value([words[part.function, part.address + place] for place in range(part.count)]) for part in self._parts(point)]
        return None if None in values else sum(value for value in values if value is not None)

    def _see(self) -> None:
        names = [f"{what}_l{phase}" for what in ("voltage", "power") for phase in range(1, self._phases + 1)]
        if any(name not in self.latest for name in (*names, "frequency")):
            return
        volts, watts = ([self.latest[f"{what}_l{phase}"].value for phase in range(1, self._phases + 1)] for what in ("voltage", "power"))
        at = min(self.latest[name].at for name in (*names, "frequency"))
        self._seen = Measured(AcReading(PerPhase(*volts), PerPhase(*watts), frequency=self.latest["frequency"].value), at)


def path(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> MeteredPath:
    """The path that a table of a board's file describes, once its meter has answered. Raises LocalError where it does not."""
    words = dict(table)
    place, meter_id = words.pop("map", None), words.pop("meter_id", None)
    if not isinstance(place, str) or not isinstance(meter_id, str) or not 1 <= len(meter_id) <= 32:
        raise LocalError(f"{file}: {path}: map {place!r}, meter_id {meter_id!r}; allowed: a map's file, and an id of 1 to 32 characters")
    own = fill(PathKeys(), {key: words.pop(key) for key in PathKeys.__fields__ if key in words}, file, path)
    if own.phases not in (1, 3) or not own.current > 0 or not own.voltage > 0 or not 40.0 <= own.frequency <= 70.0:
        raise LocalError(
            f"{file}: {path}: phases {own.phases}, {own.current} A, {own.voltage} V, {own.frequency} Hz; allowed: 1 or 3, above 0"
        )
    phases = [f"{what}_l{phase}" for what in ("voltage", "power") for phase in range(1, own.phases + 1)]
    wanted = (*phases, "frequency", *ENERGIES)
    found = load(Path(file).parent / place, wanted)
    made = MeteredPath({name: found.points[name] for name in wanted}, meter_id, own, keys_of(words, file, path, FAST), client)
    made.begin(FIRST, f"{file}: {path}: {found.name}")
    return made
