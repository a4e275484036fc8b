"""The bus: what is heard and what is passed over, a bus that fails and comes back, an end that leaves the device at rest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import can
import pytest

from iso15118.errors import LocalError
from iso15118.hal.can import line as lines
from iso15118.hal.can.line import Frame, Line, LineKeys, opener

pytestmark = [pytest.mark.long, pytest.mark.waits]

OURS, STRANGE = Frame(0x100, b"\x01"), Frame(0x200, b"\x02")
OFF = Frame(0x300, b"\x00")
KEYS = LineKeys(pace=0.005)


class Listener:
    """`lines.Device` of one word."""

    accepts: Sequence[tuple[int, int, bool]] = [(0x100, 0x1FFFFFFF, True)]

    def __init__(self) -> None:
        self.got: list[Frame] = []
        self.unsaid_count = 0
        self.broken = False

    def heard(self, frame: Frame, now: float) -> bool:
        if frame.data == b"boom":
            raise ValueError("a driver's own mistake")
        if frame.ident != OURS.ident:
            return False
        self.got.append(frame)
        return True

    def speak(self, now: float) -> Frame | None:
        if self.broken:
            raise ZeroDivisionError("nothing to say")
        return OURS

    def unsaid(self) -> None:
        self.unsaid_count += 1

    def farewell(self) -> Sequence[Frame]:
        return [OFF]


class FakeBus:
    """A bus of python-can's kind. `deaf`, `mute`: what it raises."""

    def __init__(self) -> None:
        self.inbox: list[Any] = []
        self.sent: list[Frame] = []
        self.deaf: Exception | None = None
        self.mute: Exception | None = None
        self.ended = 0

    def recv(self, timeout: float) -> Any:
        if self.deaf is not None:
            raise self.deaf
        if self.inbox:
            return self.inbox.pop(0)
        time.sleep(0.002)
        return None

    def send(self, message: can.Message, timeout: float) -> None:
        if self.mute is not None:
            raise self.mute
        self.sent.append(Frame(message.arbitration_id, bytes(message.data), message.is_extended_id))

    def shutdown(self) -> None:
        self.ended += 1
        raise OSError("it was gone already")


def message(frame: Frame, **words: bool) -> can.Message:
    return can.Message(arbitration_id=frame.ident, data=frame.data, is_extended_id=frame.extended, **words)  # type: ignore[arg-type]


def until(done: Callable[[], object], within: float = 2.0) -> None:
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.002)


@contextmanager
def running(*buses: FakeBus | Exception) -> Iterator[tuple[Line, Listener]]:
    """One bus after the other, as each fails."""
    left, device = list(buses), Listener()

    def opened() -> FakeBus:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    line = Line(KEYS, device, opened)
    try:
        yield line, device
    finally:
        line.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "PAUSE", 0.02)


def test_what_is_ours_is_heard_and_the_rest_passed_over() -> None:
    bus = FakeBus()
    remote = message(OURS, is_remote_frame=True)
    bus.inbox = [message(STRANGE), remote, message(OURS)]
    with running(bus) as (line, device):
        until(lambda: device.got)
        assert device.got == [OURS]
        assert line.why == ""


def test_it_keeps_its_pace() -> None:
    bus = FakeBus()
    with running(bus):
        until(lambda: len(bus.sent) >= 20)
        began, count = time.monotonic(), len(bus.sent)
        time.sleep(0.1)
        sent, took = len(bus.sent) - count, time.monotonic() - began
        assert sent <= took / KEYS.pace + 2


def test_an_error_frame_is_a_reason_until_the_device_is_heard() -> None:
    bus = FakeBus()
    with running(bus) as (line, device):
        bus.inbox.append(message(Frame(0x04, bytes(8)), is_error_frame=True))
        until(lambda: line.why == "an error frame")
        bus.inbox.append(message(Frame(0x40, bytes(8)), is_error_frame=True))
        until(lambda: line.why == "bus-off")
        bus.inbox.append(message(STRANGE))
        bus.inbox.append(message(OURS))
        until(lambda: device.got)
        until(lambda: line.why == "")


@pytest.mark.parametrize("error", [can.CanOperationError("gone"), OSError(19, "No such device"), RuntimeError("odd"), KeyError("x")])
def test_a_bus_that_cannot_be_heard_is_opened_anew(error: Exception) -> None:
    first, second = FakeBus(), FakeBus()
    with running(first, second) as (line, device):
        until(lambda: first.sent)
        first.deaf = error
        until(lambda: second.sent)
        assert first.ended == 1
        assert line.why
        second.inbox.append(message(OURS))
        until(lambda: device.got and not line.why)


def test_a_bus_that_takes_no_frame_is_opened_anew_and_the_device_knows() -> None:
    first, second = FakeBus(), FakeBus()
    with running(first, second) as (line, device):
        until(lambda: first.sent)
        first.mute = can.CanOperationError("Transmit buffer full")
        until(lambda: second.sent)
        assert device.unsaid_count == 1
        assert line.why == "Transmit buffer full"


def test_a_bus_that_is_not_there_is_tried_again() -> None:
    bus = FakeBus()
    with running(OSError("no such device"), can.CanInitializationError("down"), bus) as (line, device):
        until(lambda: bus.sent)
        assert line.why == "down"
        assert device.unsaid_count == 0, "nothing is spoken without a bus"


def test_a_driver_that_trips_over_a_frame_or_its_own_words_is_not_the_end() -> None:
    first, second = FakeBus(), FakeBus()
    with running(first, second) as (line, device):
        first.inbox.append(message(Frame(0x100, b"boom")))
        until(lambda: second.sent)
        assert line.why == "a driver's own mistake"
        device.broken = True
        until(lambda: OFF in second.sent)
        device.broken = False
        count = len(second.sent)
        until(lambda: OURS in second.sent[count:])


def test_closing_says_the_last_words_more_than_once_and_only_then_lets_go() -> None:
    bus = FakeBus()
    with running(bus) as (line, _):
        until(lambda: bus.sent)
        line.close()
        assert bus.sent[-3:] == [OFF] * 3
        assert bus.ended == 1
        count = len(bus.sent)
        line.close()
        assert len(bus.sent) == count


def test_closing_without_a_bus_takes_under_a_second() -> None:
    with running(OSError("gone")) as (line, _):
        until(lambda: line.why)
        began = time.monotonic()
        line.close()
        assert time.monotonic() - began < 1.0


def test_the_last_words_are_said_on_a_bus_that_has_just_been_opened_anew() -> None:
    first, second = FakeBus(), FakeBus()
    with running(first, second) as (line, _):
        until(lambda: first.sent)
        first.mute = can.CanOperationError("gone")
        line.close()
        assert second.sent[-3:] == [OFF] * 3


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "can", None)
    with pytest.raises(LocalError, match=r"chargeloop\[can\]"):
        opener(LineKeys(), [])


def test_a_bus_is_opened_as_its_keys_say(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[tuple[str, ...], dict[str, object]]] = []
    monkeypatch.setattr(can, "Bus", lambda *words, **more: told.append((words, more)))
    filters = [{"can_id": 0x100, "can_mask": 0x1FFFFFFF, "extended": True}]
    opener(LineKeys(channel="can1", bitrate=250_000), Listener.accepts)()
    opener(LineKeys(interface="udp_multicast", channel="239.74.163.2", port=5000), Listener.accepts)()
    assert told == [
        (("can1", "socketcan"), {"can_filters": filters, "bitrate": 250_000}),
        (("239.74.163.2", "udp_multicast"), {"can_filters": filters, "port": 5000}),
    ]
