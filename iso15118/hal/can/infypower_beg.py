"""InfyPower BEG1K075G, one module that charges and discharges: each reversal is off, seen off, direction, seen direction, set-points, on.

It sees the grid, too. Its frames and figures stand in hw/infypower_beg1k075g.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import inf
from typing import Any, Final

from iso15118.hal.board import fill
from iso15118.hal.can import infy
from iso15118.hal.can.beg_words import (
    CHARGE,
    CREDIBLE,
    CURRENT,
    DIRECTION,
    DISCHARGE,
    ESSENTIAL,
    GRID,
    IN_A_ROW,
    MAX_CURRENT,
    MAX_VOLTAGE,
    MIN_VOLTAGE,
    NOTHING,
    OFF,
    ON,
    POWER,
    RATINGS,
    READ,
    SETTING,
    STATUS,
    SWITCH,
    TURN,
    VOLTAGE,
    WALK_IN,
    WRITE,
    Grid,
    asked,
    number,
    written,
)
from iso15118.hal.can.line import Frame, checked
from iso15118.hal.can.supply import LOST, NEVER, CanSupply, SupplyKeys, possible, started
from iso15118.hal.can.turns import Order, Press, Turns
from iso15118.hal.protocols import Health
from iso15118.power import Limits, Measured
from iso15118.units import Second
from iso15118.value import replace

SETTLED: Final[Second] = 0.1
"""A reply that comes sooner may be to a question before the order."""
FOLLOWS: Final[Second] = 2.0
"""So long the module may take to switch off, or to turn."""
AGAIN: Final[Second] = 0.5
"""An order to turn that shows nothing is said anew after this."""
PRESSING: Final = 2000
"""mA by which a current must fall to be told at once: a guard bears 2.5 A."""
AGED: Final[Second] = 1.5
"""A status or a direction that is older is asked for before anything that is waited for: half of `LOST`."""
REFUSED: Final[Second] = 1.0
"""An order that is refused for longer is a failure."""


class BegKeys(SupplyKeys):
    """The keys of its table."""

    walk_in: bool = False
    """Does the module start softly by itself?"""


SHEET: Final = BegKeys(
    min_voltage=200.0,
    charge_current=73.3,
    charge_power=22_000.0,
    discharge_current=73.3,
    discharge_power=22_000.0,
)
"""The module's data sheet, as far as it is known, where a table says nothing."""


