"""What the on-board charger is told: the power to take or give at this moment, within the newest of all limits, ours and the charger's.

Scheduled mode: our own wish under the chosen schedule, along the charger's ramp; a power the charger asks for (an emergency of the grid)
cuts it short. Dynamic mode: the power the charger asks for, as fast as it goes [V2G20-1825] [V2G20-1832]. Nothing before PowerDeliveryRes
has said OK and mains stand at the inlet, nothing once the session is to end. Neighbour: `contactor`, the other metal.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import Final, NamedTuple

from iso15118.errors import LocalError
from iso15118.power import Abilities, AcAbilities, AcTarget
from iso15118.sequence.phases import Phase
from iso15118.session.evcc.mains import Mains
from iso15118.session.evcc.state import Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import MICROSECONDS, NO_PHASE, PerPhase, Second, Watt
from iso15118.value import replace

FRESH: Final[Second] = 1.0
"""On an older measurement nothing is taken."""
LIVE: Final = 0.8
"""The share of the nominal voltage from which on mains stand at the inlet."""
DEAD: Final = 0.1
"""The share below which it has none."""
STEP: Final[Second] = 0.1
"""Between two set-points (a tick): a ramp goes on by no more than this at a time."""
IDLE: Final = AcTarget()


class Window(NamedTuple):
    """What our side takes and gives now, W of all phases in use together, magnitudes; below `least` it takes nothing."""

    charge: Watt
    discharge: Watt
    least: Watt
    phase_charge: Watt
    """In one phase."""
    phase_discharge: Watt


def abilities(snapshot: EvccSnapshot) -> tuple[Abilities, AcAbilities]:
    """Those of the on-board charger. Raises LocalError where the car has none."""
    onboard = snapshot.onboard
    if onboard is None or onboard.ac is None:
        raise LocalError("alternating current without an on-board charger")
    return onboard, onboard.ac


def window(session: Session, snapshot: EvccSnapshot, used: int) -> Window:
    """Our limits on `used` phases; without a bidirectional service nothing is given."""
    onboard, ac = abilities(snapshot)
    limits = onboard.limits if session.bidirectional else onboard.limits.charging_only()
    into, out = limits.charge_current * ac.voltage, limits.discharge_current * ac.voltage
    charge = min(limits.charge_power, used * into)
    return Window(
        charge,
        min(limits.discharge_power, used * out),
        min(onboard.min_charge_power * used / ac.phases, charge),
        into,
        out,
    )


def told(session: Session, snapshot: EvccSnapshot) -> AcTarget:
    """What the on-board charger is to do now."""
    mains = session.mains
    flows = session.phase is Phase.CHARGE_LOOP and not session.stop and not session.renegotiating and session.rest is None
    if mains is None or not flows or not live(session, snapshot):
        return IDLE
    mains = replace(mains, used=fed(session, snapshot))
    own = window(session, snapshot, mains.used)
    wanted = mains.active or NO_PHASE if session.dynamic else _scheduled(session, snapshot, mains, own)
    active = _within(wanted, mains, own)
    return AcTarget(active, _reactive(active, snapshot, mains, own))


def live(session: Session, snapshot: EvccSnapshot) -> bool:
    """True while a fresh measurement shows mains in every phase that is used, or in the first one alone."""
    return fed(session, snapshot) > 0


def fed(session: Session, snapshot: EvccSnapshot) -> int:
    """Phases with mains: all that are used, or 1 where the charger feeds no more; 0: none, or some of them, or nobody knows."""
    reading, mains = snapshot.reading.ac, session.mains
    if reading is None or mains is None or reading.age(snapshot.now) > FRESH:
        return 0
    nominal, volts = abilities(snapshot)[1].voltage, reading.value.voltage[: mains.used]
    there = [each >= LIVE * nominal for each in volts]
    if all(there):
        return mains.used
    return 1 if there[0] and max(volts[1:]) < DEAD * nominal else 0


def _scheduled(session: Session, snapshot: EvccSnapshot, mains: Mains, own: Window) -> PerPhase:
    """Our own power, evenly spread: the wish under our profile and the schedule, cut short by the charger's word or on its ramp."""
    chosen, profile = session.chosen, session.profile
    if chosen is None or session.reference is None:
        raise LocalError("a target before a schedule is chosen")
    stamp = round(snapshot.now * MICROSECONDS) + session.reference
    charging, back, wish = profile or chosen.charge, chosen.discharge, snapshot.target_power
    into, out = charging.at(stamp), inf if back is None else back.at(stamp)
    if into < 0.0:  # a profile that gives back is a wish of its own
        into, out, wish, back = 0.0, -into, into, charging
    if mains.active is not None:
        asked = mains.active.total
        wish = min(wish, asked) if wish >= 0.0 else max(wish, asked)
    elif mains.ramp is not None:
        wish = _ramped(session, snapshot, max(own.least, mains.least), min(max(wish, -own.discharge), own.charge), mains.ramp)
    wish = min(max(wish, -out), into)
    even, steps = PerPhase.even(wish, mains.used), charging if wish >= 0.0 else back
    most = None if steps is None else steps.phases_at(stamp)
    return even if most is None else PerPhase(*(min(max(power, -abs(each)), abs(each)) for power, each in zip(even, most, strict=True)))


def _ramped(session: Session, snapshot: EvccSnapshot, least: Watt, wish: Watt, ramp: float) -> Watt:
    """As near to `wish` as the ramp lets us come since the last set-point [V2G20-1831]; the way up begins at the least that can flow."""
    before = session.setpoint.target.active.total if session.setpoint.target else 0.0
    step = 0.0 if session.set_at is None else ramp * min(snapshot.now - session.set_at, STEP)
    rise = max(before + step, least) if wish >= least else before + step
    return min(max(wish, before - step), rise)


def _within(wanted: PerPhase, mains: Mains, own: Window) -> PerPhase:
    """`wanted` within every limit of either side; less than the least is nothing."""
    into = (min(own.phase_charge, most) for most in mains.charge)
    out = (min(own.phase_discharge, most) for most in mains.discharge)
    phases = [min(max(power, -back), most) for power, most, back in zip(wanted, into, out, strict=True)]
    total = sum(phases)
    most = own.charge if total > 0.0 else own.discharge
    if abs(total) > most:
        phases = [power * most / abs(total) for power in phases]
        total = most if total > 0.0 else -most
    # A hair below the least is the least: sums of phases are not exact.
    return NO_PHASE if 0.0 < total < max(own.least, mains.least) - 0.5 else PerPhase(*phases)


def _reactive(active: PerPhase, snapshot: EvccSnapshot, mains: Mains, own: Window) -> PerPhase:
    """The reactive power the charger asks for, in the room that active power leaves (P² + Q² <= S²); none without its word."""
    if mains.reactive is None:
        return NO_PHASE
    ac = abilities(snapshot)[1]
    room = [min(ac.reactive / ac.phases, sqrt(max(0.0, own.phase_charge**2 - power * power))) for power in active]
    turned = [min(max(wanted, -most), most) for wanted, most in zip(mains.reactive, room, strict=True)]
    return PerPhase(*(power if phase < mains.used else 0.0 for phase, power in enumerate(turned)))
