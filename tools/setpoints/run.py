"""A guard over a simulated outlet, 10 ms a turn, and somebody who commands it at random, sane or not, in time or not; limits move."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from random import Random
from typing import Any, Final

from iso15118.errors import ChargeloopError
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.power import Command, Pilot, Setpoint, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.value import replace
from tools.setpoints.law import Law, Turn

TURN: Final = 0.010
RESET: Final = 60
"""Turns after a fault until somebody resets it and begins anew."""
BOARD: Final = Board(ramp=200.0, limits=replace(Board().limits, charge_power=40e3, discharge_power=30e3))
NONSENSE: Final = (nan, inf, -inf, 1e9, -1e9)


class Bench:
    """`law` has judged every turn. `flowed`: turns in which something flowed, in and out."""

    def __init__(self, seed: int, make: Callable[..., Guard] = Guard) -> None:
        self.law, self.lots = Law(), Random(seed)
        self.flowed = [0, 0]
        self.faults = 0
        self.vehicle = SimulatedVehicle(Battery(soc=50.0))
        self.outlet: Any = outlet(BOARD, self.vehicle)
        self.supply = _Heard(self.outlet.supply)
        self.outlet.supply = self.supply
        self.guard = make(self.outlet, discharge_allowed=True)
        self.tick, self.number = 1000, 0
        self.command, self.commanded_at = Command(0, 0.3, Setpoint()), -1.0
        self._stuck = 0
        self._joined = False

    def run(self, ticks: int) -> None:
        """So many turns."""
        for _ in range(ticks):
            self._turn()

    @property
    def now(self) -> float:
        return self.tick * TURN

    def _turn(self) -> None:
        self.tick += 1 if self.lots.random() > 0.0001 else self.lots.randrange(1, 60)
        self._happens()
        telemetry = self.guard.cycle(self.now)
        self._judge(telemetry)
        if telemetry.faults:
            self._stuck += 1
            self.faults += self._stuck == 1
            if self._stuck > RESET:
                self._anew()
        else:
            self._stuck = 0

    def _anew(self) -> None:
        """Somebody has repaired it all."""
        self.outlet.plant.faults.__init__()
        self.vehicle.apply(VehicleSetpoint(pilot=Pilot.C))
        self._joined, self._stuck = False, 0
        try:
            self.guard.reset()
        except ChargeloopError:
            self._stuck = RESET - 20

    def _happens(self) -> None:
        """What the world does now, and what the controller says."""
        lots, faults = self.lots, self.outlet.plant.faults
        chance = lots.random()
        if chance < 0.004:
            faults.supply_derating = lots.choice((1.0, 1.0, 0.5, 0.2, 0.0))
        elif chance < 0.006:
            self.guard.discharge_allowed = lots.random() < 0.7
        elif chance < 0.0061:
            faults.telemetry_frozen = not faults.telemetry_frozen
        elif chance < 0.0062:
            faults.pilot = lots.choice((None, None, Pilot.B, Pilot.C))
        elif chance < 0.0066:
            faults.celsius = lots.choice((25.0, 25.0, 80.0, 90.0, 94.0, 96.0))
        elif chance < 0.0068:
            faults.grid_voltage = lots.choice((1.0, 0.7))
        elif chance < 0.00682:
            faults.stop_pressed = True
        elif chance < 0.00687:
            faults.meter_failed = True
        elif chance < 0.00692:
            faults.current_gain = lots.choice((1.0, 1.0, 1.02, 1.2))
        if self.tick % 10 == 0 and lots.random() < 0.97 and not self._stuck:
            self._say(self._setpoint())

    def _setpoint(self) -> Setpoint:
        """Into the transfer step by step; there whatever comes to mind."""
        lots, reading = self.lots, self.guard._reading
        battery = self.vehicle.battery.open_circuit_voltage
        if not self._joined:
            near = abs(reading.voltage.value - battery) < 5.0
            if near and self.guard._closed:
                self.vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
                self._joined = True
            return Setpoint(voltage=battery if self.guard._closed else 0.0, trickle=2.0, contactor=True, lock=True)
        if lots.random() < 0.02:
            return Setpoint(lots.choice(NONSENSE), lots.choice(NONSENSE), contactor=True, lock=True)
        if lots.random() < 0.004:
            self._joined = False
            self.vehicle.apply(VehicleSetpoint(pilot=Pilot.C))
            return Setpoint(lock=True)
        current = lots.choice((0.0, 1.0, -1.0)) * lots.choice((5.0, 40.0, 125.0, 400.0)) * lots.random()
        voltage = lots.choice((battery + 60.0, battery - 120.0, 460.0, 520.0, 100.0, 0.0))
        return Setpoint(voltage, current, contactor=True, lock=True, bidirectional=lots.random() < 0.7)

    def _say(self, wanted: Setpoint) -> None:
        lots = self.lots
        self.number += lots.choice((*[1] * 60, 2, 0))
        command = Command(self.number, lots.choice((*[0.3] * 60, 5.0, 5.0, 0.15, -1.0)), wanted)
        if self.guard.command(command, self.now):
            self.command, self.commanded_at = command, self.now

    def _judge(self, telemetry: Any) -> None:
        guard, reading, own = self.guard, telemetry.reading, BOARD.limits.lowered(self.outlet.supply.abilities.limits)
        celsius, grid = self.outlet.monitors.temperature.celsius(), self.outlet.monitors.grid.measured()
        cold = min(1.0, max(0.0, (95.0 - celsius.value) / 20.0))  # degrees: less from 75 on, nothing at 95
        voltage, current = self.supply.told
        self.flowed[current < 0] += current != 0
        oldest = min(self.outlet.supply.measured()[0].at, reading.voltage.at, reading.current.at, reading.contactor.at, reading.pilot.at)
        self.law(
            Turn(
                at=self.now,
                wanted=self.command.setpoint.current,
                ceiling=self.command.setpoint.voltage,
                commanded_at=self.commanded_at,
                life=self.command.ttl,
                bidirectional=self.command.setpoint.bidirectional,
                permitted=guard.discharge_allowed,
                grid=grid.value.voltage.l1 > 184.0 and self.now - grid.at <= 0.3,
                charge_current=own.charge_current * cold,
                charge_power=own.charge_power * cold,
                discharge_current=own.discharge_current * cold,
                discharge_power=own.discharge_power * cold,
                min_voltage=own.min_voltage,
                max_voltage=own.max_voltage,
                ramp=BOARD.ramp,
                measured=reading.voltage.value,
                age=self.now - oldest,
                ready=reading.pilot.value in (Pilot.C, Pilot.D),
                faulty=bool(telemetry.faults),
                voltage=voltage,
                current=current,
            )
        )


class _Heard:
    """The supply, and what it was told last."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.told = (0.0, 0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def demand(self, voltage: float, current: float, trickle: float = 0.0) -> None:
        self.told = voltage, current
        self._inner.demand(voltage, current, trickle)

    def off(self) -> None:
        self.told = 0.0, 0.0
        self._inner.off()
