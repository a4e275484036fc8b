"""The car's needs, held against sense: energies and states of charge in order, a departure that lies ahead; and as they are now."""

from __future__ import annotations

from typing import Any, NamedTuple

from iso15118.energy import Need
from iso15118.messages.v20.rational import number
from iso15118.power import Limits, Reading
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import Session, Wished
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Watt, WattHour
from iso15118.value import replace


class Energies(NamedTuple):
    """Those of a `Need`, as far as a car has told them."""

    target_energy: WattHour | None
    max_energy: WattHour | None
    min_energy: WattHour | None
    v2x_max_energy: WattHour | None
    v2x_min_energy: WattHour | None


def need_of(mode: Any) -> Need:
    """What a car says of its needs in a Dynamic control mode of any kind of transfer."""
    most, least = (getattr(mode, f"ev_{end}_v2x_energy_request", None) for end in ("maximum", "minimum"))
    return Need(
        target_energy=number(mode.ev_target_energy_request),
        max_energy=number(mode.ev_maximum_energy_request),
        min_energy=number(mode.ev_minimum_energy_request),
        departure=mode.departure_time,
        v2x_max_energy=None if most is None else number(most),
        v2x_min_energy=None if least is None else number(least),
    )


def ordered(session: Session, need: Need | Energies) -> Session:
    """The session that has judged the order of the energies; the range for cycling lies within the outer ones [V2G20-2682]."""
    least, most, low, high = need.min_energy, need.max_energy, need.v2x_min_energy, need.v2x_max_energy
    for energies in ((least, need.target_energy, most), (least, low, high, most)):
        told = [energy for energy in energies if energy is not None]
        if told != sorted(told):
            return session.deviates(Deviation.ENERGY_ORDER, ", ".join(f"{energy:g} Wh" for energy in told))
    return session


def planned(session: Session, departure: int | None, minimum_soc: int | None = None, target_soc: int | None = None) -> Session:
    """The session that has judged when the car leaves (s) and with what state of charge (percent)."""
    if departure == 0:
        session = session.deviates(Deviation.DEPARTURE_ZERO)
    if minimum_soc is not None and target_soc is not None and minimum_soc > target_soc:
        session = session.deviates(Deviation.SOC_ORDER, f"{minimum_soc} above {target_soc} %")
    return session


def heard(session: Session, need: Need | Energies, departure: int | None, snapshot: SeccSnapshot) -> Session:
    """The session that remembers what the car says of its needs, where it says how much it wants; `departure`: s from now."""
    if need.target_energy is None:
        return session
    told = Need(
        target_energy=need.target_energy,
        max_energy=need.target_energy if need.max_energy is None else need.max_energy,
        min_energy=0.0 if need.min_energy is None else need.min_energy,
        departure=departure,
        v2x_max_energy=need.v2x_max_energy,
        v2x_min_energy=need.v2x_min_energy,
    )
    return replace(session, wished=Wished(told, snapshot.now, _counted(snapshot.reading)))


def present_need(session: Session, snapshot: SeccSnapshot) -> Need | None:
    """What the car needs at this moment, with the powers it has named; None: it has not said yet.

    In Dynamic mode it says so with each turn. Else what has flowed since it said so is taken off, as the meter has it.
    """
    if session.ask is not None and session.ask.need is not None:
        need, passed, flown = session.ask.need, 0.0, 0.0
    elif session.wished is not None:
        need, passed = session.wished.need, snapshot.now - session.wished.at
        flown = _counted(snapshot.reading) - session.wished.energy
    else:
        return None
    into, out = _powers(session)
    v2x = [None if end is None else end - flown for end in (need.v2x_max_energy, need.v2x_min_energy)]
    left = None if need.departure is None else max(0.0, need.departure - passed)
    return Need(need.target_energy - flown, need.max_energy - flown, need.min_energy - flown, left, into, out, *v2x)


def _powers(session: Session) -> tuple[Watt, Watt]:
    """Most into the vehicle and out of it, as it has named them last."""
    limits = session.ask.limits if session.ask is not None else session.vehicle_phases or session.vehicle
    if limits is None:
        return 0.0, 0.0
    if isinstance(limits, Limits):
        return limits.charge_power, limits.discharge_power
    return min(limits.charge.total, limits.charge_total), min(limits.discharge.total, limits.discharge_total)


def _counted(reading: Reading) -> WattHour:
    return reading.charged.value - reading.discharged.value
