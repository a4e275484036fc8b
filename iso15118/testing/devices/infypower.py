"""Simulated InfyPower modules of protocol V1.13, in parallel: they charge.

python -m iso15118.testing.devices.infypower --wires FILE --interface udp_multicast --channel 239.74.163.2 --port 43113 --modules 2
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from iso15118.hal.can.line import Frame
from iso15118.testing.devices.on_can import main, options
from iso15118.testing.devices.wires import World
from iso15118.units import Second

WATCHDOG: Second = 10.0
"""Without a frame for so long a module switches itself off."""


class Module:
    """One of them. What a test breaks are its attributes."""

    def __init__(self) -> None:
        self.silent = self.deaf = False
        """It says nothing; it hears nothing either."""
        self.status = 0
        """Bits it says beside its own."""
        self.refused: dict[int, int] = {}
        """Command -> error code."""
        self.available = 100.0
        self.stuck_on = False
        self.odd: dict[int, bytes] = {}
        """Command -> payload of its reply, in the place of the true one."""
        self.on = False
        self.voltage = self.current = 0.0
        self.heard: Second | None = None


class InfyModules:
    """All of one bus, at one output."""

    def __init__(self, world: World, count: int = 1) -> None:
        self.world = world
        self.modules = [Module() for _ in range(count)]
        self.most = 0.0
        """The highest sum of what modules that are on were told, A."""

    def turn(self, now: Second) -> Iterable[Frame]:
        """Those that hear nothing fall asleep."""
        for module in self.modules:
            if module.on and module.heard is not None and now - module.heard > WATCHDOG:
                module.on = False
                self._tell()
        return ()

    def answer(self, frame: Frame, now: Second) -> Iterable[Frame]:
        """To a question or an order for one of them."""
        ident, data = frame.ident, frame.data
        command, address, source = ident >> 16 & 0x3F, ident >> 8 & 0xFF, ident & 0xFF
        if not frame.extended or ident >> 22 & 0xF != 0x0A or address >= len(self.modules) or len(data) != 8:
            return
        module = self.modules[address]
        if module.deaf:
            return
        module.heard = now
        error, payload = self._do(module, command, data)
        self._tell()
        if not module.silent:
            yield Frame(error << 26 | 0x0A << 22 | command << 16 | source << 8 | address, module.odd.get(command, payload))

    def _do(self, module: Module, command: int, data: bytes) -> tuple[int, bytes]:
        """(error code, payload)."""
        if command in module.refused:
            return module.refused[command], bytes(8)
        if command == 0x1C:
            millivolts, milliamperes = struct.unpack(">II", data)
            if milliamperes == 0:
                return 3, bytes(8)
            module.voltage, module.current = millivolts / 1000, milliamperes / 1000
        elif command == 0x1A:
            module.on = data[0] == 0 or (module.stuck_on and module.on)
        elif command == 0x03:
            total = sum(it.current for it in self.modules if it.on)
            share = module.current / total if module.on else 0.0
            return 0, struct.pack(">ff", self.world.get("bus.voltage", 0.0), self.world.get("bus.current", 0.0) * share)
        elif command == 0x04:
            status = module.status | (0 if module.on else 0x100)
            return 0, bytes([0, 0, 0, 0, 27]) + status.to_bytes(3, "big")
        elif command == 0x0A:
            return 0, struct.pack(">HHHH", 1000, 50, 1000, 3000)
        elif command == 0x0C:
            return 0, struct.pack(">HHI", round(self.world.get("bus.voltage", 0.0) * 10), round(module.available * 10), 0)
        else:
            return 2, bytes(8)
        return 0, data

    def _tell(self) -> None:
        """What all of them do, onto the wires."""
        busy = [module for module in self.modules if module.on]
        total = sum(module.current for module in busy)
        self.most = max(self.most, total)
        self.world["supply.voltage"] = max((module.voltage for module in busy), default=0.0)
        self.world["supply.current"] = total
        self.world["supply.trickle"] = 0.0
        self.world["supply.on"] = float(bool(busy))


if __name__ == "__main__":
    parser = options("simulated InfyPower modules")
    parser.add_argument("--modules", type=int, default=1)
    main(parser, lambda world, told: InfyModules(world, told.modules))
