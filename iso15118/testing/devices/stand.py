"""A board as its file describes it, with a simulated program at the other end of each of its buses, and a car's metal on its cable.

    stand = Stand(board, vehicle)       # raises LocalError for a driver that nobody simulates
    guard = GuardLink("1", stand.board, ...)
    stand.start()                       # on an event loop: from now on physics goes on, in real time
    stand.close()

The drivers are told to find their devices on the loopback (Modbus TCP, CAN over UDP multicast, a serial line over TCP); everything else of
the file stays as it is.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from iso15118.errors import LocalError
from iso15118.hal.board import Board
from iso15118.hal.simulated import dc_outlet
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.plant import Plant
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.testing.devices.bench import BY_WIRE, Bench
from iso15118.testing.devices.wires import Wires
from iso15118.units import Second
from iso15118.value import replace

TURN: Final[Second] = 0.005
STARTING: Final[Second] = 20.0
"""A program that has not said that it is ready by then never will."""
GROUP: Final = "239.74.163.2"
"""Of CAN over UDP: it stays on this machine."""
PLACES: Final = frozenset({"interface", "channel", "bitrate", "port", "host", "device", "baud", "parity", "unit"})
"""Keys of a table that say where a device is."""


class Simulator(NamedTuple):
    """The program for a device: a module of this folder, and how it is reached."""

    module: str
    bus: str
    """One of can, modbus and serial."""


SIMULATORS: Final[Mapping[tuple[str, str, str], Simulator]] = {
    ("supply", "infypower", ""): Simulator("infypower", "can"),
    ("supply", "infypower_beg", ""): Simulator("infypower_beg", "can"),
    ("supply", "uugreen", ""): Simulator("uugreen", "can"),
    ("insulation", "modbus", "bender_isocha425hv"): Simulator("bender", "modbus"),
    ("insulation", "modbus", "dold_rn5893"): Simulator("dold", "modbus"),
    ("meter", "modbus", ""): Simulator("modbus_meter", "modbus"),
    ("controls", "serial", ""): Simulator("control_board", "serial"),
}
"""By device, driver and model."""


class Stand:
    """`board`: the one to make an outlet of; `plant`: the physics; `programs`: what runs, by the device's name, with its process id."""

    def __init__(self, board: Board, vehicle: SimulatedVehicle, faults: SimulatedFaults | None = None) -> None:
        """Starts the programs and waits until they listen. Raises LocalError where that cannot be."""
        if board.family != "composed" or board.ac is not None:
            raise LocalError(f"{board.file}: a stand is for boards of direct current that are put together (family composed)")
        self.plant: Plant = dc_outlet(replace(board, family="simulated", settings={}), vehicle, faults).plant
        self.programs: dict[str, tuple[str, int]] = {}
        self._over = ExitStack()
        self._task: asyncio.TimerHandle | None = None
        with ExitStack() as failed:
            failed.callback(self._over.close)
            folder = Path(self._over.enter_context(tempfile.TemporaryDirectory(prefix="chargeloop-")))
            wires = Wires(folder / "wires", make=True)
            self._over.callback(wires.close)
            self._bench = Bench(self.plant, wires)
            self._bench.turn(time.monotonic())
            self.board = replace(board, settings={name: self._simulated(board, name, folder / "wires") for name in board.settings})
            missing = {*BY_WIRE, "meter"} - set(self._reached(self.board))
            if missing:
                raise LocalError(f"{board.file}: composed.{min(missing)}: missing; allowed: a table for each device")
            failed.pop_all()

    def start(self) -> None:
        """Let physics go on, on the running loop."""
        self._turn()

    def plug(self, vehicle: SimulatedVehicle | None) -> None:
        """Another car on the cable; None: none."""
        self.plant.bus.load = vehicle

    def close(self) -> None:
        """End the programs."""
        if self._task is not None:
            self._task.cancel()
        self._over.close()

    def _turn(self) -> None:
        self._bench.turn(time.monotonic())
        self._task = asyncio.get_running_loop().call_later(TURN, self._turn)

    @staticmethod
    def _reached(board: Board) -> set[str]:
        """Devices by the tables that bring them."""
        brought = {"controls": {"contactor", "pilot", "lock"}}
        return {device for name in board.settings for device in (name, *brought.get(name, ()))}

    def _simulated(self, board: Board, name: str, wires: Path) -> dict[str, object]:
        """The table `name` for the program that plays its device, which runs then. Raises LocalError."""
        table: Any = board.settings[name]
        where = f"{board.file}: composed.{name}"
        if not isinstance(table, Mapping):
            raise LocalError(f"{where}: {table!r}; allowed: a table")
        driver = str(table.get("driver", ""))
        found = SIMULATORS.get((name, driver, str(table.get("model", "")))) or SIMULATORS.get((name, driver, ""))
        if found is None:
            known = ", ".join(sorted({" ".join(filter(None, key)) for key in SIMULATORS}))
            raise LocalError(f"{where}: nobody simulates {driver!r}; allowed: {known}")
        kept = {key: value for key, value in table.items() if key not in PLACES}
        port = _free_port(socket.SOCK_DGRAM if found.bus == "can" else socket.SOCK_STREAM)
        words = ["--wires", str(wires), "--port", str(port)]
        if found.bus == "can":
            place: dict[str, object] = {"interface": "udp_multicast", "channel": GROUP, "port": port}
            words += ["--interface", "udp_multicast", "--channel", GROUP]
        elif found.bus == "serial":
            place = {"device": f"socket://127.0.0.1:{port}"}
        else:
            place = {"host": "127.0.0.1", "port": port, "unit": table.get("unit", 1)}
            words += ["--unit", str(table.get("unit", 1))]
        if "map" in table:
            words += ["--map", str(Path(board.file).parent / str(table["map"]))]
        self._run(name, where, found.module, words)
        return {**kept, **place}

    def _run(self, name: str, where: str, module: str, words: list[str]) -> None:
        command = [sys.executable, "-m", f"{__package__}.{module}", *words]
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self._over.callback(_end, process)
        said = process.stdout
        if said is None or not select.select([said], [], [], STARTING)[0] or not said.readline():
            process.kill()
            told = (process.communicate()[1] or "silence").strip().splitlines()[-1].removeprefix("iso15118.errors.LocalError: ")
            raise LocalError(f"{where}: its simulator does not start: {told}")
        self.programs[name] = module, process.pid


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=2.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
