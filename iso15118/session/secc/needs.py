"""The car's needs held against sense: energies and states of charge in order, a departure that lies ahead."""

from __future__ import annotations

from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import Session
from iso15118.units import WattHour


def ordered(session: Session, minimum: WattHour | None, target: WattHour | None, maximum: WattHour | None) -> Session:
    """The session that has judged the order of the energy requests it was told."""
    told = [energy for energy in (minimum, target, maximum) if energy is not None]
    if told == sorted(told):
        return session
    return session.deviates(Deviation.ENERGY_ORDER, ", ".join(f"{energy:g} Wh" for energy in told))


def planned(session: Session, departure: int | None, minimum_soc: int | None = None, target_soc: int | None = None) -> Session:
    """The session that has judged when the car leaves (s) and with what state of charge (percent)."""
    if departure == 0:
        session = session.deviates(Deviation.DEPARTURE_ZERO)
    if minimum_soc is not None and target_soc is not None and minimum_soc > target_soc:
        session = session.deviates(Deviation.SOC_ORDER, f"{minimum_soc} above {target_soc} %")
    return session
