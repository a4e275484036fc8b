"""Does a charger still do what it is for? Each outlet is asked for as a car would ask, and its guard has to have turned meanwhile.

The request goes to the address of the outlet's own interface, inside this machine: a modem without a car, or without its cable, is well.
Not asked: whether a packet reaches a car.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from iso15118.errors import LocalError, PeerError
from iso15118.service.discovery import discover
from iso15118.service.links import link
from iso15118.units import Second
from iso15118.wire.sdp import WAIT, Security

if TYPE_CHECKING:
    from iso15118.service.evse import Evse
    from iso15118.service.station import Station

WITHIN: Final[Second] = 1.0
"""An answer has to come, to one of the requests that fit in."""
OTHERS: Final = 2 * round(WITHIN / WAIT)
"""So many searches answered since the last look are not ours alone: in a flood our own request may be one that is left out."""


class _Outlet(NamedTuple):
    name: str
    interface: str
    port: int
    evse: Evse


class Probe:
    """Of a station that has started. `look`, again and again; at least some cycles of a guard apart."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._security = Security.NONE if station.config.tls is None else Security.TLS
        self._outlets = [_Outlet(status.name, status.interface, status.port, station.evse(status.name)) for status in station.status()]
        self._found: dict[str, int] = {}
        self._cycles = {outlet.name: outlet.evse.actuator.telemetry.number for outlet in self._outlets}

    async def look(self) -> dict[str, str]:
        """What is wrong, by the name of the outlet; empty: all are well."""
        found = await asyncio.gather(*[self._outlet(outlet) for outlet in self._outlets])
        return {outlet.name: why for outlet, why in zip(self._outlets, found, strict=True) if why}

    def occupied(self, ill: Iterable[str]) -> bool:
        """Has one that is not `ill` a session?"""
        return any(outlet.evse.busy for outlet in self._outlets if outlet.name not in ill)

    async def _outlet(self, outlet: _Outlet) -> str:
        before, self._cycles[outlet.name] = self._cycles[outlet.name], outlet.evse.actuator.telemetry.number
        if self._cycles[outlet.name] == before:
            return "nothing new from its guard"
        answer = await self._answer(outlet)
        answered = {status.name: status.found for status in self._station.status()}.get(outlet.name, 0)
        others = answered - self._found.get(outlet.name, answered) > OTHERS
        self._found[outlet.name] = answered
        return "" if others else answer

    async def _answer(self, outlet: _Outlet) -> str:
        """What is wrong with the answer to a search; "": nothing."""
        try:
            here = link(outlet.interface)
            search = discover(here, security=self._security, port=self._station.config.sdp_port, own=True)
            told = await asyncio.wait_for(search, WITHIN)
        except TimeoutError:
            return f"no answer to a search on {outlet.interface} within {WITHIN:g} s"
        except (LocalError, PeerError, OSError) as error:
            return str(error) or type(error).__name__
        return "" if (told.address, told.port) == (here.address, outlet.port) else f"a search on {outlet.interface} leads elsewhere"
