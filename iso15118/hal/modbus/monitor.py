"""What every insulation monitor on Modbus is, whatever its registers: the thread that asks it, and the protocol it is driven by."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Final

from iso15118.hal.modbus.line import LineKeys, Registers, Rounds
from iso15118.hal.modbus.verdict import Moving, Seen, Verdict
from iso15118.power import Insulation, Measured
from iso15118.units import Ohm, Second, Volt

SILENT: Final[Second] = 10.0
"""Under a good verdict nobody may be without a measurement for longer: so long a monitor may take to find a fault (N12)."""
_NEVER: Final = Measured(0.0, float("-inf"))


class OutputVoltage:
    """What a monitor measures of the output: a sensor behind the contactor."""

    def __init__(self) -> None:
        self.latest: Measured[Volt] = _NEVER

    def voltage(self) -> Measured[Volt]:
        """The latest, a magnitude."""
        return self.latest


class ModbusInsulationMonitor(Rounds):
    """`hal.protocols.InsulationMonitor`."""

    ORDERS = True
    """It has a self test that can be ordered."""

    def __init__(self, keys: LineKeys, limit: Ohm, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.output = OutputVoltage()
        self._limit = limit
        self._verdict = Verdict(limit, orders=self.ORDERS)
        self._moving = Moving(limit)
        self._ohm: Measured[Ohm] = _NEVER
        super().__init__(keys, client)

    def demand(self, testing: bool) -> None:
        """As the protocol says."""
        if self._verdict.demand(testing, time.monotonic()):
            self.hurry()

    def verdict(self) -> Measured[Insulation]:
        """As the protocol says. A good one is a bad one when nothing has been measured for too long: nobody watches any more."""
        state = self._verdict.state
        if state.value is Insulation.VALID and time.monotonic() - self._ohm.at > SILENT:
            return Measured(Insulation.FAULT, state.at)
        return state

    def resistance(self) -> Measured[Ohm]:
        """The latest valid one; there is none while a test runs, of a monitor in error, or that is not believed yet."""
        return self._ohm

    @abstractmethod
    def _seen(self) -> Seen:
        """Ask the device. Raises OSError."""

    def _order(self) -> None:
        """Have it begin its self test. Raises OSError."""

    def _turn(self) -> None:
        began = time.monotonic()
        seen = self._seen()
        due = self._verdict.due(seen)
        if due is not None:
            self._order()
            self._verdict.ordered(due)
        at = time.monotonic()
        seen = self._moving.believed(seen, at)
        if seen.ohm is not None and not (seen.testing or seen.error):
            self._ohm = Measured(seen.ohm, at)
        self._verdict.see(seen, began, at)
        if seen.volts is not None and not seen.error:
            self.output.latest = Measured(seen.volts, at)
