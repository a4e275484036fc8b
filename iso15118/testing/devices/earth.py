"""What the simulated insulation monitors have in common: a self test that lasts, and a first measurement that takes its time after it."""

from __future__ import annotations

import time
from collections.abc import Callable

from iso15118.testing.devices.modbus import ModbusDevice
from iso15118.testing.devices.wires import World


class EarthMonitor(ModbusDevice):
    """While it tests, and until it has measured with voltage on the output, it says so on the wire `insulation.testing`."""

    def __init__(
        self, world: World, *, unit: int, test_time: float = 2.0, settling: float = 0.5, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`settling`: s of voltage on the output until a measurement after a test is a valid one."""
        super().__init__(unit)
        self.world, self.test_time, self.settling, self._clock = world, test_time, settling, clock
        self.endless = False
        """A test that has been ordered never ends."""
        self.bad = False
        """It ends with an error."""
        self.broken = False
        self._ordered: float | None = None
        self._live: float | None = None
        self._measured = True

    def order(self) -> None:
        """Begin a self test."""
        self._ordered, self._measured, self._live, self.broken = self._clock(), False, None, False
        self.turn()

    @property
    def testing(self) -> bool:
        """A self test runs."""
        return self._ordered is not None and (self.endless or self._clock() - self._ordered < self.test_time)

    @property
    def measured(self) -> bool:
        """Its measurement is a valid one."""
        return self._measured and "invalid" not in self.faults

    @property
    def failed(self) -> bool:
        """It is in error."""
        return self.broken or "error" in self.faults

    @property
    def ohm(self) -> float:
        """Of the world."""
        return self.world.get("insulation.ohm", 0.0)

    @property
    def volts(self) -> float:
        """Of the output."""
        return self.world.get("output.voltage", 0.0)

    def turn(self) -> None:
        """Where the test stands now."""
        now, testing = self._clock(), self.testing
        if self._ordered is not None and not testing:
            self._ordered, self.broken = None, self.bad
        if testing or self.volts < 60.0:
            self._live = None
        elif self._live is None:
            self._live = now
        if self._live is not None and now - self._live >= self.settling:
            self._measured = True
        self.world["insulation.testing"] = float(testing or not self._measured)
