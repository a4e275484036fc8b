"""The Bender isoCHA425HV: four registers a measurement, its set-up, its self test."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from math import isfinite
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import LineKeys, Registers
from iso15118.hal.modbus.monitor import ModbusInsulationMonitor
from iso15118.hal.modbus.verdict import Seen
from iso15118.units import Ohm, Second
from iso15118.value import Value

DELIVERED: Final = LineKeys(baud=19200, parity="E", unit=3, every=0.1)
RESISTANCE, VOLTAGE, IDENT = 1000, 1008, 9820
ENABLE, ORDER = 3026, 8005
SELF_TEST: Final = 0x5445
OHM, VOLT = 2, 4
"""Units of a measurement."""
SMALLER, INVALID = 1, 3
"""Validities: the real value is smaller; there is none. 0 is a true value, and with 2 the real one is bigger, as is usual."""
EXTERNAL: Final = 2
"""A test that was ordered."""
DEVICE_ERROR: Final = 2
"""An alarm."""
FAST: Final = 500
"""From above this version on it knows the quick self test of a cable check."""
BETWEEN_WRITES: Final[Second] = 0.020
BETWEEN_READS: Final[Second] = 0.010
AFTER_ENABLE: Final[Second] = 0.050
AGAIN: Final[Second] = 10.0
"""From one set-up to the next of a monitor in error."""
PRE_ALARM: Final = (15, 600)
"""kohm; the alarm lies below it."""


class Measurement(Value):
    """Four registers: a number, and what it is worth."""

    value: float | None
    """None: invalid, or no number."""
    unit: int
    validity: int
    test: int
    """0: none, 1: internal, 2: external."""
    alarm: int


def measurement(words: Sequence[int]) -> Measurement:
    """High word first."""
    (number,) = struct.unpack(">f", struct.pack(">2H", *words[:2]))
    state, meaning = words[2] >> 8, words[2] & 0xFF
    validity = meaning >> 6
    value = None if validity == INVALID or not isfinite(number) else float(number)
    return Measurement(value, meaning & 0x1F, validity, state >> 6, state & 7)


def setup(limit: Ohm, version: int) -> list[tuple[int, int]]:
    """Register and value, one after the other; the enable last. Raises LocalError for a limit that cannot be an alarm."""
    alarm = round(limit / 1e3)
    least, most = PRE_ALARM
    if not least <= alarm < most:
        raise LocalError(f"limit {limit:g} ohm; allowed: {least}e3..{most - 1}e3")
    before = min(most, alarm * 5 // 2)
    told = {3000: 0, 3005: before, 3007: alarm, 3008: 0, 3009: 30, 3010: 0, 3011: 1050, 3012: 0, 3013: 0, 3014: 0}
    told |= {3018: 5, 3019: 5, 3020: 5, 3021: 3 if version > FAST else 0, 3023: 0, 3024: 0, 3025: 1}
    return [*told.items(), (ENABLE, 1)]


class BenderMonitor(ModbusInsulationMonitor):
    """It measures the voltage of the output, too."""

    def __init__(self, keys: LineKeys, limit: Ohm, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one, or a limit."""
        setup(limit, 0)
        self._set_up = 0.0
        super().__init__(keys, limit, client)
        self.also = {"voltage": self.output}

    def _prepare(self) -> None:
        version = self._words(IDENT, 6)[1]
        self._set_up = time.monotonic()
        for register, value in setup(self._limit, version):
            self._write(register, [value])
            self._over.wait(BETWEEN_WRITES)
        self._over.wait(AFTER_ENABLE)

    def _seen(self) -> Seen:
        ohm = measurement(self._words(RESISTANCE, 4))
        self._over.wait(BETWEEN_READS)
        volt = measurement(self._words(VOLTAGE, 4))
        error = ohm.alarm == DEVICE_ERROR and ohm.test == 0
        if error and time.monotonic() - self._set_up > AGAIN:
            self._prepare()
        good = ohm.value is not None and ohm.value >= 0.0 and ohm.unit == OHM and ohm.test == 0
        return Seen(
            ohm=ohm.value if good else None,
            volts=abs(volt.value) if volt.value is not None and volt.unit == VOLT else None,
            smaller=ohm.validity == SMALLER,
            testing=ohm.test == EXTERNAL,
            error=error,
            ready=ohm.test == 0,
        )

    def _order(self) -> None:
        """Enable it, whoever has disabled it."""
        self._write(ENABLE, [1])
        self._over.wait(AFTER_ENABLE)
        self._write(ORDER, [SELF_TEST])
