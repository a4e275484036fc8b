"""A simulated inverter on SunSpec over Modbus TCP, built of the model definitions that pysunspec2 ships: none of our offsets is in here.

    python -m iso15118.testing.devices.sunspec --wires FILE --port N

Its grid and what flows are the world's; what it asks of the vehicle is `path.target`. A set-point that is not renewed in its time falls
back, a stopped inverter asks for nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.testing.devices.modbus import ModbusDevice, program
from iso15118.testing.devices.wires import World

ORDER: Final = (1, 701, 702, 703, 704, 713, 715)
_PHASES: Final = ("l1", "l2", "l3")
_SCALES: Final = {"V_SF": -1, "Hz_SF": -3, "W_SF": 0, "Var_SF": 0, "A_SF": -1, "WSet_SF": 0}
_RATINGS: Final = {
    "WMaxRtg": 22_080.0,
    "WMax": 22_080.0,
    "WChaRteMaxRtg": 22_080.0,
    "WChaRteMax": 22_080.0,
    "WDisChaRteMaxRtg": 22_080.0,
    "WDisChaRteMax": 11_040.0,
    "VNomRtg": 398.4,
    "AMaxRtg": 32.0,
}


class SunSpecInverter(ModbusDevice):
    """`models`: pysunspec2's own, by number; a test may set any of their points."""

    def __init__(
        self,
        world: World,
        *,
        unit: int = 1,
        base: int = 40000,
        order: Sequence[int] = ORDER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises LocalError without pysunspec2, which is no extra: only this device wants it."""
        try:
            from sunspec2.device import Model
        except ImportError:
            raise LocalError("pysunspec2 is not installed; allowed: pip install pysunspec2") from None
        super().__init__(unit)
        self.world, self.base, self._clock = world, base, clock
        self.models: dict[int, Any] = {number: Model(number) for number in order}
        self.absent: set[tuple[int, str]] = set()
        """Points that it has not, by model and name."""
        self._blank = Model(701)
        self.renewed = clock()
        self.alarms = 0
        """Of Alrm."""
        self.state: int | None = None
        """Of InvSt; None: as it is."""
        for model in self.models.values():
            for name, power in _SCALES.items():
                if name in model.points:
                    model.points[name].value = power
        self._set(1, Mn="chargeloop", Md="simulated", SN="SIM-0001")
        self._set(701, ACType=2, DERMode=1)
        self._set(702, **_RATINGS)
        self._set(703, ES=0)
        self._set(704, WSetEna=0, WSetMod=0, WSet=0, WSetRvrt=0, WSetEnaRvrt=0, WSetRvrtTms=0)
        self._set(715, LocRemCtl=0, DERHb=0, ControllerHb=0, OpCtl=0)
        self._on_wire = bytearray()
        self._build()

    @property
    def running(self) -> bool:
        """Permitted, started, and not broken."""
        return self._is(703, "ES", 1) and self._is(715, "OpCtl", 1) and self.state != 6

    @property
    def target(self) -> float:
        """W, + into the vehicle: what its set-point says now."""
        order = self.models.get(704)
        if order is None or not self.running:
            return 0.0
        if order.WSetEna.value == 1 and order.WSetRvrtTms.value and self._clock() - self.renewed > order.WSetRvrtTms.value:
            order.WSetEna.value, order.WSet.value = order.WSetEnaRvrt.value, order.WSetRvrt.value
        return -float(order.WSet.cvalue) if order.WSetEna.value == 1 and order.WSetMod.value == 1 else 0.0

    def words(self, function: int, address: int, count: int) -> list[int] | None:
        """As `ModbusDevice` says: holding registers of its chain alone."""
        self._turn()
        self._build()
        offset = 2 * (address - self.base)
        found = self._on_wire[offset : offset + 2 * count] if offset >= 0 else b""
        if function != 3 or len(found) < 2 * count:
            return None
        return [int.from_bytes(found[at : at + 2], "big") for at in range(0, len(found), 2)]

    def take(self, address: int, words: Sequence[int]) -> bool:
        """Whole points that may be written; any write of model 704 starts the time of its set-point anew."""
        for number, model in self.models.items():
            begin, end = address - self._places[number], address - self._places[number] + len(words)
            if begin >= 0 and end <= model.len:
                return self._points(number, begin, end, words)
        return False

    def _points(self, number: int, begin: int, end: int, words: Sequence[int]) -> bool:
        model = self.models[number]
        data = b"".join(word.to_bytes(2, "big") for word in words)
        inside = [point for point in model.points.values() if begin <= point.offset and point.offset + point.len <= end]
        if sum(point.len for point in inside) != len(words) or any(point.pdef.get("access") != "RW" for point in inside):
            return False
        for point in inside:
            at = 2 * (point.offset - begin)
            point.set_mb(data[at : at + 2 * point.len])
        if number == 704:
            self.renewed = self._clock()
        self._turn()
        return True

    def _turn(self) -> None:
        """The world into its measurements, its set-point into the world."""
        world = self.world
        world["path.target"] = self.target
        volts = [world.get(f"grid.voltage.{phase}", 0.0) for phase in _PHASES]
        watts = [-world.get(f"grid.power.{phase}", 0.0) for phase in _PHASES]
        state = self.state if self.state is not None else 6 if "error" in self.faults else 3 if self.running else 0
        single = self._is(701, "ACType", 0)
        shown = volts[:1] if single else volts
        self._set(701, InvSt=state, Alrm=self.alarms, St=int(self.running), ConnSt=1, W=sum(watts), Var=0.0, LNV=sum(shown) / len(shown))
        self._set(701, Hz=world.get("grid.frequency", 0.0))
        for phase, voltage, power in zip((1,) if single else (1, 2, 3), shown, watts, strict=False):
            self._set(701, **{f"VL{phase}": voltage, f"WL{phase}": power, f"VarL{phase}": 0.0})

    def _build(self) -> None:
        self._on_wire = bytearray(b"SunS")
        self._places = {}
        for number, model in self.models.items():
            self._places[number] = self.base + len(self._on_wire) // 2
            for name in (name for which, name in self.absent if which == number):
                model.points[name].value = None
            invalid = number == 701 and "invalid" in self.faults
            self._on_wire += (self._blank if invalid else model).get_mb()
        self._on_wire += b"\xff\xff\x00\x00"

    def _set(self, number: int, **values: object) -> None:
        for name, value in values.items() if number in self.models else ():
            self.models[number].points[name].cvalue = value

    def _is(self, number: int, name: str, value: int) -> bool:
        """Where the model is there at all."""
        return number not in self.models or self.models[number].points[name].value == value


def _made(world: World, words: argparse.Namespace) -> ModbusDevice:
    return SunSpecInverter(world, unit=words.unit)


if __name__ == "__main__":
    program("sunspec", _made)
