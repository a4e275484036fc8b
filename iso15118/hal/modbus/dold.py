"""The Dold RN5893: a fault and a state, resistance and voltage, a control word.

Its fault register is what counts: its state shows late. It watches its line, so that it shows by itself when we are gone.
"""

from __future__ import annotations

import time
from typing import Final

from iso15118.hal.modbus.line import LineKeys, Registers
from iso15118.hal.modbus.monitor import ModbusInsulationMonitor
from iso15118.hal.modbus.verdict import Seen
from iso15118.units import Ohm, Second

DELIVERED: Final = LineKeys(every=0.1)
FAULT, RESISTANCE = 0, 2000
"""Input registers: fault and state; resistance, one of no meaning here, voltage."""
CONTROL, SUPERVISED = 0, 1
"""Holding registers; behind SUPERVISED stands its time, ms."""
RESET, SELF_TEST = 0x0001, 0x0010
"""Bits of the control word."""
TIMEOUT: Final = 3000
"""ms."""
RENEW: Final[Second] = 1.0
LINE_LOST: Final = 9
"""The fault of a line that has been silent; then it takes a reset and nothing else."""
MEASURING: Final = frozenset({1, 6, 7})
TESTING: Final = frozenset({3, 4})
BROKEN: Final = 2
"""States: measuring, without and with an alarm; a self test; an error."""
VOID: Final = 0xFFFF
MOST: Final[Ohm] = 2e6
"""What VOID means of the resistance: more than that."""


class DoldMonitor(ModbusInsulationMonitor):
    """Thresholds and what is stored stay as its commissioning has left them."""

    def __init__(self, keys: LineKeys, limit: Ohm, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self._renewed = 0.0
        super().__init__(keys, limit, client)

    def _prepare(self) -> None:
        if self._words(FAULT, 1, 4) == [LINE_LOST]:
            self._write(CONTROL, [RESET], 6)
        self._write(CONTROL, [0], 6)  # measuring is on
        self._supervise()

    def _seen(self) -> Seen:
        fault, state = self._words(FAULT, 2, 4)
        resistance, _, volts = self._words(RESISTANCE, 3, 4)
        if fault == LINE_LOST:
            self._prepare()
        elif time.monotonic() - self._renewed >= RENEW:
            self._supervise()
        ohm = MOST if resistance == VOID else resistance * 100.0
        return Seen(
            ohm=ohm if state in MEASURING else None,
            volts=None if volts == VOID else float(volts),
            testing=state in TESTING,
            error=fault != 0 or state == BROKEN,
            ready=state in MEASURING,
        )

    def _order(self) -> None:
        """The bit rises."""
        self._write(CONTROL, [0], 6)
        self._write(CONTROL, [SELF_TEST], 6)

    def _supervise(self) -> None:
        self._renewed = time.monotonic()
        self._write(SUPERVISED, [1, TIMEOUT])
