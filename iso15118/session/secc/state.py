"""What the charger remembers of a session, and what it was configured with. Both frozen: `step` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from iso15118.energy import Need
from iso15118.exi import Message
from iso15118.messages.catalogue import COMMON
from iso15118.messages.v20.common import Header, MeterInfo, ResponseCode
from iso15118.messages.v20.schedule import ScheduleTuple
from iso15118.power import OFF, Limits, Setpoint
from iso15118.procedures.transfer import IDLE, Decision
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Due
from iso15118.sequence.table import Outcome, Transfer
from iso15118.sequence.timers import STANDARD, Times
from iso15118.session.services import ParameterSet, Service, dc_service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.steps import Steps
from iso15118.units import Watt
from iso15118.value import Value, replace

NO_SESSION = bytes(8)


class Config(Value):
    """What one outlet offers. Units: `units`."""

    evse_id: str = "DE*CLP*E1"
    services: tuple[Service, ...] = (dc_service(bidirectional=True), dc_service())
    times: Times = STANDARD
    meter_id: str = "METER1"
    service_renegotiation: bool = False
    """Services may be chosen anew behind the charge loop, without a new session."""
    always_priced: bool = False
    """Adds a one-level PriceLevelSchedule also without Pricing, for cars that reject a schedule without one."""
    meter_at_start: bool = True
    """MeterInfo in the first charge-loop response without being asked [V2G20-1833]; False for cars that cannot read it."""
    negative_discharge: bool = False
    """Discharge limits on the wire: negative as the sign rule reads strictly, or (default, as most peers) as magnitudes."""

    def service(self, wanted: int) -> Service | None:
        """The service with this ServiceID, if it is on offer."""
        return next((s for s in self.services if s.id == wanted), None)


class Ask(Value):
    """The vehicle's latest turn in the charge loop."""

    limits: Limits
    """The vehicle's."""
    present: float
    """V, its own measurement."""
    target: float | None = None
    """A, signed (Scheduled); None: the charger steers (Dynamic)."""
    ceiling: float = 0.0
    """V, its target voltage."""
    need: Need | None = None


class Chosen(Value):
    """The schedule tuple the car has chosen, read once: the loop asks it every time."""

    id: int
    charge: Steps
    discharge: Steps | None

    def power(self, clock: int) -> tuple[Watt, Watt]:
        """Charge and discharge power (W, magnitudes) allowed at this moment (us); after the schedule's end nothing."""
        return self.charge.at(clock), 0.0 if self.discharge is None else self.discharge.at(clock)


class Renewal(Value):
    """A schedule renegotiation under way."""

    due: Due
    changes: Mapping[str, Any]
    """Fields of the session, as they will be."""


class Session(Value):
    """One conversation with one car."""

    config: Config
    fresh_id: bytes
    """The SessionID to give out: 8 random octets, made by the shell [V2G20-2106]."""
    phase: Phase = Phase.APP_PROTOCOL
    id: bytes = NO_SESSION
    stamp: int = 0
    """Our last TimeStamp, us."""
    peer_stamp: float = 0.0
    """The car's last TimeStamp, s since the epoch."""
    evcc_id: str = ""
    notes: frozenset[str] = frozenset()
    """Deviations already told."""
    asked_authorisation: float | None = None
    service: Service | None = None
    parameters: ParameterSet | None = None
    announced: Limits | None = None
    """What we said in charge parameter discovery: the loop never exceeds it [V2G20-2654]."""
    vehicle: Limits | None = None
    """What the car said there."""
    departure: int | None = None
    asked_schedule: float | None = None
    tuples: tuple[ScheduleTuple, ...] = ()
    chosen: Chosen | None = None
    isolation_begun: float | None = None
    isolation_started: bool = False
    """Since then the monitor has been seen testing: its verdict is of this test."""
    setpoint: Setpoint = OFF
    ask: Ask | None = None
    decision: Decision = IDLE
    loops: int = 0
    meter_base: tuple[float, float] | None = None
    """Charged and discharged Wh at the start of this session [V2G20-902]."""
    over_since: float | None = None
    """Since when the output has been above the car's limit."""
    deferred: tuple[Message, int] | None = None
    """The request whose answer waits for metal, and its payload type."""
    sequence: float = 60.0
    """The sequence timeout that the response being written will arm."""
    closing: str = ""
    """Set when the session ends with the response being made: why, or what a person should know of it."""
    clean: bool = False
    stop: str = ""
    """Someone on our side wants the end: why."""
    stop_by: float = 0.0
    """Monotonic s at which a car that has not followed is cut off."""
    renewal: Renewal | None = None
    """The schedule renegotiation under way."""
    renewed: Mapping[str, Any] | None = None
    """Fields of the session that take effect with the next request of the charge loop."""
    reading: MeterInfo | None = None
    """What the car has last been asked to confirm."""
    renegotiate: bool = False
    """Someone on our side wants the car to choose its service anew."""
    failing: str = ""
    """Metal or the peer made going on impossible: why. The next request is refused."""

    @property
    def bidirectional(self) -> bool:
        """True while a service with discharge is selected: the interlock's first condition."""
        return self.service is not None and self.service.bidirectional

    @property
    def transfer(self) -> Transfer | None:
        """The kind of transfer selected; None before a service is."""
        return None if self.service is None else self.service.id.transfer

    @property
    def renegotiated_in(self) -> tuple[str, ...]:
        """The schema sets in which a request of a schedule renegotiation may be, the one that is due first."""
        energy = self.transfer or Transfer.DC
        begins = self.renewal is None or self.renewal.due is Due.CHARGE_PARAMETERS
        return (energy, COMMON) if begins else (COMMON, energy)

    def stamped(self, snapshot: SeccSnapshot, heard: float | None = None) -> Session:
        """The next session, whose `stamp` is the next message's: strictly increasing [V2G20-1537]. `heard`: the car's stamp, s."""
        stamp = max(self.stamp + 1, snapshot.clock)
        return replace(self, stamp=stamp) if heard is None else replace(self, stamp=stamp, peer_stamp=heard)

    @property
    def header(self) -> Header:
        """The header of the message being made."""
        return Header(session_id=self.id, time_stamp=self.stamp)


class Answer(NamedTuple):
    """What an answer function gives: the next session, the response, and how the order of messages goes on."""

    session: Session
    response: Message
    outcome: Outcome = Outcome.DONE


class Wait(NamedTuple):
    """An answer function's word that metal has to act first; the request is answered when it has, or at the deadline."""

    session: Session


OK = ResponseCode.OK
