"""One device on a Modbus line: a thread that reads its points, round after round, and keeps the latest of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.modbus.registers import Point
from iso15118.power import Measured
from iso15118.units import Second
from iso15118.value import Value

WAITING: Final[Second] = 0.5
"""For an answer."""
PAUSE: Final[Second] = 0.25
"""After a round that has failed, before the line is opened anew."""


class LineKeys(Value):
    """Where a device is, in a board's file. Either `host` or `device`."""

    host: str = ""
    """Of Modbus TCP."""
    port: int = 502
    device: str = ""
    """Of Modbus RTU: a serial device."""
    baud: int = 9600
    parity: str = "N"
    unit: int = 1
    """The device's address on its line."""
    every: float = 0.5
    """s from one round to the next."""


class Registers(Protocol):
    """A client of either kind, as far as it is used."""

    def read(self, point: Point, unit: int) -> list[int]:
        """The registers of a point. Raises OSError where there is no answer, or an exception of the device's."""

    def close(self) -> None:
        """Let the line go."""


class Client:
    """`Registers` over pymodbus."""

    def __init__(self, keys: LineKeys) -> None:
        """Raises LocalError without the extra."""
        try:
            from pymodbus.client import ModbusSerialClient, ModbusTcpClient
            from pymodbus.exceptions import ModbusException
        except ImportError:
            raise LocalError("pymodbus is not installed; allowed: pip install 'chargeloop[modbus]'") from None
        self._failed = ModbusException
        self._client: Any
        if keys.host:
            self._client = ModbusTcpClient(keys.host, port=keys.port, timeout=WAITING, retries=0)
        else:
            self._client = ModbusSerialClient(keys.device, baudrate=keys.baud, parity=keys.parity, timeout=WAITING, retries=0)

    def read(self, point: Point, unit: int) -> list[int]:
        """As `Registers` says."""
        ask = self._client.read_input_registers if point.function == 4 else self._client.read_holding_registers
        try:
            if not self._client.connected and not self._client.connect():
                raise OSError("no connection")
            answer = ask(point.address, count=point.count, device_id=unit)
        except self._failed as error:
            self._client.close()
            raise OSError(str(error)) from None
        if answer.isError() or len(answer.registers) != point.count:
            raise OSError(f"register {point.address:#x}: {answer}")
        return list(answer.registers)

    def close(self) -> None:
        """As `Registers` says."""
        self._client.close()


class Line:
    """`latest`: by point, with the monotonic s at which it was read. Nothing here is waited for but `first`."""

    def __init__(self, points: Mapping[str, Point], keys: LineKeys, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.latest: dict[str, Measured[float]] = {}
        self.why = ""
        """What the last round has failed of; empty: nothing."""
        self._points, self._keys = dict(points), keys
        self._client = client or Client(keys)
        self._over = threading.Event()
        self._round = threading.Event()
        self._thread = threading.Thread(target=self._read, name="modbus", daemon=True)
        self._thread.start()

    def first(self, within: Second) -> bool:
        """Wait for the first whole round."""
        return self._round.wait(within)

    def close(self) -> None:
        """Read no more."""
        self._over.set()
        self._thread.join(2 * WAITING)

    def _read(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            try:
                for name, point in self._points.items():
                    self._take(name, point)
                self.why = ""
                self._round.set()
            except OSError as error:
                self.why = str(error) or type(error).__name__
                self._over.wait(PAUSE)
            self._over.wait(max(0.0, self._keys.every - (time.monotonic() - began)))
        self._client.close()

    def _take(self, name: str, point: Point) -> None:
        """One point; a value that is none leaves the old one, which grows old."""
        value = point.value(self._client.read(point, self._keys.unit))
        if value is not None and point.plus is not None:
            more = point.plus.value(self._client.read(point.plus, self._keys.unit))
            value = None if more is None else value + more
        if value is not None:
            self.latest[name] = Measured(value, time.monotonic())


def keys_of(table: Mapping[str, object], file: str, path: str) -> LineKeys:
    """Where a device is. Raises LocalError."""
    keys = fill(LineKeys(), table, file, path)
    if bool(keys.host) is bool(keys.device):
        raise LocalError(f"{file}: {path}: host and device are {'both' if keys.host else 'neither'} there; allowed: one of them")
    if keys.parity not in ("N", "E", "O"):
        raise LocalError(f"{file}: {path}.parity: {keys.parity!r}; allowed: N, E or O")
    if not 0 <= keys.unit <= 247 or not keys.every > 0:
        raise LocalError(f"{file}: {path}: unit {keys.unit}, every {keys.every}; allowed: a unit of 0..247, and a time above 0")
    return keys
