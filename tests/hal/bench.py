"""A charger outlet, its guard and a car in one process and in virtual time, 10 ms a turn."""

from __future__ import annotations

from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import SimulatedOutlet, outlet
from iso15118.power import OFF, Command, Pilot, Setpoint, Telemetry, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.value import replace

TURNS = 100
"""A second."""
LIVE = Setpoint(voltage=450.0, contactor=True, lock=True, bidirectional=True)


class Bench:
    """`run` lets time pass; with a set-point it is sent anew each 100 ms, as a session would."""

    def __init__(self, board: Board | None = None, *, soc: float = 50.0, discharge_allowed: bool = True) -> None:
        self.vehicle = SimulatedVehicle(Battery(soc=soc))
        self.vehicle.apply(VehicleSetpoint(pilot=Pilot.C))
        self.outlet: SimulatedOutlet = outlet(board, self.vehicle)
        self.guard = Guard(self.outlet, discharge_allowed=discharge_allowed)
        self.turn = 100_000
        self.number = 0
        self.seen: list[Telemetry] = []
        self.run(0.05)

    @property
    def now(self) -> float:
        return self.turn / TURNS

    @property
    def faults(self) -> SimulatedFaults:
        return self.outlet.plant.faults

    @property
    def demanded(self) -> float:
        """The current the supply is told, A."""
        return self.outlet.plant.bus.supply.current

    @property
    def current(self) -> float:
        return self.outlet.plant.bus.current

    @property
    def closed(self) -> bool:
        """Do the output contacts conduct?"""
        return self.outlet.plant.bus.contactor.conducting

    def tell(self, setpoint: Setpoint, ttl: float = 0.3) -> bool:
        self.number += 1
        return self.guard.command(Command(self.number, ttl, setpoint), self.now)

    def step(self) -> Telemetry:
        self.turn += 1
        self.seen.append(self.guard.cycle(self.now))
        return self.seen[-1]

    def run(self, seconds: float, setpoint: Setpoint | None = None) -> Telemetry:
        for turn in range(round(seconds * TURNS)):
            if setpoint is not None and turn % 10 == 0:
                self.tell(setpoint)
            self.step()
        return self.seen[-1]

    def join(self) -> Bench:
        """Contactors closed on both sides, no current: what pre-charge leaves behind."""
        at = self.vehicle.battery.open_circuit_voltage
        self.run(0.4, replace(LIVE, voltage=0.0))
        self.run(0.6, replace(LIVE, voltage=at, trickle=2.0))
        self.vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
        self.run(0.2, replace(LIVE, voltage=at, trickle=2.0))
        return self

    def charge(self, current: float, seconds: float = 2.0) -> Telemetry:
        """Transfer at `current` (its sign decides the voltage asked for)."""
        return self.run(seconds, at(current))

    def stop(self, seconds: float = 1.0) -> Telemetry:
        return self.run(seconds, OFF)


def at(current: float) -> Setpoint:
    """A live set-point that charges or discharges freely."""
    return replace(LIVE, voltage=450.0 if current >= 0 else 200.0, current=current)
