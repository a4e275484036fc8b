"""The simulated family: every protocol over the physics of `sim`, for benches, demos, tests and a charger without metal.

make = outlet(Board(), vehicle)     # one process: charger and car share the plant
make = outlet(Board())              # the charger alone: a phantom car follows the supply
make = outlet(AC_BOARD, vehicle)    # alternating current: a board with a table [ac]
"""

from __future__ import annotations

from typing import cast

from iso15118.errors import LocalError
from iso15118.hal.board import Board, fill
from iso15118.hal.protocols import Monitors
from iso15118.hal.simulated.ac import SimulatedAcOutlet
from iso15118.hal.simulated.devices import (
    SimulatedContactor,
    SimulatedInsulationMonitor,
    SimulatedLock,
    SimulatedMeter,
    SimulatedPilot,
    SimulatedSupply,
)
from iso15118.hal.simulated.monitors import SimulatedGridSensor, SimulatedOverVoltageMonitor, SimulatedStop, SimulatedThermometer
from iso15118.power import AcAbilities
from iso15118.sim.bus import DcBus, Load
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.mains import AcLoad, Mains, MainsPhantom
from iso15118.sim.phantom import PhantomVehicle
from iso15118.sim.plant import Plant
from iso15118.sim.relay import Relay
from iso15118.sim.supply import Supply
from iso15118.units import Second
from iso15118.value import Value


class Settings(Value):
    """The `[simulated]` table of a board file."""

    capacitance: float = 1e-3
    """F, at the supply's output."""
    cable_resistance: float = 0.002
    """Ohm."""
    bleed_time: float = 0.45
    """s, time constant of the discharge when the supply is off."""
    fall: float = 1000.0
    """A/s, how fast the supply can lower its current."""
    contactor_delay: float = 0.050
    """s."""
    lock_delay: float = 0.100
    """s."""
    insulation: float = 10e6
    """Ohm to earth."""
    insulation_test_time: float = 1.0
    """s."""
    meter_id: str = "SIM-0001"
    """Told with every reading."""


class SimulatedOutlet:
    """`hal.protocols.Outlet` over a `Plant`. `plant.faults` is the door for breaking things.

    A device may be replaced by a real one while the others stay simulated: only our own are measured here.
    """

    __slots__ = ("_devices", "contactor", "insulation", "lock", "meter", "monitors", "pilot", "plant", "supply")

    def __init__(self, plant: Plant, board: Board, settings: Settings) -> None:
        self.plant = plant
        self.supply = SimulatedSupply(plant, board.abilities)
        self.contactor = SimulatedContactor(plant)
        self.insulation = SimulatedInsulationMonitor(plant, settings.insulation_test_time)
        self.meter = SimulatedMeter(plant, settings.meter_id)
        self.pilot = SimulatedPilot(plant)
        self.lock = SimulatedLock(plant, settings.lock_delay)
        heat, stop = SimulatedThermometer(plant), SimulatedStop(plant)
        over_voltage, grid = SimulatedOverVoltageMonitor(plant), SimulatedGridSensor(plant)
        self.monitors = Monitors(over_voltage, heat, stop, grid)
        devices = (self.supply, self.contactor, self.insulation, self.meter, self.pilot, self.lock)
        self._devices = (*devices, over_voltage, heat, stop, grid)

    def plug(self, load: Load | None) -> None:
        """Hang this vehicle on the cable in place of what hung there; None: nothing."""
        self.plant.bus.load = load

    def advance(self, now: Second) -> None:
        """Move the plant up to `now` and measure it."""
        self.plant.advance(now)
        if not self.plant.faults.telemetry_frozen:
            for device in self._devices:
                device.measure(now)

    def close(self) -> None:
        """Off, open, free."""
        self.supply.off()
        self.contactor.demand(False)
        self.insulation.demand(False)
        self.lock.demand(False)


def settings_of(board: Board) -> Settings:
    """The family's own table of `board`. Raises LocalError as `board.fill` does, and on a value physics has no answer for."""
    settings = fill(Settings(), board.settings, board.file, "simulated")
    for key in ("capacitance", "cable_resistance", "bleed_time", "fall"):
        if getattr(settings, key) <= 0:
            raise LocalError(f"{board.file}: simulated.{key}: {getattr(settings, key)}; allowed: a number > 0")
    return settings


def outlet(
    board: Board | None = None, load: Load | AcLoad | None = None, faults: SimulatedFaults | None = None
) -> SimulatedOutlet | SimulatedAcOutlet:
    """An outlet as `board` describes it (default: the default board), with `load` plugged in (default: a phantom car)."""
    board = Board() if board is None else board
    if board.ac is not None:
        return ac_outlet(board, cast("AcLoad | None", load), faults)
    return dc_outlet(board, cast("Load | None", load), faults)


def ac_outlet(board: Board, load: AcLoad | None = None, faults: SimulatedFaults | None = None) -> SimulatedAcOutlet:
    """An outlet of alternating current: as `outlet`, for a board with a table [ac]."""
    settings, ac = settings_of(board), board.ac or AcAbilities()
    mains = Mains(
        MainsPhantom() if load is None else load,
        phases=ac.phases,
        voltage=ac.voltage,
        frequency=ac.frequency,
        contactor=Relay(settings.contactor_delay),
        faults=faults,
    )
    return SimulatedAcOutlet(mains, board, meter_id=settings.meter_id, lock_delay=settings.lock_delay)


def dc_outlet(board: Board | None = None, load: Load | None = None, faults: SimulatedFaults | None = None) -> SimulatedOutlet:
    """An outlet of direct current: as `outlet`."""
    board = Board() if board is None else board
    settings = settings_of(board)
    supply = Supply(
        max_voltage=board.limits.max_voltage,
        charge_current=board.limits.charge_current,
        discharge_current=board.abilities.limits.discharge_current,
        rise=board.ramp,
        fall=settings.fall,
    )
    bus = DcBus(
        supply,
        PhantomVehicle() if load is None else load,
        contactor=Relay(settings.contactor_delay),
        capacitance=settings.capacitance,
        cable_resistance=settings.cable_resistance,
        bleed_time=settings.bleed_time,
    )
    return SimulatedOutlet(Plant(bus, faults=faults, insulation=settings.insulation), board, settings)
