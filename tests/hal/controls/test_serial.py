"""A control board on a serial line: over the contract, cut off, silent, noisy, and left alone by whoever commands it."""

from __future__ import annotations

import os
import pty
import socket
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal import protocols
from iso15118.hal.board import load
from iso15118.hal.composed import outlet
from iso15118.hal.controls.serial import SerialBoard, controls
from iso15118.hal.controls.words import Order
from iso15118.hal.frames import Word, frame
from iso15118.hal.guard import Guard
from iso15118.power import Command, Contactor, Pilot, Setpoint
from iso15118.testing.devices.control_board import SimulatedBoard, serve
from iso15118.testing.devices.wires import World
from tests.hal.by_wire import WireRig
from tests.hal.contract import CONTRACT, Rig

pytestmark = [pytest.mark.long, pytest.mark.waits]


@contextmanager
def at_a_port(world: World) -> Iterator[str]:
    """A board that listens; its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening, world, over), daemon=True)
        thread.start()
        try:
            yield f"socket://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join(2)


def made(device: str, **words: object) -> SerialBoard:
    return controls({"device": device, **words}, "board.toml", "composed.controls")


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Rig], None]) -> None:
    world: World = {}
    with at_a_port(world) as device, WireRig({"controls": made(device)}, world) as rig:
        check(rig)


class Terminal:
    """A board at the other end of a pseudo terminal, by hand. `answers` False: it hears and says nothing."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(self.master)
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        self._slave = slave
        self.world: World = {}
        self.board = SimulatedBoard(self.world, lambda octets: os.write(self.master, octets))
        self.over = threading.Event()
        os.set_blocking(self.master, False)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.over.wait(0.005):
            with suppress(BlockingIOError):
                self.board.hear(os.read(self.master, 4096), time.monotonic())
            self.board.turn(time.monotonic())

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    it = Terminal()
    yield it
    it.close()


def until(done: Callable[[], bool], within: float = 2.0) -> float:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < within
        time.sleep(0.005)
    return time.monotonic() - began


def test_over_a_terminal_at_its_rate_with_noise_in_it(terminal: Terminal) -> None:
    terminal.world["pilot.state"] = float(Pilot.B)
    board = made(terminal.device, baud=115_200)
    assert board.also["pilot"].state().value is Pilot.B
    for noise in (b"\xc5\x5c\xff\xff", b"\xc5\x5c\x00\x14\x14" + bytes(19) + b"bad.", os.urandom(300)):
        os.write(terminal.master, noise)
    terminal.world["pilot.state"] = float(Pilot.C)
    until(lambda: board.also["pilot"].state().value is Pilot.C)
    board.also["lock"].demand(True)
    until(lambda: board.also["lock"].locked().value)
    board.close()


def test_what_is_shown_to_its_reader(terminal: Terminal) -> None:
    board = made(terminal.device)
    reader = board.also["reader"]
    assert isinstance(reader, protocols.AuthReader)
    assert reader.read() is None
    for token in (b"04A2", b"04A3"):
        os.write(terminal.master, frame(Word.TOKEN, token))
    until(lambda: len(board._shown) == 2)
    assert [reader.read(), reader.read(), reader.read()] == ["04A2", "04A3", None]
    board.close()


def test_a_board_that_is_left_alone_opens(terminal: Terminal) -> None:
    """Nobody asks it any more: a guard that hangs in another device's driver."""
    board = made(terminal.device)
    board.also["contactor"].demand(True)
    until(lambda: bool(board.also["contactor"].feedback().at and terminal.world["contactor.demand"]))
    assert until(lambda: not terminal.world["contactor.demand"]) < 0.4
    assert until(lambda: bool(board.state.at and terminal.world["contactor.demand"])) < 0.2, "a level: there again for who asks again"
    board.close()
    until(lambda: not terminal.world["contactor.demand"], 0.3)


def test_levels_end_with_their_life_on_the_board(terminal: Terminal) -> None:
    board = made(terminal.device)
    board.also["contactor"].demand(True)
    until(lambda: bool(board.state.at and terminal.world["contactor.demand"]))
    board._say = lambda line: None  # type: ignore[method-assign]
    assert until(lambda: not terminal.world["contactor.demand"] and bool(board.state.at)) < 0.4
    board.close()


def test_a_board_that_falls_silent_grows_old_and_is_a_fault(terminal: Terminal) -> None:
    board = made(terminal.device)
    assert board.state.age(time.monotonic()) < 0.1
    terminal.board.silent = True
    until(lambda: board.state.age(time.monotonic()) > 0.3)
    terminal.board.silent = False
    until(lambda: board.state.age(time.monotonic()) < 0.1)
    board.close()


def test_a_guard_loses_its_board(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_text(f'family = "composed"\n[composed.controls]\ndriver = "serial"\ndevice = "{terminal.device}"\n[composed.simulated]\n')
    made_outlet = outlet(load(path))
    try:
        assert made_outlet.simulated == ("supply", "insulation", "meter")
        guard = Guard(made_outlet)
        terminal.world |= {"pilot.state": float(Pilot.B), "stop.pressed": 0.0}
        until(lambda: guard.cycle(time.monotonic()).reading.pilot.value is Pilot.B)
        assert guard.cycle(time.monotonic()).faults == set()
        until(lambda: terminal.world["pilot.duty"] == 5.0 or bool(guard.cycle(time.monotonic()).faults), 1.0)
        terminal.world["stop.pressed"] = 1.0
        until(lambda: DeviceFault.EMERGENCY_STOP in guard.cycle(time.monotonic()).faults)
        until(lambda: terminal.world["pilot.duty"] == 100.0 or not guard.cycle(time.monotonic()).faults, 1.0)
        guard.command(Command(1, 0.3, Setpoint()), time.monotonic())
        terminal.board.silent = True
        until(lambda: DeviceFault.STALE in guard.cycle(time.monotonic()).faults, 2.0)
    finally:
        made_outlet.close()


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.hal.controls.serial.FIRST", 0.2)
    with pytest.raises(LocalError, match=r"board.toml: composed.controls: no control board at /dev/nowhere: .*No such file"):
        made("/dev/nowhere")
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(LocalError, match="silence"):
        made(f"socket://127.0.0.1:{listening.getsockname()[1]}")
    for words in ({"device": ""}, {"device": "x", "baud": 0}, {"device": "x", "parity": "N"}):
        with pytest.raises(LocalError, match=r"board.toml: composed.controls"):
            controls(words, "board.toml", "composed.controls")


def test_without_pyserial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(LocalError, match=r"chargeloop\[serial\]"):
        made("/dev/null")


def test_the_line_comes_back(terminal: Terminal) -> None:
    world: World = {}
    with at_a_port(world) as device:
        board = made(device)
    until(lambda: board.state.age(time.monotonic()) > 0.3)
    with socket.create_server(("127.0.0.1", int(device.rpartition(":")[2]))) as listening:
        over = threading.Event()
        thread = threading.Thread(target=serve, args=(listening, world, over), daemon=True)
        thread.start()
        until(lambda: board.state.age(time.monotonic()) < 0.2, 3.0)
        board.orders = Order.CONTACTOR
        until(lambda: bool(board.state.at and world.get("contactor.demand")))
        over.set()
        thread.join(2)
    board.close()


def test_states_of_a_contactor_on_its_way(terminal: Terminal) -> None:
    terminal.world["contactor.state"] = float(Contactor.MOVING)
    board = made(terminal.device)
    assert board.also["contactor"].feedback().value is Contactor.MOVING
    board.close()
