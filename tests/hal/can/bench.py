"""A driver and a simulated device in virtual time: the line's one rule, a frame each `pace`, without a line."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from typing import Any

import can

from iso15118.hal.can.line import Frame
from iso15118.hal.can.supply import CanSupply
from iso15118.testing.devices.on_can import CanDevice

REPLY = 0.002
CHANNEL = "239.74.163.2"
EXAMPLE: dict[str, object] = {
    "dbc": "example.dbc",
    "voltage": "Command.VoltageSet",
    "current": "Command.CurrentSet",
    "switch": "Command.Enable",
    "measured_voltage": "Report.Voltage",
    "measured_current": "Report.Current",
    "faults": ["State.Fault", "State.OverTemperature"],
    "charge_current": 100.0,
    "charge_power": 30_000.0,
}
"""The table of the module in hw/can_dbc/example.dbc."""
_numbers = itertools.count()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bus:
    """`said`: every frame of the driver's. `broken`: what is sent does not get through."""

    def __init__(self, driver: CanSupply, device: CanDevice, clock: Clock, pace: float = 0.05) -> None:
        self.driver, self.device, self.clock, self.pace = driver, device, clock, pace
        self.said: list[Frame] = []
        self.broken = False

    def hear(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.driver.heard(frame, self.clock.now)

    def run(self, seconds: float, demand: tuple[float, float] | tuple[float, float, float] | None = None) -> None:
        """`demand` is renewed before each frame, as a guard would; None: nothing is said to the driver."""
        for _ in range(round(seconds / self.pace)):
            if demand is not None:
                self.driver.demand(*demand)
            self.clock.now += self.pace - REPLY
            frame = self.driver.speak(self.clock.now)
            self.hear(self.device.turn(self.clock.now))
            if frame is not None and self.broken:
                self.driver.unsaid()
            elif frame is not None:
                self.said.append(frame)
                replies = list(self.device.answer(frame, self.clock.now))
                self.clock.now += REPLY
                self.hear(replies)
                continue
            self.clock.now += REPLY

    def until(self, done: Callable[[], bool], within: float, demand: Any = None) -> float:
        """The seconds it took."""
        began = self.clock.now
        while not done():
            assert self.clock.now - began < within
            self.run(self.pace, demand)
        return self.clock.now - began


def frame(text: str) -> Frame:
    """As they are printed: id#payload, both hexadecimal."""
    ident, _, data = text.partition("#")
    return Frame(int(ident, 16), bytes.fromhex(data))


def port() -> int:
    """Of a CAN bus over UDP that no other test, in this process or another, is on."""
    return 20_000 + (os.getpid() * 97 + next(_numbers)) % 12_000


def keys(number: int) -> dict[str, object]:
    """The table of a bus on that port."""
    return {"interface": "udp_multicast", "channel": CHANNEL, "port": number}


def bus(number: int) -> Any:
    return can.Bus(CHANNEL, "udp_multicast", port=number)
