"""The words of an InfyPower BEG1K075G: its items by number, how they are asked for and ordered, and its view of the grid.

Every number is an item's of the module's own protocol; the command before it says whether it is read or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso15118.hal.can import infy
from iso15118.hal.can.line import Frame
from iso15118.hal.can.supply import NEVER
from iso15118.power import AcReading, Measured
from iso15118.units import NO_PHASE, PerPhase, Second

READ, WRITE = 0x23, 0x24
VOLTAGE, CURRENT, STATUS, DIRECTION = 0x1001, 0x1002, 0x1110, 0x1111
SWITCH, TURN, WALK_IN = 0x1110, 0x2110, 0x1122
"""Written only: as reads the first is the status, the second a power of the grid."""
MAX_VOLTAGE, MIN_VOLTAGE, MAX_CURRENT, POWER = 0x1130, 0x1131, 0x1132, 0x1133
PHASES, FREQUENCY = (0x2101, 0x2102, 0x2103), 0x2107
ON, OFF = 0xA0, 0xA1
CHARGE, DISCHARGE = 0xA0, 0xA1
RATINGS: Final = (MAX_VOLTAGE, MIN_VOLTAGE, MAX_CURRENT, POWER)
GRID: Final = (*PHASES, FREQUENCY)
ESSENTIAL: Final = (VOLTAGE, CURRENT, STATUS, DIRECTION)
SETTING: Final = (VOLTAGE, CURRENT, TURN)
"""Refused, they leave the last one in force."""
NOTHING: Final = {STATUS: 0.0, DIRECTION: -1.0}
"""Neither off nor any direction."""
CREDIBLE: Final = {MAX_VOLTAGE: 60.0, MIN_VOLTAGE: 0.0, MAX_CURRENT: 1.0, POWER: 1000.0}
"""A rating below that is in another unit than ours, or none: the key holds."""


def asked(item: int) -> Frame:
    """The question for `item`, to the one module there is."""
    return Frame(infy.Ident(READ, infy.BROADCAST).pack(), item.to_bytes(2, "big") + bytes(6))


def written(item: int, value: int) -> Frame:
    """The order that `item` be `value`."""
    return Frame(infy.Ident(WRITE, infy.BROADCAST).pack(), item.to_bytes(2, "big") + bytes(2) + value.to_bytes(4, "big"))


def number(frame: Frame | None) -> int:
    """What is ordered."""
    return 0 if frame is None else int.from_bytes(frame.data[4:8], "big")


IN_A_ROW: Final = 2
"""New orders between two looks: with three, status and direction would be older than `supply.LOST` in a ramp that goes on and on."""
ALL_OF_IT: Final = 160
"""Frames of ours in which each value of the grid has come once.

Two frames in three measure, and each two may let an order before that presses: a turn for the rest comes each 4.5 frames. Between two looks
are `IN_A_ROW` new orders and one that is said again: a look each 18 frames. Each second look is at the grid: a value in 36 frames, 1.8 s at
50 ms, and all four in 144. The rest is for orders to switch off, which wait for nothing.
"""


class Grid:
    """`hal.protocols.GridSensor`: what the converter measures of it; voltages from phase to neutral.

    The four values come one after the other: a grid that is lost is seen by the next of them. So it is as old as the newest, or as the
    oldest where that one does not come any more. `pace`: of the bus.
    """

    def __init__(self, values: Mapping[int, Measured[float]], pace: Second) -> None:
        self._values, self._all_of_it = values, ALL_OF_IT * pace

    def measured(self) -> Measured[AcReading]:
        """As the protocol says."""
        values = self._values
        if any(item not in values for item in GRID):
            return Measured(AcReading(NO_PHASE, frequency=0.0), NEVER)
        phases = PerPhase(*(values[item].value for item in PHASES))
        oldest, newest = (end(values[item].at for item in GRID) for end in (min, max))
        at = newest if newest - oldest <= self._all_of_it else oldest
        return Measured(AcReading(phases, frequency=values[FREQUENCY].value), at)
