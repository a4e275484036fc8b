"""One device on a Modbus line: a thread that does its round again and again (`Rounds`), or no more than read its points (`Line`)."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
AWAY: Final[Second] = 1.0
"""A device that has not answered for longer may have forgotten what it was told."""


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
    """A client of either kind, as far as it is used. Every call raises OSError where there is no answer, or none that fits.

    `RefusedError` where the device has answered that it will not.
    """

    def read(self, point: Point, unit: int) -> list[int]:
        """The registers of a point."""

    def words(self, address: int, count: int, unit: int, function: int = 3) -> list[int]:
        """`count` registers from `address` on; function 3: holding registers, 4: input registers."""

    def write(self, address: int, words: Sequence[int], unit: int, function: int = 16) -> None:
        """Holding registers; function 6: a single one, as old devices want it."""

    def close(self) -> None:
        """Let the line go."""


class RefusedError(OSError):
    """The device has answered with an exception."""


class Client:
    """`Registers` over pymodbus."""

    def __init__(self, keys: LineKeys) -> None:
        """Raises LocalError without the extra."""
        try:
            from pymodbus.client import ModbusSerialClient, ModbusTcpClient
            from pymodbus.exceptions import ModbusException
        except ImportError:
            raise LocalError("pymodbus is not installed; allowed: pip install 'chargeloop[modbus]'") from None
        logging.getLogger("pymodbus").addHandler(logging.NullHandler())  # `Rounds.why` says it, in our own words
        self._failed = ModbusException
        self._client: Any
        if keys.host:
            self._client = ModbusTcpClient(keys.host, port=keys.port, timeout=WAITING, retries=0)
        else:
            self._client = ModbusSerialClient(keys.device, baudrate=keys.baud, parity=keys.parity, timeout=WAITING, retries=0)

    def read(self, point: Point, unit: int) -> list[int]:
        """As `Registers` says."""
        return self.words(point.address, point.count, unit, point.function)

    def words(self, address: int, count: int, unit: int, function: int = 3) -> list[int]:
        """As `Registers` says."""
        ask = self._client.read_input_registers if function == 4 else self._client.read_holding_registers
        answer = self._asked(function, address, lambda: ask(address, count=count, device_id=unit))
        if len(answer.registers) != count:
            raise OSError(f"register {address:#x}: {answer}")
        return list(answer.registers)

    def write(self, address: int, words: Sequence[int], unit: int, function: int = 16) -> None:
        """As `Registers` says: a device that has taken them says which."""
        client = self._client
        if function == 6:
            answer = self._asked(6, address, lambda: client.write_register(address, words[0], device_id=unit))
            taken = list(answer.registers) == list(words)
        else:
            answer = self._asked(16, address, lambda: client.write_registers(address, list(words), device_id=unit))
            taken = answer.count == len(words)
        if answer.address != address or not taken:
            raise OSError(f"register {address:#x}: {answer}")

    def close(self) -> None:
        """As `Registers` says."""
        self._client.close()

    def _asked(self, function: int, address: int, ask: Callable[[], Any]) -> Any:
        """The device's answer. A line on which nothing that is one has come is opened anew, lest it comes late."""
        try:
            if not self._client.connected and not self._client.connect():
                raise OSError("no connection")
            answer = ask()
        except (self._failed, OSError) as error:
            self._client.close()
            raise OSError(str(error) or type(error).__name__) from None
        if answer.isError():
            raise RefusedError(f"register {address:#x}: {answer}")
        if answer.function_code != function:
            self._client.close()
            raise OSError(f"register {address:#x}: {answer}")
        return answer


