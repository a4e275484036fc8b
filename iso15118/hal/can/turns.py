"""Who speaks next on a bus: measurements two turns in three, orders and looks at the state the third. Orders that press go before all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import IntEnum
from itertools import cycle
from typing import Final, NamedTuple

from iso15118.hal.can.line import Frame

IN_A_ROW: Final = 3
"""So many new orders may go out before the state is looked at again, where a driver says nothing else."""
WAITING: Final = 3
"""So many looks before an order is said again while something is waited for; else one."""
REST: Final = 2
"""Ordinary turns that each order costs which went before them: measurements must not grow old while current falls."""


class Press(IntEnum):
    """How soon a new order must go out: in its turn; before it, once in a while (less current than it was); at once (off)."""

    NOT = 0
    SOON = 1
    NOW = 2


class Order(NamedTuple):
    """What a device is told. `name`: orders of one name replace each other."""

    name: Hashable
    frame: Frame
    press: Press = Press.NOT


class Turns:
    """An order that is new goes out soon, in the order of the list; one that is old is said again and again."""

    def __init__(self, measure: Sequence[Frame], look: Sequence[Frame], beside: Sequence[Frame] = (), in_a_row: int = IN_A_ROW) -> None:
        """All are asked for round after round. `beside`: each second look, whatever is waited for. `in_a_row`: new orders between looks."""
        self._measure, self._look, self._beside, self._in_a_row = cycle(measure), look, beside, in_a_row
        self._said: dict[Hashable, Frame] = {}
        self._pressed: set[Hashable] = set()
        self._turn = self._row = self._debt = self._again = self._looked = 0
        self._looks = 1
        """Since an order was said again."""

    def forget(self, *names: Hashable) -> None:
        """Orders of these names are new again."""
        for name in names:
            self._said.pop(name, None)

    def forget_all(self) -> None:
        """Every order is new again."""
        self._said.clear()

    def said(self, name: Hashable) -> Frame | None:
        """The last order of that name."""
        return self._said.get(name)

    def next(self, orders: Sequence[Order], look: Sequence[Frame] = ()) -> tuple[Frame, Order | None]:
        """The next frame, and the order in it if there is one. `look`: what is waited for, instead of the state."""
        new = [order for order in orders if self._said.get(order.name) != order.frame]
        pressing = self._pressing(new)
        if pressing is not None:
            return self._say(pressing)
        self._pressed.clear()
        self._debt = max(0, self._debt - 1)
        self._turn = (self._turn + 1) % 3
        if self._turn:
            return next(self._measure), None
        if new and self._row < self._in_a_row:
            self._row += 1
            return self._say(new[0])
        if orders and not new and self._looks >= (WAITING if look else 1):
            self._looks, self._again = 0, self._again + 1
            return self._say(orders[self._again % len(orders)])
        self._row, self._looks = 0, self._looks + 1
        return self._next_look(look or self._look), None

    def _next_look(self, look: Sequence[Frame]) -> Frame:
        """From `look`, or beside it."""
        self._looked += 1
        if not self._beside:
            return look[self._looked % len(look)]
        number, besides = divmod(self._looked, 2)
        return self._beside[number % len(self._beside)] if besides else look[number % len(look)]

    def _pressing(self, new: Sequence[Order]) -> Order | None:
        """The order that goes before an ordinary turn."""
        for order in new:
            if order.press is Press.NOW:
                return order
        for order in new:
            if order.press is Press.SOON and order.name not in self._pressed and (self._pressed or not self._debt):
                self._pressed.add(order.name)
                self._debt += REST
                return order
        return None

    def _say(self, order: Order) -> tuple[Frame, Order]:
        self._said[order.name] = order.frame
        return order.frame, order
