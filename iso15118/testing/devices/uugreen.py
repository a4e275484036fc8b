"""Simulated UUGreenPower UR1000X0 modules, in parallel: they charge.

    python -m iso15118.testing.devices.uugreen --wires FILE --interface udp_multicast --channel 239.74.163.2 --port 43113 --modules 2

A range that is ordered while a module is on or has been off for less than `RESTING` is kept in `wrongs`.
"""

from __future__ import annotations

from collections.abc import Iterable

from iso15118.hal.can.line import Frame
from iso15118.testing.devices.on_can import main, options
from iso15118.testing.devices.wires import World
from iso15118.units import Second

RESTING: Second = 1.9
"""A range takes as long before it and after it, or is too soon."""
DATE, SERIAL = 5, 0xAB
"""What a module puts into the low bits of its ids."""


class Module:
    """One of them. What a test breaks are its attributes."""

    def __init__(self) -> None:
        self.silent = False
        self.on = False
        self.range = 0
        self.voltage = self.current = 0.0
        self.changed: Second = float("-inf")
        """When it was switched off, or its range was."""


class UuGreenModules:
    """All of one bus, at one output. Their addresses begin with 1."""

    def __init__(self, world: World, count: int = 1) -> None:
        self.world = world
        self.modules = [Module() for _ in range(count)]
        self.wrongs: list[str] = []

    def turn(self, now: Second) -> Iterable[Frame]:
        """Nothing happens by itself: of a watchdog nothing is known."""
        return ()

    def answer(self, frame: Frame, now: Second) -> Iterable[Frame]:
        """To a question or an order for one of them, or for all."""
        ident, data = frame.ident, frame.data
        version, monitor, address = ident >> 25 & 0xF, ident >> 21 & 0xF, ident >> 14 & 0x7F
        kind = data[0] & 0xF if len(data) == 8 else -1
        if not frame.extended or version != 1 or monitor != 1 or ident & 0x3FFF or kind not in (0, 2):
            return
        for number, module in enumerate(self.modules, 1):
            if address in (0, number) and not module.silent:
                item, value = data[1] & 0x7F, int.from_bytes(data[4:8], "big")
                value = self._set(module, item, value, now) if kind == 0 else self._read(module, item)
                yield Frame(1 << 25 | 1 << 21 | number << 14 | DATE << 9 | SERIAL, bytes([kind + 1, item, 0, 0]) + value.to_bytes(4, "big"))
        self._tell()

    def _set(self, module: Module, item: int, value: int, now: Second) -> int:
        if item == 2:
            module.voltage = value / 1000
        elif item == 3:
            module.current = value / 1000
        elif item == 4:
            if value == 0 and not module.on and (module.range == 0 or now - module.changed < RESTING):
                self.wrongs.append("on too soon")
            if value == 1 and module.on:
                module.changed = now
            module.on = value == 0
        elif item == 95:
            if module.on or now - module.changed < RESTING:
                self.wrongs.append("range while on, or too soon")
            module.range, module.changed = value, now
        if module.on and module.range == 2 and module.voltage > 500:
            self.wrongs.append("above the range")
        return value

    def _read(self, module: Module, item: int) -> int:
        if item == 0:
            return round(self.world.get("bus.voltage", 0.0) * 1000)
        if item == 1:
            total = sum(it.current for it in self.modules if it.on)
            share = module.current / total if module.on and total else 0.0
            return max(0, round(self.world.get("bus.current", 0.0) * share * 1000))
        return 0

    def _tell(self) -> None:
        """What all of them do, onto the wires."""
        busy = [module for module in self.modules if module.on]
        self.world["supply.voltage"] = max((module.voltage for module in busy), default=0.0)
        self.world["supply.current"] = sum(module.current for module in busy)
        self.world["supply.trickle"] = 0.0
        self.world["supply.on"] = float(bool(busy))


if __name__ == "__main__":
    parser = options("simulated UUGreenPower UR1000X0 modules")
    parser.add_argument("--modules", type=int, default=1)
    main(parser, lambda world, told: UuGreenModules(world, told.modules))
