"""A device on Modbus TCP: registers in another library's server (pymodbus), filled with another library's words."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

F32, I32 = ModbusClientMixin.DATATYPE.FLOAT32, ModbusClientMixin.DATATYPE.INT32


def until(done: Callable[[], bool], within: float = 3.0) -> None:
    """Wait for it, not for longer than `within` s."""
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


class Device:
    """`port`, and what stands in its registers, input and holding ones alike."""

    def __init__(self) -> None:
        self.port = 0
        self.registers = [0] * 0x600

    def put(self, address: int, words: Sequence[int]) -> None:
        self.registers[address : address + len(words)] = words

    async def asked(self, code: int, start: int, address: int, count: int, current: list[int], _: object) -> None:
        """What stands there now is what is answered."""
        current[:] = self.registers[start : start + len(current)]

    def number(self, address: int, value: float, kind: Any = F32, order: str = "big") -> None:
        self.put(address, ModbusClientMixin.convert_to_registers(value, kind, word_order=order))  # type: ignore[arg-type]


@contextmanager
def device(unit: int = 1) -> Iterator[Device]:
    """One that listens on loopback for as long as the block lasts."""
    made, ready, loop = Device(), threading.Event(), asyncio.new_event_loop()
    told = SimDevice(unit, SimData(0, values=made.registers, datatype=DataType.REGISTERS), action=made.asked)

    async def serve() -> None:
        server = ModbusTcpServer(told, address=("127.0.0.1", 0))
        await server.listen()
        assert server.transport is not None
        made.port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        made.server = server  # type: ignore[attr-defined]
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, name="device", daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(made.server.shutdown(), loop).result(5)  # type: ignore[attr-defined]
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
