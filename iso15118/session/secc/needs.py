"""The car's needs held against sense: energies and states of charge in order, a departure that lies ahead."""

from __future__ import annotations

from typing import Any, Final

from iso15118.messages.v20.rational import number
from iso15118.session.lenience import Deviation
from iso15118.session.secc.state import Session

_ORDERS: Final = (("minimum", "target", "maximum"), ("minimum", "minimum_v2x", "maximum_v2x", "maximum"))
"""Of energy requests; the range for cycling lies within the outer ones [V2G20-2682]."""


def ordered(session: Session, mode: Any) -> Session:
    """The session that has judged the order of the energy requests in a control mode, as far as they are told."""
    for names in _ORDERS:
        said = (getattr(mode, f"ev_{name}_energy_request", None) for name in names)
        told = [number(energy) for energy in said if energy is not None]
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
