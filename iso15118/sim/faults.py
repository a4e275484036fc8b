"""Faults of the simulated metal, as data: the physics and the simulated drivers read them, nothing in the product does."""

from __future__ import annotations

from dataclasses import dataclass

from iso15118.power import Pilot
from iso15118.units import Hertz, Ohm


@dataclass(slots=True)
class SimulatedFaults:
    """What is broken right now. The defaults are a healthy plant; a test or a playbook sets a field and the plant follows."""

    contactor_welded: bool = False
    """The charger's output contacts are closed, whatever is commanded."""
    contactor_stuck_open: bool = False
    vehicle_welded: bool = False
    vehicle_stuck_open: bool = False
    insulation: Ohm | None = None
    """Resistance to earth; None: the plant's own."""
    meter_gain: float = 1.0
    """The meter counts this many Wh for each that flows."""
    meter_failed: bool = False
    supply_dead: bool = False
    """The supply delivers nothing and says so."""
    supply_derating: float = 1.0
    """The share of its currents the supply still offers, 0..1."""
    current_gain: float = 1.0
    """The supply delivers this many A for each one demanded."""
    voltage_gain: float = 1.0
    """The supply regulates to this many V for each one demanded."""
    telemetry_frozen: bool = False
    """Every measurement keeps its value and its age grows."""
    lock_stuck: bool = False
    """The connector lock stays where it is."""
    pilot: Pilot | None = None
    """The state the charger sees; None: the car's own."""
    celsius: float = 25.0
    """Of the hottest place."""
    stop_pressed: bool = False
    """The emergency stop."""
    door_open: bool = False
    grid_lost: bool = False
    """No voltage from the grid: the supply of an outlet of direct current delivers nothing, and says so."""
    grid_voltage: float = 1.0
    """The share of its nominal voltage that the grid has."""
    grid_frequency: Hertz | None = None
    """The grid's; None: the nominal one."""
    residual_current: bool = False
    """The residual current device trips."""
