"""A simulated module that is described by a DBC: it charges.

    python -m iso15118.testing.devices.dbc --wires FILE --dbc hw/can_dbc/example.dbc --interface udp_multicast --port 43113

The names of messages and signals are those of that file, unless it is told others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from iso15118.errors import LocalError
from iso15118.hal.can.line import Frame
from iso15118.testing.devices.on_can import main, options
from iso15118.testing.devices.wires import World
from iso15118.units import Second

WATCHDOG: Second = 1.0
"""Without a word for so long it switches itself off."""
EACH: Second = 0.05
"""From one report to the next."""


class DbcModule:
    """One module. What a test breaks are `silent`, and `more`: values of signals that it says beside voltage and current."""

    def __init__(
        self,
        world: World,
        dbc: Path,
        told: tuple[str, str, str] = ("Command.VoltageSet", "Command.CurrentSet", "Command.Enable"),
        tells: tuple[str, str] = ("Report.Voltage", "Report.Current"),
        others: tuple[str, ...] = ("State",),
        on: float = 1.0,
    ) -> None:
        """`others`: messages that it says, too. Raises LocalError without the extra."""
        try:
            import cantools.database
        except ImportError:
            raise LocalError("cantools is not installed; allowed: pip install 'chargeloop[can]'") from None
        self.world = world
        self.silent = False
        self.more: dict[str, float] = {}
        """"message.signal" -> value."""
        self.voltage = self.current = self.switch = 0.0
        self._base: Any = cantools.database.load_file(str(dbc), database_format="dbc")
        self._told = dict(zip(told, ("voltage", "current", "switch"), strict=True))
        self._tells = dict(zip(tells, ("bus.voltage", "bus.current"), strict=True))
        self._says = dict.fromkeys([name.partition(".")[0] for name in tells] + list(others))
        self._on = on
        self._heard: Second | None = None
        self._said: Second | None = None

    @property
    def on(self) -> bool:
        """Does it regulate?"""
        return self.switch == self._on

    def answer(self, frame: Frame, now: Second) -> Iterable[Frame]:
        """It says nothing to anything, and does as it is told."""
        for message in self._base.messages:
            if (message.frame_id, message.is_extended_frame) == (frame.ident, frame.extended) and message.name not in self._says:
                values = message.decode(frame.data, decode_choices=False)
                for signal, value in values.items():
                    meaning = self._told.get(f"{message.name}.{signal}")
                    if meaning is not None:
                        setattr(self, meaning, float(value))
                self._heard = now
                self._tell()
        return ()

    def turn(self, now: Second) -> Iterable[Frame]:
        """It falls asleep without a controller, and reports."""
        if self._heard is not None and now - self._heard > WATCHDOG:
            self.switch = float("nan")
            self._tell()
        if self.silent or (self._said is not None and now - self._said < EACH):
            return
        self._said = now
        for name in self._says:
            message = self._base.get_message_by_name(name)
            values = {signal.name: self._value(f"{name}.{signal.name}") for signal in message.signals}
            yield Frame(message.frame_id, bytes(message.encode(values, strict=False)), message.is_extended_frame)

    def _value(self, name: str) -> float:
        return self.more.get(name, self.world.get(self._tells[name], 0.0) if name in self._tells else 0.0)

    def _tell(self) -> None:
        """What it does, onto the wires."""
        self.world["supply.voltage"] = self.voltage
        self.world["supply.current"] = self.current
        self.world["supply.trickle"] = 0.0
        self.world["supply.on"] = float(self.on)


def _made(world: World, told: argparse.Namespace) -> DbcModule:
    return DbcModule(world, told.dbc, tuple(told.told), tuple(told.tells), tuple(told.others), told.on)


if __name__ == "__main__":
    parser = options("a simulated module that a DBC describes")
    parser.add_argument("--dbc", type=Path, required=True)
    parser.add_argument("--told", nargs=3, default=["Command.VoltageSet", "Command.CurrentSet", "Command.Enable"], metavar="MESSAGE.SIGNAL")
    parser.add_argument("--tells", nargs=2, default=["Report.Voltage", "Report.Current"], metavar="MESSAGE.SIGNAL")
    parser.add_argument("--others", nargs="*", default=["State"], metavar="MESSAGE")
    parser.add_argument("--on", type=float, default=1.0, help="the value that means on")
    main(parser, _made)
