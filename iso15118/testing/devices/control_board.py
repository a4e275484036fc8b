"""A control board as a program, at a TCP port: the other end of `hal.controls.serial`, which reaches it by socket://."""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from iso15118.errors import CodecError
from iso15118.hal.controls.words import BoardState, Input, Levels, Order
from iso15118.hal.frames import Frames, Word
from iso15118.power import Contactor, Pilot
from iso15118.testing.devices.wires import Wires, World
from iso15118.units import Second

TURN: Final[Second] = 0.005
SAYS: Final[Second] = 0.010
LOCKING: Final[Second] = 0.1


class SimulatedBoard:
    """What a board does, whatever its line: `hear` octets, `turn` often, and it says something now and then."""

    def __init__(self, world: World, say: Callable[[bytes], object]) -> None:
        self.world, self.say = world, say
        self.silent = False
        self._frames = Frames()
        self._levels = Levels(0, 0.0, Order(0), 100.0)
        self._until: Second = 0.0
        self._said: Second = 0.0
        self._lock_moves: Second | None = None

    def hear(self, octets: bytes, now: Second) -> None:
        """What came over the line."""
        for word, body in self._frames.feed(octets):
            with suppress(CodecError):
                if word is Word.LEVELS:
                    self._levels = Levels.from_bytes(body)
                    self._until = now + min(self._levels.life, 0.3)

    def turn(self, now: Second) -> None:
        """Levels to metal; after their life none is wanted any more, but the lock stays where it is."""
        alive, orders, world = now <= self._until, self._levels.orders, self.world
        world["contactor.demand"] = float(alive and Order.CONTACTOR in orders)
        world["pilot.duty"] = self._levels.duty if alive else 100.0
        wanted = float(Order.LOCK in orders) if alive else world.get("lock.demand", 0.0)
        world["lock.demand"] = wanted
        if world.get("lock.state", 0.0) == wanted:
            self._lock_moves = None
        elif self._lock_moves is None:
            self._lock_moves = now
        elif now - self._lock_moves >= LOCKING:
            world["lock.state"] = wanted
        if now - self._said >= SAYS and not self.silent:
            self._said = now
            self.say(self.state().to_bytes())

    def state(self) -> BoardState:
        """Its inputs."""
        world, inputs = self.world, Input(0)
        contactor = Contactor(int(world.get("contactor.state", 0.0)))
        if contactor is Contactor.OPEN:
            inputs |= Input.PLUS_OPEN | Input.MINUS_OPEN
        elif contactor is Contactor.CLOSED:
            inputs |= Input.PLUS_CLOSED | Input.MINUS_CLOSED
        for name, level in (("lock.state", Input.LOCKED), ("stop.pressed", Input.STOP), ("door.open", Input.DOOR)):
            if world.get(name, 0.0):
                inputs |= level
        pilot = Pilot(int(world.get("pilot.state", 0.0)))
        celsius = world.get("supply.celsius", 0.0)
        return BoardState(self._levels.number, inputs, pilot, world.get("output.voltage", 0.0), celsius, 0.0)


def serve(listening: socket.socket, world: World, over: threading.Event) -> None:
    """One charger after the other at this port; without one the board does what it does without levels."""
    listening.settimeout(TURN)
    while not over.is_set():
        board = SimulatedBoard(world, lambda octets: None)
        line = None
        while line is None and not over.is_set():
            with suppress(TimeoutError):
                line, _ = listening.accept()
            board.turn(time.monotonic())
        if line is None:
            return
        with line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(TURN)
            board.say = line.sendall
            with suppress(OSError):
                _converse(board, line, over)


def _converse(board: SimulatedBoard, line: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        try:
            octets = line.recv(4096)
            if not octets:
                return
            board.hear(octets, time.monotonic())
        except TimeoutError:
            pass
        board.turn(time.monotonic())


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="control_board", description="A simulated control board on a TCP port.")
    parser.add_argument("--wires", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", arguments.port)) as listening:
        print(f"listening on port {listening.getsockname()[1]}", flush=True)
        serve(listening, Wires(arguments.wires), threading.Event())
    return 0


if __name__ == "__main__":
    sys.exit(main())
