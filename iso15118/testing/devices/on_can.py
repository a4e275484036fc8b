"""What simulated devices on a CAN bus have in common: a loop that hears and answers, in a thread of a test or as a program."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from iso15118.errors import LocalError
from iso15118.hal.can.line import Frame
from iso15118.testing.devices.wires import Wires, World
from iso15118.units import Second

LOOK: Second = 0.005
"""How long the loop listens before it lets time pass."""


class CanDevice(Protocol):
    """A device as a function of what it hears, and of time."""

    def answer(self, frame: Frame, now: Second) -> Iterable[Frame]:
        """What it says to that."""

    def turn(self, now: Second) -> Iterable[Frame]:
        """Let time pass; what it says by itself."""


def serve(device: CanDevice, bus: Any, over: threading.Event) -> None:
    """The device on its bus, until it is over."""
    import can

    try:
        while not over.is_set():
            message = None
            with suppress(can.CanOperationError):  # what is no frame is passed over
                message = bus.recv(LOOK)
            now = time.monotonic()
            said = list(device.turn(now))
            if message is not None and not message.is_error_frame and not message.is_remote_frame:
                said += device.answer(Frame(message.arbitration_id, bytes(message.data), message.is_extended_id), now)
            for frame in said:
                bus.send(can.Message(arbitration_id=frame.ident, data=frame.data, is_extended_id=frame.extended))
    finally:
        bus.shutdown()


@contextmanager
def serving(device: CanDevice, bus: Any) -> Iterator[None]:
    """The same in a thread, for as long as the block lasts."""
    over = threading.Event()
    thread = threading.Thread(target=serve, args=(device, bus, over), name="device", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2.0)


def options(description: str) -> argparse.ArgumentParser:
    """What every such program is told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--wires", type=Path, required=True, help="the file of a bench's wires")
    parser.add_argument("--interface", default="udp_multicast", help="of python-can")
    parser.add_argument("--channel", default="239.74.163.2")
    parser.add_argument("--port", type=int, default=43113, help="of CAN over UDP")
    return parser


def opened(interface: str, channel: str, port: int) -> Any:
    """A bus. Raises LocalError without the extra."""
    try:
        import can
    except ImportError:
        raise LocalError("python-can is not installed; allowed: pip install 'chargeloop[can]'") from None
    more: dict[str, Any] = {"port": port} if interface == "udp_multicast" else {}
    return can.Bus(channel, interface, **more)


def main(
    parser: argparse.ArgumentParser, make: Callable[[World, argparse.Namespace], CanDevice], words: Sequence[str] | None = None
) -> None:
    """The program: says `ready` when it listens, and goes on until it is ended."""
    told = parser.parse_args(words)
    device = make(Wires(told.wires), told)
    bus = opened(told.interface, told.channel, told.port)
    print("ready", flush=True)
    serve(device, bus, threading.Event())
