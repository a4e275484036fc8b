"""The demo's `--board`: a board's file with simulated programs for all its devices, and the guard in a process of its own."""

from __future__ import annotations

from pathlib import Path

from iso15118.errors import LocalError
from iso15118.hal import board as boards
from iso15118.hal.board import Board
from iso15118.service.guard_link import GuardLink
from iso15118.service.pair import Metal
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.testing.devices.stand import SIMULATORS, Stand
from iso15118.units import KW, Watt


def load(path: Path) -> Board:
    """The board in a file, or in the folder that has it. Raises LocalError, also for one that cannot take energy back."""
    board = boards.load(path / "board.toml" if path.is_dir() else path)
    if board.ac is not None or not board.abilities.limits.discharge_power:
        raise LocalError(f"{board.file}: the demo charges and discharges with direct current; allowed: a board for that")
    return board


def power(board: Board) -> Watt:
    """The most that goes both ways."""
    limits = board.abilities.limits
    return min(limits.charge_power, limits.discharge_power)


class OnStand:
    """Makes the metal of a pair. `lines`: what there is, for people."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.lines: list[str] = []

    def __call__(self, vehicle: SimulatedVehicle) -> Metal:
        """Programs, then the guard, then physics. Raises LocalError."""
        stand = Stand(self.board, vehicle, SimulatedFaults())
        try:
            guard = GuardLink("1", stand.board, self.board.abilities.limits, discharge_allowed=self.board.discharge_allowed)
        except BaseException:
            stand.close()
            raise
        self.lines = [f"{self.board.name}: {self.board.file}, {power(self.board) / KW:g} kW each way"]
        buses = {simulator.module: simulator.bus for simulator in SIMULATORS.values()}
        words = {"can": "CAN over UDP multicast", "modbus": "Modbus TCP", "serial": "a serial line over TCP"}
        for name, (module, pid) in stand.programs.items():
            self.lines.append(f"  {name}: {module} on {words[buses[module]]}, process {pid}")
        self.lines.append(f"  guard: process {guard.pid}, with the drivers of all of them; meter {guard.meter_id}")
        stand.start()

        def close() -> None:
            guard.close()
            stand.close()

        return Metal(stand, guard, close)
