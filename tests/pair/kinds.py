"""The kinds of session that the matrix runs over: every service in two control modes, each on an outlet of its own current."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple

from iso15118.der.words import GridCode, VoltWatt
from iso15118.hal.board import AC_BOARD, Board
from iso15118.sequence.table import Transfer
from iso15118.service.evse_config import EvseConfig
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.testing import Charger, Driver, car, station
from tests.der.grid_codes import protection

DC_BOARD: Final = Board(min_charge_current=5.0, settings={"insulation_test_time": 0.05, "bleed_time": 0.05})
"""With a least current, so that a car can ask for too little. Its times are short: what happens in them is not what is tried here."""
GRID_CODE: Final = GridCode(volt_watt=VoltWatt(250.0, 260.0), protection=protection())
"""What a car that is a resource of the grid is told; it asks nothing of it here."""


class Kind(NamedTuple):
    """One of them."""

    service: ServiceID
    mode: ControlMode

    @property
    def current(self) -> str:
        """AC or DC: how the names of its messages begin."""
        return "DC" if self.service.transfer is Transfer.DC else "AC"

    @property
    def words(self) -> frozenset[str]:
        """What a row may ask for: its current, its service, whose words it speaks (plain, BPT or DER), its control mode."""
        words = next((words for words in ("BPT", "DER") if words in self.service.name), "plain")
        return frozenset({self.current, self.service.name, words, self.mode.name.lower()})

    def __str__(self) -> str:
        return f"{self.service.name}_{self.mode.name.lower()}"


SERVICES: Final = {
    "AC": (ServiceID.AC, ServiceID.AC_BPT, ServiceID.AC_DER_IEC, ServiceID.AC_DER_SAE),
    "DC": (ServiceID.DC, ServiceID.DC_BPT, ServiceID.MCS, ServiceID.MCS_BPT),
}
KINDS: Final = tuple(Kind(service, mode) for services in SERVICES.values() for service in services for mode in ControlMode)


def outlet(kind: Kind, misbehaviour: tuple[Misbehaviour, ...] = ()) -> AbstractAsyncContextManager[Charger]:
    """A charger that offers all services of this kind's current."""
    config = EvseConfig(board=AC_BOARD, grid_code=GRID_CODE) if kind.current == "AC" else EvseConfig(board=DC_BOARD)
    return station(services=SERVICES[kind.current], config=config, misbehaviour=misbehaviour or None)


def comer(
    charger: Charger, kind: Kind, misbehaviour: tuple[Misbehaviour, ...] = (), *, loops: int = 2
) -> AbstractAsyncContextManager[Driver]:
    """A car of this kind at `charger`."""
    return car(charger, misbehaviour=misbehaviour or None, services=[kind.service], control_modes=[kind.mode], loops=loops)
