"""One CAN bus and what is on it: a thread that hears, a thread that speaks. A bus that is gone is opened anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol

from iso15118.errors import LocalError
from iso15118.units import Second
from iso15118.value import Value

PAUSE: Final[Second] = 0.25
"""Before a bus that has failed is opened anew."""
SENDING: Final[Second] = 0.05
"""The most that one frame may wait for the bus."""
HEARING: Final[Second] = 0.05
"""How long one look at the bus lasts: so long may closing it take."""
FAREWELLS: Final = 3
"""How often the last frames are said."""
PARTING: Final[Second] = 0.6
"""So long a bus that is not there is waited for when the last frames are due: longer than `PAUSE`."""
BUS_OFF: Final = 0x40
"""In the id of an error frame (SocketCAN): the controller has taken itself off the bus."""


class LineKeys(Value):
    """Where a bus is, in a board's file."""

    interface: str = "socketcan"
    """As python-can names them."""
    channel: str = "can0"
    bitrate: int = 125_000
    """bit/s, for interfaces that set it themselves; a SocketCAN link gets its own from `ip link`."""
    port: int = 43113
    """Of CAN over UDP, on a bench."""
    pace: float = 0.05
    """s from one frame of ours to the next."""


class Frame(NamedTuple):
    """One CAN 2.0B data frame."""

    ident: int
    data: bytes
    extended: bool = True


class Device(Protocol):
    """What is spoken with. Nothing of it waits; all but `heard` is called by the one thread that speaks."""

    @property
    def accepts(self) -> Sequence[tuple[int, int, bool]]:
        """(id, mask, extended) of frames that may be the device's."""

    def heard(self, frame: Frame, now: Second) -> bool:
        """A frame from the bus, whatever is in it. True: it was the device's."""

    def speak(self, now: Second) -> Frame | None:
        """The next frame to send."""

    def unsaid(self) -> None:
        """What was spoken last has not got through."""

    def farewell(self) -> Sequence[Frame]:
        """What leaves the device at rest."""


class Line:
    """Nothing here is waited for but `close`. `why`: what the bus has failed of last; empty: nothing since the device was heard."""

    def __init__(self, keys: LineKeys, device: Device, bus: Callable[[], Any] | None = None) -> None:
        """`bus`: opens one, instead of what `keys` say. Raises LocalError without the extra."""
        self.why = ""
        self._keys, self._device = keys, device
        self._open = bus or opener(keys, device.accepts)
        self._bus: Any = None
        self._over, self._silenced = threading.Event(), threading.Event()
        self._threads = tuple(threading.Thread(target=it, name="can", daemon=True) for it in (self._hear, self._speak))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Leave the device at rest and let the bus go. Takes under a second, however the bus is; a second call does nothing."""
        if self._silenced.is_set():
            return
        self._silenced.set()
        hear, speak = self._threads
        speak.join(1.0)
        said, end = 0, time.monotonic() + PARTING
        while said < FAREWELLS and time.monotonic() < end:
            said += all([self._part(frame) for frame in self._device.farewell()])
        self._over.set()
        hear.join(1.0)

    def _part(self, frame: Frame) -> bool:
        """One of the last frames, and a pause: a bus that has just failed is being opened anew."""
        sent = self._send(frame)
        time.sleep(min(self._keys.pace, SENDING))
        return sent

    def _hear(self) -> None:
        while not self._over.is_set():
            bus = None
            try:
                bus = self._bus = self._open()
                while self._bus is bus and not self._over.is_set():
                    self._take(bus.recv(HEARING))
            except Exception as error:  # interfaces raise what they like: whatever it is, this bus is gone
                self.why = _told(error)
            self._bus = None
            if bus is not None:
                with suppress(Exception):
                    bus.shutdown()
            self._over.wait(PAUSE)

    def _take(self, message: Any) -> None:
        if message is None or message.is_remote_frame:
            return
        if message.is_error_frame:
            self.why = "bus-off" if message.arbitration_id & BUS_OFF else "an error frame"
        elif self._device.heard(Frame(message.arbitration_id, bytes(message.data), message.is_extended_id), time.monotonic()):
            self.why = ""

    def _speak(self) -> None:
        due = time.monotonic()
        while not self._silenced.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            due = max(due + self._keys.pace, now)
            if self._bus is None:
                continue
            try:
                frame = self._device.speak(now)
                if frame is not None and not self._send(frame):
                    self._device.unsaid()
            except Exception as error:  # a driver that does not know what to say: the device must not stay as it is
                self.why = _told(error)
                for frame in self._device.farewell():
                    self._send(frame)

    def _send(self, frame: Frame) -> bool:
        bus = self._bus
        if bus is None:
            return False
        try:
            bus.send(_message(frame), timeout=SENDING)
        except Exception as error:  # as in `_hear`, which opens it anew
            self.why, self._bus = _told(error), None
            return False
        return True


def opener(keys: LineKeys, accepts: Sequence[tuple[int, int, bool]]) -> Callable[[], Any]:
    """What opens the bus of `keys`. Raises LocalError without the extra."""
    try:
        import can
    except ImportError:
        raise LocalError("python-can is not installed; allowed: pip install 'chargeloop[can]'") from None
    filters = [{"can_id": ident, "can_mask": mask, "extended": extended} for ident, mask, extended in accepts]
    more = {"port": keys.port} if keys.interface == "udp_multicast" else {"bitrate": keys.bitrate}
    return lambda: can.Bus(keys.channel, keys.interface, can_filters=filters, **more)  # type: ignore[arg-type]


def _message(frame: Frame) -> Any:
    import can

    return can.Message(arbitration_id=frame.ident, data=frame.data, is_extended_id=frame.extended)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def checked(keys: LineKeys, measurements: int, file: str, path: str) -> None:
    """Raises LocalError for keys with which no line can be. `measurements`: frames until every measurement has been asked for once."""
    if not keys.interface or not keys.channel:
        raise LocalError(f"{file}: {path}: interface {keys.interface!r}, channel {keys.channel!r}; allowed: names")
    most = FRESH / (SHARE * max(measurements, 1))
    if not 0.001 <= keys.pace <= most:
        raise LocalError(f"{file}: {path}.pace: {keys.pace}; allowed: 0.001 to {most:.3f} s, or measurements are too old to be used")
    if not 1 <= keys.port <= 0xFFFF or not keys.bitrate > 0:
        raise LocalError(f"{file}: {path}: port {keys.port}, bitrate {keys.bitrate}; allowed: a port of 1..65535, and a rate above 0")


FRESH: Final[Second] = 0.25
"""In this time every measurement must have been asked for: a guard lets nothing rise on one of 0.3 s."""
SHARE: Final = 1.5
"""Frames of ours on the bus for each that asks for a measurement (`turns`)."""
