"""When the car's contactor, control pilot and connector lock move: on its own measurements only, never on what the charger reports.

On direct current the car's contactor is the last one between charger and battery. On alternating current the charger's is: the pilot
closes and opens it, and the power that flows through it is `onboard`'s.
"""

from __future__ import annotations

from math import hypot
from typing import Final

from iso15118.power import Contactor, Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session.evcc import onboard
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
RELEASE_AC: Final[Second] = 0.15
"""After the stop has been sent: then the pilot leaves C even under load, so that it has done so 250 ms after it [V2G20-848]."""
TOUCH_SAFE: Final[Volt] = 60.0
"""An inlet below this is cut off from the battery (ISO 6469-3, voltage class A)."""

ENERGY: Final = VehicleSetpoint(contactor=True, pilot=Pilot.C, lock=True)
_READY: Final = frozenset((Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.STANDBY))
"""Pilot C: from ScheduleExchange Finished until the stop is confirmed [V2G20-912] [V2G20-914]."""


def wanted(session: Session, snapshot: EvccSnapshot) -> VehicleSetpoint:
    """What metal is to do now.

    The contactor closes after pre-charge, when our own measurement still matches; once power is asked for it stays closed until the
    charger has confirmed the stop and no current flows. A connector is held as long as the contactor is not known to be open.
    """
    if session.alternating:
        return _on_mains(session, snapshot)
    phase = session.phase
    if phase is Phase.CHARGE_LOOP or (phase in (Phase.POWER_DELIVERY, Phase.STANDBY) and session.delivering):
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


def _on_mains(session: Session, snapshot: EvccSnapshot) -> VehicleSetpoint:
    """Alternating current: pilot B before the first start [V2G20-1617], C with it [V2G20-847], B with the stop [V2G20-848].

    It leaves C when no power flows any more, and the connector is held as long as mains stand at the inlet.
    """
    ready = session.delivering and not _unloaded(session, snapshot)
    return VehicleSetpoint(
        pilot=Pilot.C if ready else Pilot.B,
        lock=session.delivering or _energised(snapshot),
        target=onboard.told(session, snapshot) if ready else onboard.IDLE,
        order=session.order if ready else None,
    )


def _unloaded(session: Session, snapshot: EvccSnapshot) -> bool:
    """True once the stop has been sent and the mains carry nothing, or have had time to."""
    if session.stopping_at is None:
        return False
    return snapshot.now - session.stopping_at >= RELEASE_AC or not _loaded(snapshot)


def flowing(session: Session, snapshot: EvccSnapshot) -> bool:
    """True while our own measurement shows that energy moves."""
    return _loaded(snapshot) if session.alternating else abs(snapshot.reading.current.value) >= NO_CURRENT


def _loaded(snapshot: EvccSnapshot) -> bool:
    reading = snapshot.reading.ac
    if reading is None:
        return False
    flows = zip(reading.value.active, reading.value.reactive, reading.value.voltage, strict=True)
    return any(hypot(active, reactive) >= NO_CURRENT * max(voltage, TOUCH_SAFE) for active, reactive, voltage in flows)


def _energised(snapshot: EvccSnapshot) -> bool:
    return snapshot.reading.ac is not None and max(snapshot.reading.ac.value.voltage) >= TOUCH_SAFE


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
