"""The car's needs held against sense: energies and states of charge in order, a departure that lies ahead."""

from __future__ import annotations

from typing import Any, NamedTuple

from iso15118.energy import Need
from iso15118.messages.v20.rational import number
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import Session
from iso15118.units import WattHour


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
