"""A simulated device on Modbus TCP: another library's server (pymodbus), our registers.

    with listening(device) as port: ...             # in a test
    program("bender", lambda words: Bender(...))    # python -m iso15118.testing.devices.bender --wires FILE --port N

What may be wrong with it is a set of words, `FAULTS`, that a test switches and a program is started with.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.testing.devices.wires import Wires, World

FAULTS: Final = ("silent", "exception", "wrong unit", "garbage", "invalid", "error")
"""It answers nothing; it refuses everything; another unit seems to answer; noise; values that are none; an error of its own."""
_NOISE: Final = b"\xff\x00\xa5" * 20


class ModbusDevice(ABC):
    """Registers by function and address. It reads and writes its world when it is asked, and has no clock of its own."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.faults: set[str] = set()
        self.written: list[tuple[int, list[int]]] = []
        """What it has been told, in that order: address and words."""

    @abstractmethod
    def words(self, function: int, address: int, count: int) -> list[int] | None:
        """What stands there now; None: it has no such registers."""

    def take(self, address: int, words: Sequence[int]) -> bool:
        """Do as told. False: refused."""
        return False


async def serve(device: ModbusDevice, port: int = 0) -> Any:
    """A server that listens on loopback. Raises LocalError without the extra, OSError where the port is taken."""
    try:
        from pymodbus.constants import ExcCodes
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice
    except ImportError:
        raise LocalError("pymodbus is not installed; allowed: pip install 'chargeloop[modbus]'") from None

    async def asked(function: int, start: int, address: int, count: int, registers: list[int], told: Any) -> Any:
        """What stands there now is what is answered."""
        if "exception" in device.faults:
            return ExcCodes.DEVICE_FAILURE
        if told is not None:
            device.written.append((address, list(told)))
            return None if device.take(address, list(told)) else ExcCodes.ILLEGAL_ADDRESS
        if function not in (3, 4):
            return None  # the echo of a write
        words = device.words(function, address, count)
        if words is None:
            return ExcCodes.ILLEGAL_ADDRESS
        registers[address - start : address - start + count] = words
        return None

    def sent(sending: bool, frame: bytes) -> bytes:
        """What goes over the wire; behind the seventh octet of a frame stands the unit."""
        if not sending or not device.faults:
            return frame
        if "silent" in device.faults:
            return b""
        if "garbage" in device.faults:
            return _NOISE
        return frame[:6] + bytes([frame[6] % 247 + 1]) + frame[7:] if "wrong unit" in device.faults else frame

    blank = SimData(0, values=0, count=0x10000, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(device.unit, blank, action=asked), address=("127.0.0.1", port), trace_packet=sent)
    if not await server.listen():
        raise OSError(f"port {port} cannot be listened on")
    return server


@contextmanager
def listening(device: ModbusDevice, port: int = 0) -> Iterator[int]:
    """The device on loopback for as long as the block lasts; its port. Raises LocalError where it is taken."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    servers: list[Any] = []

    async def begin() -> None:
        servers.append(await serve(device, port))

    def run() -> None:
        with suppress(OSError):  # told below
            loop.run_until_complete(begin())
        ready.set()
        if servers:
            loop.run_forever()
        loop.close()

    thread = threading.Thread(target=run, name="device", daemon=True)
    thread.start()
    ready.wait()
    if not servers:
        raise LocalError(f"port {port} cannot be listened on")
    try:
        yield servers[0].transport.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def program(
    name: str,
    make: Callable[[World, argparse.Namespace], ModbusDevice],
    *,
    unit: int = 1,
    more: Callable[[argparse.ArgumentParser], None] | None = None,
) -> None:
    """The device as a program, until it is ended. `make(world, words)`; `more` adds words of the device's own."""
    parser = argparse.ArgumentParser(prog=f"python -m iso15118.testing.devices.{name}", description="a simulated device on Modbus TCP")
    parser.add_argument("--wires", type=Path, required=True, help="the file of the simulated world; the bench makes it")
    parser.add_argument("--port", type=int, required=True, help="on loopback; 0: any")
    parser.add_argument("--unit", type=int, default=unit, help="its address on the line")
    parser.add_argument("--fault", action="append", choices=FAULTS, default=[], help="what is wrong with it")
    if more is not None:
        more(parser)
    words = parser.parse_args()
    device = make(Wires(words.wires), words)
    device.faults.update(words.fault)
    asyncio.run(_forever(device, words.port))


async def _forever(device: ModbusDevice, port: int) -> None:
    server = await serve(device, port)
    print(f"listening on port {server.transport.sockets[0].getsockname()[1]}", flush=True)
    await server.serving
