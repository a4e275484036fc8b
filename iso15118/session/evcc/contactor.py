"""When the car's contactor, control pilot and connector lock move: on its own measurements only, never on what the charger reports."""

from __future__ import annotations

from typing import Final

from iso15118.power import Contactor, Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session.evcc.state import Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import Ampere, Second, Volt

FRESH: Final[Second] = 1.0
"""An older measurement is no ground to close a contactor."""
NO_CURRENT: Final[Ampere] = 1.0
"""Below this a contactor opens without wear."""
RELEASE: Final[Second] = 2.0
"""After the charger has confirmed the stop: then the contactor opens whatever the measurement says."""
SETTLE: Final[Second] = 3.0
"""After the same: then welding detection begins whatever the contactor's feedback says."""
TOUCH_SAFE: Final[Volt] = 60.0
"""An inlet below this is cut off from the battery (ISO 6469-3, voltage class A)."""

ENERGY: Final = VehicleSetpoint(contactor=True, pilot=Pilot.C, lock=True)
_READY: Final = frozenset((Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP))
"""Pilot C: from ScheduleExchange Finished until the stop is confirmed [V2G20-912] [V2G20-914]."""


def wanted(session: Session, snapshot: EvccSnapshot) -> VehicleSetpoint:
    """What metal is to do now.

    The contactor closes after pre-charge, when our own measurement still matches; once power is asked for it stays closed until the
    charger has confirmed the stop and no current flows. A connector is held as long as the contactor is not known to be open.
    """
    phase = session.phase
    if phase is Phase.CHARGE_LOOP or (phase is Phase.POWER_DELIVERY and session.delivering):
        return ENERGY
    contactor = session.setpoint.contactor
    if phase is Phase.POWER_DELIVERY:
        contactor = not session.stop and (contactor or matched(session, snapshot))
    else:
        contactor = contactor and phase is Phase.WELDING_DETECTION and not released(session, snapshot)
    return VehicleSetpoint(
        contactor=contactor,
        pilot=Pilot.C if phase in _READY else Pilot.B,
        lock=phase in _READY or phase is Phase.WELDING_DETECTION or snapshot.reading.contactor.value is not Contactor.OPEN,
    )


def matched(session: Session, snapshot: EvccSnapshot) -> bool:
    """True when a fresh measurement shows the battery's voltage at the inlet."""
    inlet, battery = snapshot.reading.voltage, snapshot.reading.battery_voltage
    tolerance = session.config.voltage_tolerance
    fresh = inlet.age(snapshot.now) <= FRESH and battery.age(snapshot.now) <= FRESH
    return fresh and battery.value > tolerance and abs(inlet.value - battery.value) <= tolerance


def closed(session: Session, snapshot: EvccSnapshot) -> bool:
    """True when the contactor has followed the command to close."""
    return session.setpoint.contactor and snapshot.reading.contactor.value is Contactor.CLOSED


def released(session: Session, snapshot: EvccSnapshot) -> bool:
    """True when the contactor may open after the stop: no current flows, or too long a time has passed."""
    return abs(snapshot.reading.current.value) < NO_CURRENT or _since_stop(session, snapshot) >= RELEASE


def may_detect(session: Session, snapshot: EvccSnapshot) -> bool:
    """True when welding detection may begin: the contactor is open, or has been told to for so long that it does not follow."""
    opened = snapshot.reading.contactor.value is Contactor.OPEN or _since_stop(session, snapshot) >= SETTLE
    return opened and not session.setpoint.contactor


def separated(snapshot: EvccSnapshot) -> bool:
    """True when feedback and inlet voltage agree that the inlet is cut off from the battery."""
    return snapshot.reading.contactor.value is Contactor.OPEN and snapshot.reading.voltage.value < TOUCH_SAFE


def _since_stop(session: Session, snapshot: EvccSnapshot) -> Second:
    return 0.0 if session.stopped_at is None else snapshot.now - session.stopped_at