class Rounds(ABC):
    """One device on its line: a thread that does `_turn` again and again. Nothing here is waited for but `first` and `close`.

    A device that has been away for longer than `AWAY` is prepared anew: it may have been without power.
    """

    def __init__(self, keys: LineKeys, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.why = ""
        """What the last round has failed of; empty: nothing."""
        self._keys = keys
        self._client = client or Client(keys)
        self._ready = False
        self._whole = False
        self._over, self._wake, self._told = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="modbus", daemon=True)
        self._thread.start()

    def first(self, within: Second) -> bool:
        """Wait for the first whole round. False: there was none in that time, or there can be none with this device; see `why`."""
        self._told.wait(within)
        return self._whole

    def begin(self, within: Second, what: str) -> None:
        """`first`, or close and raise LocalError, which begins with `what`."""
        if self.first(within):
            return
        self.close()
        keys = self._keys
        where = f"{keys.host} port {keys.port}" if keys.host else keys.device
        raise LocalError(f"{what}, unit {keys.unit} at {where}, does not answer: {self.why or 'silence'}")

    def hurry(self) -> None:
        """Begin the next round now."""
        self._wake.set()

    def close(self) -> None:
        """Leave the device at rest, and the line."""
        self._over.set()
        self._wake.set()
        self._thread.join(4 * WAITING)

    def _prepare(self) -> None:  # noqa: B027
        """What has to be done before the first round. Raises as `_turn`, and LocalError for a device that is not what it should be."""

    @abstractmethod
    def _turn(self) -> None:
        """One round. Raises OSError where it fails."""

    def _rest(self) -> None:  # noqa: B027
        """The last words. Raises as `_turn`."""

    def _words(self, address: int, count: int, function: int = 3) -> list[int]:
        return self._client.words(address, count, self._keys.unit, function)

    def _write(self, address: int, words: Sequence[int], function: int = 16) -> None:
        self._client.write(address, words, self._keys.unit, function)

    def _run(self) -> None:
        answered = time.monotonic()
        while not self._over.is_set():
            began = time.monotonic()
            self._wake.clear()
            try:
                if not self._ready:
                    self._prepare()
                    self._ready = True
                self._turn()
                self.why, self._whole, answered = "", True, time.monotonic()
                self._told.set()
            except (OSError, LocalError) as error:
                self.why = str(error) or type(error).__name__
                self._ready = self._ready and time.monotonic() - answered < AWAY
                if isinstance(error, LocalError):
                    self._told.set()
                self._over.wait(PAUSE)
            self._wake.wait(max(0.0, self._keys.every - (time.monotonic() - began)))
        if self._ready:
            with suppress(OSError):
                self._rest()
        self._client.close()


class Line(Rounds):
    """`latest`: by point, with the monotonic s at which it was read."""

    def __init__(self, points: Mapping[str, Point], keys: LineKeys, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.latest: dict[str, Measured[float]] = {}
        self._points = dict(points)
        super().__init__(keys, client)

    def _turn(self) -> None:
        """All points."""
        for name, point in self._points.items():
            self._take(name, point)

    def _take(self, name: str, point: Point) -> None:
        """One point; a value that is none leaves the old one, which grows old."""
        value = point.value(self._client.read(point, self._keys.unit))
        if value is not None and point.plus is not None:
            more = point.plus.value(self._client.read(point.plus, self._keys.unit))
            value = None if more is None else value + more
        if value is not None:
            self.latest[name] = Measured(value, time.monotonic())


def keys_of(table: Mapping[str, object], file: str, path: str, default: LineKeys | None = None) -> LineKeys:
    """Where a device is. `default`: how it is delivered. Raises LocalError."""
    keys = fill(LineKeys() if default is None else default, table, file, path)
    if bool(keys.host) is bool(keys.device):
        raise LocalError(f"{file}: {path}: host and device are {'both' if keys.host else 'neither'} there; allowed: one of them")
    if keys.parity not in ("N", "E", "O"):
        raise LocalError(f"{file}: {path}.parity: {keys.parity!r}; allowed: N, E or O")
    if not 0 <= keys.unit <= 247 or not keys.every > 0:
        raise LocalError(f"{file}: {path}: unit {keys.unit}, every {keys.every}; allowed: a unit of 0..247, and a time above 0")
    return keys
