"""Faults of the simulated metal, as data: the physics and the simulated drivers read them, nothing in the product does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite

from iso15118.errors import LocalError
from iso15118.power import Pilot
from iso15118.units import Hertz, Ohm, Second


@dataclass(slots=True)
class SimulatedFaults:
    """What is broken right now. The defaults are a healthy plant; a test or a playbook sets a field and the plant follows."""

    contactor_welded: bool = False
    """The charger's output contacts are closed, whatever is commanded."""
    contactor_stuck_open: bool = False
    contactor_bounce: Second = 0.0
    """s for which the charger's contacts chatter when they close."""
    vehicle_welded: bool = False
    vehicle_stuck_open: bool = False
    insulation: Ohm | None = None
    """Resistance to earth; None: the plant's own."""
    short_circuit: Ohm | None = None
    """Resistance between both poles of the cable, while no battery is connected; None: there is none."""
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
    island: float = 0.0
    """Hz/s, alternating current: with the grid lost, a vehicle that feeds holds its voltage, and its frequency runs away so fast; 0: it
    does not."""
    grid_voltage: float = 1.0
    """The share of its nominal voltage that the grid has."""
    grid_frequency: Hertz | None = None
    """The grid's; None: the nominal one."""
    residual_current: bool = False
    """The residual current device trips."""


def checked(told: Mapping[str, object]) -> dict[str, object]:
    """Faults and their values as data (JSON, TOML) has them, fit for `SimulatedFaults`; a pilot is its letter, None is the plant's own.

    Raises LocalError: which one, what is allowed.
    """
    known = {field.name: getattr(SimulatedFaults(), field.name) for field in fields(SimulatedFaults)}
    found: dict[str, object] = {}
    for name, value in told.items():
        if name not in known:
            raise LocalError(f"{name}: unknown; allowed: {', '.join(sorted(known))}")
        default = known[name]
        if name == "pilot" and value is not None:
            if value not in Pilot.__members__:
                raise LocalError(f"{name}: {value!r}; allowed: {', '.join(Pilot.__members__)}")
            found[name] = Pilot[str(value)]
        elif isinstance(default, bool):
            if not isinstance(value, bool):
                raise LocalError(f"{name}: {value!r}; allowed: true or false")
            found[name] = value
        elif value is None and default is None:
            found[name] = None
        elif isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise LocalError(f"{name}: {value!r}; allowed: a number, 0 or more")
        else:
            found[name] = float(value)
    return found