class Beg(CanSupply):
    """One module on its bus. After `off` it stands in the direction of charging. `also`: its grid sensor."""

    _keys: BegKeys

    def __init__(self, keys: BegKeys, clock: Callable[[], Second] = time.monotonic) -> None:
        start: list[Frame | Order] = [
            Order(SWITCH, written(SWITCH, OFF), Press.NOW),
            *map(asked, (*RATINGS, *GRID, STATUS, DIRECTION, VOLTAGE, CURRENT)),
        ]
        measure, state, grid = ([*map(asked, items)] for items in ((VOLTAGE, CURRENT), (STATUS, DIRECTION), GRID))
        super().__init__(keys, Turns(measure, state, grid, IN_A_ROW), start, clock)
        self._values: dict[int, Measured[float]] = {}
        self._refused: dict[int, tuple[int, Second]] = {}
        self._sources: frozenset[int] = frozenset()
        self._off_since: Second | None = None
        """None: the last order was on, or no order has got through."""
        self._last: Hashable = None
        """The name of the order before."""
        self._turned: int | None = None
        """The direction last ordered; None: as above."""
        self._turned_at = self._turning_since = NEVER
        self.also = {"grid": Grid(self._values, keys.pace)}

    @property
    def limits(self) -> Limits:
        """Keys and ratings, whichever are lower."""
        values = {item: self._values[item].value for item in RATINGS if item in self._values}
        told = {item: value for item, value in values.items() if value >= CREDIBLE[item]}
        current, power = told.get(MAX_CURRENT, inf), told.get(POWER, inf)
        return self._keys.limits.lowered(Limits(told.get(MIN_VOLTAGE, 0.0), told.get(MAX_VOLTAGE, inf), current, power, current, power))

    # Hear.

    @property
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """As `line.Device` says."""
        return [infy.TO_US]

    def missing(self) -> str:
        """As `CanSupply` says: measurements, state and ratings."""
        return ", ".join(f"{item:04x}" for item in (*ESSENTIAL, *RATINGS) if item not in self._values)

    def heard(self, frame: Frame, now: Second) -> bool:
        """As `line.Device` says."""
        found, data = infy.ident(frame.ident), frame.data
        if not frame.extended or found.destination != infy.CONTROLLER or found.command not in (READ, WRITE) or len(data) != 8:
            return False
        self._sources |= {found.source}
        item = int.from_bytes(data[:2], "big")
        if found.command == WRITE and found.error in (0, infy.BUSY):
            self._refused.pop(item, None)
        elif found.command == WRITE and item in (*SETTING, SWITCH):
            self._refused.setdefault(item, (found.error, now))
        elif found.command == READ and found.error == 0:
            self._take(item, data, now)
        return True

    def _take(self, item: int, data: bytes, now: Second) -> None:
        """A value it has said."""
        raw = int.from_bytes(data[4:8], "big", signed=item == CURRENT)
        if item == STATUS:
            self._values[item] = Measured(float(infy.status_of(data)), now)
        elif item == DIRECTION:
            self._values[item] = Measured(float(raw & 1), now)
        elif item in (VOLTAGE, CURRENT, *RATINGS, *GRID):
            self._values[item] = Measured(raw / 1000.0, now)
        if item in (VOLTAGE, CURRENT) and all(key in self._values for key in ESSENTIAL):
            voltage, current = self._values[VOLTAGE], self._values[CURRENT]
            if self._values[DIRECTION].value:
                current = replace(current, value=0.0 - abs(current.value))
            self._measured = (voltage, current)

    # Speak.

    def unsaid(self) -> None:
        """As `line.Device` says."""
        super().unsaid()
        self._turned = self._off_since = None

    def orders(self, now: Second) -> Sequence[Order]:
        """What may be said now: of an on nothing before the module has been seen to stand in the right direction."""
        wanted, off = self.wanted(now), Order(SWITCH, written(SWITCH, OFF), Press.NOW)
        if self._is_refused():
            return [off]
        if wanted is None:
            walk = Order(WALK_IN, written(WALK_IN, 0xA1 if self._keys.walk_in else 0xA0))
            if not self._is_off(now):
                return [off]
            return [off, walk, *(self._turn(CHARGE, now) if self._told[:2] == (0.0, 0.0) else ())]
        direction = DISCHARGE if wanted.current < 0 else CHARGE
        if not self._stands(direction, now):
            return self._turn(direction, now) if self._is_off(now) else [off]
        current = written(CURRENT, round(abs(wanted.current) * 1000))
        falls = number(self._turns.said(CURRENT)) - number(current) > PRESSING
        points = [
            Order(VOLTAGE, written(VOLTAGE, round(wanted.voltage * 1000))),
            Order(CURRENT, current, Press.SOON if falls else Press.NOT),
        ]
        if self._last == VOLTAGE:  # one that changes all the time leaves the other its turn
            points.reverse()
        on = Order(SWITCH, written(SWITCH, ON))
        # Once both are set it goes on, or set-points that change all the time would keep it off.
        return [on, *points] if self._turns.said(VOLTAGE) and self._turns.said(CURRENT) else [*points, on]

    def _turn(self, direction: int, now: Second) -> Sequence[Order]:
        """The order to turn, for as long as it is not seen that the module has."""
        if self._stands(direction, now) or (self._turned == direction and now - self._turned_at < AGAIN):
            return ()
        self._turns.forget(TURN)
        return [Order(TURN, written(TURN, direction))]

    def look(self, now: Second) -> Sequence[Frame]:
        """Off and direction, while they are waited for; before them what has grown old."""
        older = min(STATUS, DIRECTION, key=lambda item: self._values[item].at)
        if now - self._values[older].at > AGED:
            return [asked(older)]
        if self._off_since is not None and not self._is_off(now):
            return [asked(STATUS)]
        return [asked(DIRECTION)] if self._turned is not None and not self._stands(self._turned, now) else ()

    def ordered(self, order: Order, now: Second) -> None:
        """Remembers since when it should be off, or turn."""
        self._last = order.name
        if order.frame == written(SWITCH, OFF):
            self._off_since = now if self._off_since is None else self._off_since
            self._turns.forget(VOLTAGE, CURRENT)
        elif order.name == SWITCH:
            self._off_since = None
        elif order.name == TURN:
            direction = order.frame.data[7]
            self._turning_since = self._turning_since if self._turned == direction else now
            self._turned, self._turned_at = direction, now
            self._turns.forget(VOLTAGE, CURRENT)

    def farewell(self) -> Sequence[Frame]:
        """As `line.Device` says."""
        return [written(SWITCH, OFF)]

    # Judge.

    def _is_off(self, now: Second) -> bool:
        """Has the module said that its DC side is off, after it was told so?"""
        return self._off_since is not None and bool(int(self._since(STATUS, self._off_since, now)) & infy.DC_OFF)

    def _stands(self, direction: int, now: Second) -> bool:
        """Was the module told this direction last, and has it said so since?"""
        return self._turned == direction and self._since(DIRECTION, self._turned_at, now) == (1.0 if direction == DISCHARGE else 0.0)

    def _since(self, item: int, at: Second, now: Second) -> float:
        """What the module has said of `item` lately and after an order of `at`; if it has not, `NOTHING`."""
        seen = self._values.get(item)
        return seen.value if seen is not None and seen.at > at + SETTLED and now - seen.at <= LOST else NOTHING[item]

    def _is_refused(self) -> bool:
        """A set-point that is refused leaves the last one in force: then nothing may flow, until somebody has said `off`."""
        if self._told[:2] == (0.0, 0.0):
            for item in SETTING:
                self._refused.pop(item, None)
        return any(item in self._refused for item in SETTING)

    def judged(self, now: Second) -> tuple[Health, str]:
        """As `CanSupply` says."""
        if self.missing() or now - min(self._values[item].at for item in ESSENTIAL) > LOST:
            return Health.FAILED, "silent"
        if len(self._sources) > 1:
            return Health.FAILED, f"more than one module answers: {', '.join(map(hex, sorted(self._sources)))}"
        off, turned = self._off_since, self._turned
        if off is not None and now - off > FOLLOWS and not self._is_off(now):
            return Health.FAILED, "does not switch off"
        if turned is not None and now - self._turning_since > FOLLOWS and not self._stands(turned, now):
            return Health.FAILED, "does not turn"
        health, why = infy.health_of(int(self._values[STATUS].value))
        words = [why] if why else []
        for item, (error, since) in self._refused.copy().items():
            health = max(health, Health.FAILED if now - since > REFUSED else Health.DEGRADED)
            words.append(f"{item:04x} refused: {infy.ERRORS.get(error, error)}")
        return health, ", ".join(words)


def supply(table: Mapping[str, object], file: str, path: str, bus: Callable[[], Any] | None = None) -> Beg:
    """The module that a table of a board's file describes, once it has answered. Raises LocalError where it does not."""
    keys = fill(SHEET, table, file, path)
    possible(keys, file, path)
    checked(keys, 3, file, path)  # status and direction are as urgent as a third measurement: see `AGED`
    return started(Beg(keys), keys, file, path, bus)
