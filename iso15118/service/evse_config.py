"""What one outlet of a charger is: its offer, its board, its limits and permissions; and the guard over its metal."""

from __future__ import annotations

from typing import Final

from iso15118.der.words import GridCode
from iso15118.energy import Budget, Mobility, Permits, Plan
from iso15118.errors import LocalError
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.making import guard_of
from iso15118.hal.protocols import AcOutlet, Outlet
from iso15118.power import Abilities, Limits
from iso15118.service.advice import Adviser
from iso15118.service.log import Log
from iso15118.service.value_added import Provider
from iso15118.session import secc
from iso15118.tariff import Rate
from iso15118.units import Second
from iso15118.value import Value, replace

FREE: Final[Second] = 0.0


class EvseConfig(Value, kw_only=True):
    """What one outlet is. `name` for people, the control API and the log; the EVSEID is in `session`."""

    name: str = "1"
    interface: str = "lo"
    session: secc.Config = secc.Config()
    board: Board = Board()
    limits: Limits | None = None
    """The operator's; None: the board's."""
    budget: Budget | None = None
    """What the site grants to begin with; None: the limits."""
    schedules: tuple[Plan, ...] = ()
    """What is offered in Scheduled mode, the best first, each from the start of the session; none: what limits and budget allow."""
    proposal: Mobility | None = None
    """Mobility needs that are proposed to the car, its departure in seconds from the start of the session."""
    rate: Rate | None = None
    """What a kWh costs, for the receipt; None: no receipts."""
    authorised_after: Second | None = FREE
    """Seconds from the start of a session until it is authorised by itself; None: somebody has to say so."""
    tokens: frozenset[str] = frozenset()
    """Those that authorise a session when they are shown to the outlet's reader, where it is not authorised by itself."""
    contracts: Adviser | None = None
    """Who judges and provides contracts, where `session` offers Plug & Charge."""
    providers: tuple[Provider, ...] = ()
    """Of value-added services, which are offered beside those of `session`."""
    grid_code: GridCode | None = None
    """Of the connection, for vehicles that are resources of the grid."""
    discharge_allowed: bool = True
    """The site's standing permission to take energy out of vehicles."""
    permits: Permits = Permits()
    """What else has to be there for energy to come back, as it is to begin with. Consent is asked for anew for each session."""
    guard_apart: bool = False
    """The guard is a process of its own, which outlives this one until metal is at rest."""
    guard_line: tuple[str, int] | None = None
    """The guard is a microcontroller at this serial device, at that rate."""

    @property
    def offered(self) -> secc.Config:
        """What a session offers: also the providers' services."""
        services = tuple(provider.service for provider in self.providers)
        return replace(self.session, value_added=(*self.session.value_added, *services)) if services else self.session

    @property
    def may_give(self) -> bool:
        """Permission of site and board to take energy out of vehicles."""
        return self.discharge_allowed and self.board.discharge_allowed

    @property
    def abilities(self) -> Abilities:
        """The board's."""
        return self.board.abilities

    @property
    def allowed(self) -> Limits:
        """For session and guard alike: the operator's within the board's, and no way back where site or board forbids it."""
        own = self.board.abilities.limits
        limits = own if self.limits is None else self.limits.lowered(own)
        return limits if self.discharge_allowed else limits.charging_only()


def guarded(config: EvseConfig, outlet: Outlet | AcOutlet, log: Log | None = None) -> Guard | AcGuard:
    """The guard of this outlet's metal, in this process. Raises LocalError as `hal.making.guard_of`."""
    voice = log or Log()

    def told(text: str) -> None:
        voice.error("driver", f"{config.name}: {text}")

    try:
        return guard_of(config.board, outlet, config.allowed, discharge_allowed=config.may_give, told=told)
    except LocalError as error:
        raise LocalError(f"{config.name}: {error}") from None
