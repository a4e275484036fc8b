"""The world as `step` sees it at one moment: values held by the shell, never asked for."""

from __future__ import annotations

from iso15118.der.words import NO_DEMAND, DsoSetpoint, GridCode
from iso15118.energy import Authorisation, Budget, Mobility, Need, Plan
from iso15118.errors import DeviceFault
from iso15118.power import Abilities, Limits, Reading, VehicleReading
from iso15118.tariff import Rate
from iso15118.value import Value


class SeccSnapshot(Value):
    """The charger's world."""

    now: float
    """Monotonic seconds."""
    clock: int
    """Microseconds since the epoch, UTC."""
    reading: Reading
    abilities: Abilities
    limits: Limits
    """What applies beside the abilities: the board's, the cable's, the operator's limits."""
    budget: Budget
    authorisation: Authorisation = Authorisation.PENDING
    faults: frozenset[DeviceFault] = frozenset()
    plans: tuple[Plan, ...] | None = ()
    """What the site offers over time, one a schedule tuple, the best first; none: what limits and budget allow; None: not ready yet."""
    fed: int = 3
    """Phases that an outlet feeds which can switch them, 1 or 3; 0: it does so now, and no schedule is agreed on before it has."""
    proposal: Mobility | None = None
    """What our side knows of the driver's wish, where the car lets us supply it (MobilityNeedsMode 2)."""
    rate: Rate | None = None
    """What a kWh costs; None: no receipt is given."""
    grid_code: GridCode | None = None
    """Of this connection, where vehicles are resources of the grid."""
    dso: DsoSetpoint = NO_DEMAND
    """What the grid operator demands now."""


class EvccSnapshot(Value):
    """The car's world."""

    now: float
    """Monotonic seconds."""
    clock: int
    """Microseconds since the epoch, UTC, on the car's own clock."""
    reading: VehicleReading
    limits: Limits
    """What the battery takes and gives at this moment."""
    need: Need
    target_current: float = 0.0
    """A, + charging: what the car asks for in Scheduled mode."""
    target_voltage: float = 0.0
    """V: the ceiling when charging, the floor when discharging."""
    soc: float = 0.0
    minimum_soc: float = 0.0
    target_soc: float = 100.0
    capacity: float = 0.0
    """Wh."""
    onboard: Abilities | None = None
    """What the on-board charger does at this moment, on the mains' side, with the battery behind it; None: the car has none."""
    target_power: float = 0.0
    """W, + charging: what the car asks for in Scheduled mode on alternating current."""
    grid_event: int = 0
    """The grid event condition that the inverter sees, as the car reports it; 0: none."""
    complete: bool = False
    """The wish is fulfilled: nothing more to charge or give."""
