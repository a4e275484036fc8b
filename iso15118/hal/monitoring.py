"""What the monitors of an outlet say, for its guard: heat, stop and door, an over-voltage that something faster has seen, the grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeVar

from iso15118.errors import DeviceFault
from iso15118.hal import bounds
from iso15118.hal.protocols import Monitors
from iso15118.power import AcAbilities, AcReading, Measured
from iso15118.units import NO_PHASE, Second, Volt
from iso15118.value import Value

T = TypeVar("T")
NEVER: Final = float("-inf")
NO_GRID: Final = AcReading(NO_PHASE, frequency=0.0)
"""What is known of a grid that has never been measured."""
CONVERTER: Final = "converter"


class Surroundings(Value):
    """Where an outlet stands: the table [surroundings] of a board's file."""

    derate_from: float = 75.0
    """Degrees Celsius of the hottest place, from which on less flows."""
    hottest: float = 95.0
    """Degrees Celsius at which nothing flows any more, and which are a fault."""
    grid: str = "sensor"
    """Who sees that the grid is gone while energy comes out of a vehicle of direct current: "sensor", or "converter", by itself."""
    grid_fresh: float = 0.3
    """s: an older reading of the grid counts as none. Converters on a slow bus need more."""
    grid_voltage: float = 230.0
    """V, nominal, phase to neutral."""
    grid_frequency: float = 50.0
    """Hz, nominal."""


HERE: Final = Surroundings()
"""What a board's file says of them that says nothing."""


class Listen(Protocol):
    """How a guard asks a device: the old value stays where there is no new one."""

    def __call__(self, old: Measured[T], measure: Callable[[], Measured[T]], /) -> Measured[T]: ...


class Monitoring:
    """`share` of what the outlet could carry when cold; `grid_holds`: a vehicle may feed it."""

    def __init__(self, monitors: Monitors, around: Surroundings) -> None:
        self._monitors, self._around = monitors, around
        self._nominal = AcAbilities(voltage=around.grid_voltage, frequency=around.grid_frequency)
        self._celsius = Measured(0.0, NEVER)
        self._pressed, self._door, self._tripped = Measured(False, NEVER), Measured(False, NEVER), Measured(False, NEVER)
        self._grid = Measured(NO_GRID, NEVER)
        self.share = 1.0
        self.grid_holds = False

    def read(self, listen: Listen, born: Second, now: Second) -> None:
        """Take over what they hold. `born`: since when the guard is there."""
        heat, stop, over_voltage, grid = self._monitors.temperature, self._monitors.stop, self._monitors.over_voltage, self._monitors.grid
        if heat is not None:
            self._celsius = listen(self._celsius, heat.celsius)
            self.share = self._left(self._celsius.value) if self._celsius.at > NEVER else 1.0
        if stop is not None:
            self._pressed, self._door = listen(self._pressed, stop.pressed), listen(self._door, stop.door)
        if over_voltage is not None:
            self._tripped = listen(self._tripped, over_voltage.tripped)
        if grid is not None:
            self._grid = listen(self._grid, grid.measured)
        fresh = now - self._grid.at <= self._around.grid_fresh
        self.grid_holds = self._around.grid == CONVERTER or (fresh and self._nominal.holds(self._grid.value))

    def oldest(self, at: Second) -> Second:
        """The moment of the oldest of their measurements that must be fresh, or `at` where that is older."""
        if self._monitors.stop is not None:
            at = min(at, self._pressed.at, self._door.at)
        return at if self._monitors.over_voltage is None else min(at, self._tripped.at)

    def faults(self, born: Second, now: Second) -> Iterator[DeviceFault]:
        """What they have found."""
        if self._pressed.value:
            yield DeviceFault.EMERGENCY_STOP
        if self._door.value:
            yield DeviceFault.ENCLOSURE
        if self._tripped.value:
            yield DeviceFault.OVER_VOLTAGE
        if self._monitors.temperature is not None:
            if self._celsius.value >= self._around.hottest:
                yield DeviceFault.OVER_TEMPERATURE
            if now - max(self._celsius.at, born) > bounds.SLOW_LOST:
                yield DeviceFault.STALE

    def token(self) -> str | None:
        """What was shown to the reader, if there is one and something was. Raises whatever its driver does."""
        reader = self._monitors.reader
        return None if reader is None else reader.read()

    def demand(self, limit: Volt | None, ask: Callable[[Callable[[], None]], None]) -> None:
        """Have an over-voltage above `limit` looked for; None: none."""
        monitor = self._monitors.over_voltage
        if monitor is not None:
            ask(lambda: monitor.demand(limit))

    def _left(self, celsius: float) -> float:
        around = self._around
        span = max(around.hottest - around.derate_from, 1e-6)
        return min(1.0, max(0.0, (around.hottest - celsius) / span))
