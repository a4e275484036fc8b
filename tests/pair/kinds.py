"""The eight kinds of session that the matrix runs over: four services in two control modes, each on an outlet of its own current."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple

from iso15118.hal.board import AC_BOARD, Board
from iso15118.service.evse import EvseConfig
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.testing import Charger, Driver, car, station

DC_BOARD: Final = Board(min_charge_current=5.0)
"""With a least current, so that a car can ask for too little."""


class Kind(NamedTuple):
    """One of them."""

    service: ServiceID
    mode: ControlMode

    @property
    def current(self) -> str:
        """AC or DC: how the names of its messages begin."""
        return self.service.name[:2]

    @property
    def words(self) -> frozenset[str]:
        """What a row may ask for: its current, its service, plain or BPT, its control mode."""
        return frozenset({self.current, self.service.name, "BPT" if "BPT" in self.service.name else "plain", self.mode.name.lower()})

    def __str__(self) -> str:
        return f"{self.service.name}_{self.mode.name.lower()}"


SERVICES: Final = {"AC": (ServiceID.AC, ServiceID.AC_BPT), "DC": (ServiceID.DC, ServiceID.DC_BPT)}
KINDS: Final = tuple(Kind(service, mode) for services in SERVICES.values() for service in services for mode in ControlMode)


def outlet(kind: Kind, misbehaviour: tuple[Misbehaviour, ...] = ()) -> AbstractAsyncContextManager[Charger]:
    """A charger that offers both services of this kind's current."""
    config = EvseConfig(board=AC_BOARD if kind.current == "AC" else DC_BOARD)
    return station(services=SERVICES[kind.current], config=config, misbehaviour=misbehaviour or None)


def comer(
    charger: Charger, kind: Kind, misbehaviour: tuple[Misbehaviour, ...] = (), *, loops: int = 2
) -> AbstractAsyncContextManager[Driver]:
    """A car of this kind at `charger`."""
    return car(charger, misbehaviour=misbehaviour or None, services=[kind.service], control_modes=[kind.mode], loops=loops)
