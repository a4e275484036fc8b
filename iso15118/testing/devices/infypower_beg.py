"""A simulated InfyPower BEG1K075G: charges and discharges.

    python -m iso15118.testing.devices.infypower_beg --wires FILE --interface udp_multicast --channel 239.74.163.2 --port 43113

Stricter than a module may be: a direction is refused while its DC side is on, and an order that would have hurt is kept in `wrongs`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from iso15118.hal.can.line import Frame
from iso15118.testing.devices.on_can import main, options
from iso15118.testing.devices.wires import World
from iso15118.units import Second

WATCHDOG: Second = 10.0
"""Without a frame for so long it switches itself off."""
STOPPING: Second = 0.05
"""From an off to its DC side being off."""
RATINGS = {0x1130: 1000.0, 0x1131: 200.0, 0x1132: 73.3, 0x1133: 22_000.0}


class BegModule:
    """One module. What a test breaks are the attributes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.silent = False
        self.status = 0
        """Bits it says beside its own."""
        self.refused: dict[int, int] = {}
        """Item -> error code of its writes."""
        self.mute: set[int] = set()
        """Items it does not answer when read."""
        self.stuck_on = self.stuck_direction = False
        self.ratings = dict(RATINGS)
        self.address = 0
        self.on = self.inverter = False
        self.voltage = self.current = 0.0
        self.wrongs: list[str] = []
        self.orders: list[tuple[int, int]] = []
        """(item, value) of every write, as it came."""
        self._heard: Second | None = None
        self._set: set[int] = set()
        """Set-points written since it stands in this direction."""
        self._off_at: Second = float("-inf")

    def turn(self, now: Second) -> Iterable[Frame]:
        """It falls asleep without a controller."""
        if self.on and self._heard is not None and now - self._heard > WATCHDOG:
            self._switch(False, now)
        return ()

    def answer(self, frame: Frame, now: Second) -> Iterable[Frame]:
        """To a question or an order for it, or for all."""
        ident, data = frame.ident, frame.data
        command, destination, source = ident >> 16 & 0x3F, ident >> 8 & 0xFF, ident & 0xFF
        if not frame.extended or command not in (0x23, 0x24) or destination not in (0x3F, self.address) or len(data) != 8 or self.silent:
            return
        self._heard = now
        item, value = struct.unpack(">HxxI", data)
        if command == 0x24:
            error, value = self._write(item, value, now), value
        elif item in self.mute:
            return
        else:
            error, value = self._read(item, now)
        yield Frame(error << 26 | 0x0A << 22 | command << 16 | source << 8 | self.address, struct.pack(">HxxI", item, value))

    def _write(self, item: int, value: int, now: Second) -> int:
        """The error code."""
        self.orders.append((item, value))
        if item in self.refused:
            return self.refused[item]
        if item in (0x1001, 0x1002):
            self._set.add(item)
        if item == 0x1001:
            self.voltage = value / 1000
        elif item == 0x1002:
            self.current = value / 1000
        elif item == 0x1110 and value in (0xA0, 0xA1):
            self._switch(value == 0xA0 or (self.stuck_on and self.on), now)
        elif item == 0x2110 and value in (0xA0, 0xA1):
            if self._runs(now):
                self.wrongs.append("turned while on")
                return 3
            if not self.stuck_direction and self.inverter is not (value == 0xA1):
                self.inverter, self._set = value == 0xA1, set()
        elif item not in (0x1122, 0x1126, 0x2105):
            return 2
        self._tell()
        return 0

    def _read(self, item: int, now: Second) -> tuple[int, int]:
        """(error code, value)."""
        world = self.world
        grid = {0x2101: "grid.voltage.l1", 0x2102: "grid.voltage.l2", 0x2103: "grid.voltage.l3", 0x2107: "grid.frequency"}
        if item == 0x1110:
            return 0, self.status | (0 if self._runs(now) else 0x100)
        if item == 0x1111:
            return 0, int(self.inverter)
        if item == 0x1001:
            return 0, round(world.get("bus.voltage", 0.0) * 1000)
        if item == 0x1002:
            return 0, round(abs(world.get("bus.current", 0.0)) * 1000)
        if item in grid:
            return 0, round(world.get(grid[item], 0.0) * 1000)
        if item in self.ratings:
            return 0, round(self.ratings[item] * 1000)
        return 2, 0

    def _runs(self, now: Second) -> bool:
        return self.on or now - self._off_at < STOPPING

    def _switch(self, on: bool, now: Second) -> None:
        if self.on and not on:
            self._off_at = now
        if on and not self.on and len(self._set) < 2:
            self.wrongs.append("on without set-points of this direction")
        self.on = on
        self._tell()

    def _tell(self) -> None:
        """What it does, onto the wires."""
        self.world["supply.voltage"] = self.voltage
        self.world["supply.current"] = -self.current if self.inverter else self.current
        self.world["supply.trickle"] = 0.0
        self.world["supply.on"] = float(self.on)


if __name__ == "__main__":
    main(options("a simulated InfyPower BEG1K075G"), lambda world, told: BegModule(world))
