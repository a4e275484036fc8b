"""A charger on the bench: one outlet over simulated metal."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.simulated import SimulatedOutlet
from iso15118.hal.simulated.ac import SimulatedAcOutlet
from iso15118.power import Contactor, Reading
from iso15118.service.evse import Evse
from iso15118.service.evse_config import EvseConfig
from iso15118.service.journal import Journal, at_outlet
from iso15118.service.pair import Pair
from iso15118.service.seen import Ended
from iso15118.service.served import Served
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.testing.clock import virtual
from iso15118.testing.side import PATIENCE, Side, members, wiring_of
from iso15118.units import Second, Watt
from iso15118.value import replace

REST: Final[Second] = 3.0
"""Contactors have opened by then, and the output is discharged."""
LOOK: Final[Second] = 0.02
TOUCHABLE: Final = 60.0
"""V: what may be left at an outlet at rest."""


class Charger(Side):
    """What a test holds of a charger: `evse` is the product's outlet with all its methods, `outlet` its simulated metal."""

    def __init__(self, evse: Evse, outlet: SimulatedOutlet | SimulatedAcOutlet, *, pair: Pair | None = None, sdp_port: int = 0) -> None:
        """`pair`: in virtual time; `sdp_port`: where it is found otherwise."""
        super().__init__(Journal(lambda: at_outlet(evse.actuator.reading)))
        self.evse = evse
        self.outlet = outlet
        self.pair = pair
        self.sdp_port = sdp_port
        evse.subscribe(self.saw)

    @property
    def faults(self) -> SimulatedFaults:
        """What is broken in the metal, this moment: set a field, and it is."""
        return self.outlet.plant.faults

    @property
    def reading(self) -> Reading:
        """The newest."""
        return self.evse.actuator.reading

    @property
    def power(self) -> Watt:
        """W, + into the vehicle."""
        return self.reading.power

    @property
    def safe(self) -> bool:
        """True where no power can flow: contactor open, no current, no voltage to fear."""
        reading = self.reading
        still = reading.contactor.value is Contactor.OPEN and reading.current.value == 0.0
        return still and abs(reading.voltage.value) < TOUCHABLE

    async def rest(self, within: Second = REST) -> bool:
        """Wait until it is `safe`, but no longer than `within` seconds; whether it is."""
        for _ in range(round(within / LOOK)):
            if self.safe:
                break
            await asyncio.sleep(LOOK)
        return self.safe

    async def ended(self, within: Second = PATIENCE) -> Ended:
        """How its present session ended, or its last one. Raises TimeoutError, LocalError where there has been none."""
        conversation = self.evse.conversation
        if conversation is None:
            raise LocalError("no car has come yet")
        async with asyncio.timeout(within):
            return await asyncio.shield(conversation.ended)


@asynccontextmanager
async def station(
    *,
    services: Iterable[ServiceID | str] | None = None,
    control_modes: Iterable[ControlMode | str] = ("scheduled", "dynamic"),
    misbehaviour: Misbehaviour | Sequence[Misbehaviour] | None = None,
    config: EvseConfig | None = None,
    **session: Any,
) -> AsyncIterator[Charger]:
    """A charger for as long as the block lasts.

    `services`: offered in this order, each in all `control_modes`; None: those of `config`. `session`: other fields of
    `session.secc.Config`. Raises LocalError for a wish that cannot be, TypeError for a field that is none.
    """
    config = config or EvseConfig()
    if services is not None:
        modes = members(ControlMode, control_modes)
        session["services"] = tuple(service_of(each, modes) for each in members(ServiceID, services))
    config = replace(config, session=replace(config.session, **session))
    wiring = wiring_of(misbehaviour)
    async with _in_memory(config, wiring) if virtual() else _on_loopback(config, wiring) as charger:
        yield charger


@asynccontextmanager
async def _in_memory(config: EvseConfig, wiring: Any) -> AsyncIterator[Charger]:
    pair = Pair(config, charger_wiring=wiring)
    pair.plug(None)
    charger = Charger(pair.evse, pair.outlet, pair=pair)
    pair.actuator.start()
    try:
        yield charger
        await _over(charger)
    finally:
        pair.actuator.stop()


@asynccontextmanager
async def _on_loopback(config: EvseConfig, wiring: Any) -> AsyncIterator[Charger]:
    served = Served(config, sdp_port=free_port(), wiring=wiring)
    if not isinstance(served.metal, SimulatedOutlet | SimulatedAcOutlet):
        raise LocalError(f"the bench breaks simulated metal only, not that of {config.board.family!r}")
    served.metal.plug(None)
    charger = Charger(served.evse, served.metal, sdp_port=served.sdp_port)
    try:
        await served.start()
        yield charger
        await _over(charger)
    finally:
        served.deaf()
        served.off()


async def _over(charger: Charger) -> None:
    """Metal comes to rest before it is let go."""
    if charger.evse.busy and charger.evse.conversation is not None:
        charger.evse.conversation.drop("the bench is cleared")
    await charger.rest()


def free_port() -> int:
    """A UDP port that nobody has on the loopback."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        port: int = sock.getsockname()[1]
        return port
