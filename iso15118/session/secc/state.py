"""What the charger remembers of a session, and what it was configured with. Both frozen: `step` makes the next one."""

from __future__ import annotations

from typing import NamedTuple

from iso15118.energy import Need
from iso15118.exi import Message
from iso15118.messages.v20.common import EVSENotification, Header, ResponseCode
from iso15118.messages.v20.schedule import ScheduleTuple
from iso15118.power import OFF, AcTarget, Limits, Setpoint
from iso15118.procedures.relay import NOTHING, PhaseLimits
from iso15118.procedures.transfer import IDLE, Decision
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Outcome, Transfer
from iso15118.sequence.timers import STANDARD, Times
from iso15118.session.lenience import USUAL, Deviation, Lenience
from iso15118.session.services import ControlMode, ParameterSet, Service, dc_service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.steps import Steps
from iso15118.units import PerPhase, Watt
from iso15118.value import Value, replace

NO_SESSION = bytes(8)


class Config(Value):
    """What one outlet offers. Units: `units`."""

    evse_id: str = "DE*CLP*E1"
    services: tuple[Service, ...] = (dc_service(bidirectional=True), dc_service())
    plain_tcp: bool = True
    """ISO 15118-20 also without TLS 1.3, which the standard forbids [V2G20-2356]: for test benches."""
    times: Times = STANDARD
    meter_id: str = "METER1"
    service_renegotiation: bool = False
    """Services may be chosen anew behind the charge loop, without a new session."""
    always_priced: bool = False
    """Adds a one-level PriceLevelSchedule also without Pricing, for cars that reject a schedule without one."""
    meter_at_start: bool = True
    """MeterInfo in the first charge-loop response without being asked [V2G20-1833]; False for cars that cannot read it."""
    lenience: Lenience = USUAL
    """Which deviations of cars are accepted."""
    negative_discharge: bool = False
    """Discharge limits on the wire: negative as the sign rule reads strictly, or (default, as most peers) as magnitudes."""

    def service(self, wanted: int) -> Service | None:
        """The service with this ServiceID, if it is configured."""
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


class AcAsk(Value):
    """The vehicle's latest turn in the charge loop of alternating current."""

    limits: PhaseLimits
    """The vehicle's."""
    present: PerPhase
    """W, its own measurement."""
    need: Need | None = None


class Relayed(Value):
    """What was decided last for alternating current: the power, what may flow, whether the car is told, and when (monotonic s)."""

    target: AcTarget
    allowed: PhaseLimits
    told: bool = False
    at: float | None = None


class Chosen(Value):
    """The schedule tuple the car has chosen, read once: the loop asks it every time."""

    id: int
    charge: Steps
    discharge: Steps | None

    def power(self, clock: int) -> tuple[Watt, Watt]:
        """Charge and discharge power (W, magnitudes) allowed at this moment (us); after the schedule's end nothing."""
        return self.charge.at(clock), 0.0 if self.discharge is None else self.discharge.at(clock)


class Wish(Value):
    """Something our side wants of the car, until it has followed."""

    notification: EVSENotification
    why: str
    since: float | None = None
    """Monotonic s at which it could first be said."""
    told: bool = False
    """That the car has not followed in time."""


class Session(Value):
    """One conversation with one car."""

    config: Config
    fresh_id: bytes
    """The SessionID to give out: 8 random octets, made by the shell [V2G20-2106]."""
    phase: Phase = Phase.APP_PROTOCOL
    secure: bool = False
    """Over TLS 1.3."""
    namespace: str = ""
    """The ProtocolNamespace agreed on."""
    listed: frozenset[str] = frozenset()
    """Those the car has listed and we serve: nothing else is offered to it."""
    id: bytes = NO_SESSION
    stamp: int = 0
    """Our last TimeStamp, us."""
    peer_stamp: float = 0.0
    """The car's last TimeStamp, s since the epoch."""
    evcc_id: str = ""
    notes: frozenset[str] = frozenset()
    """Deviations already told."""
    untold: tuple[str, ...] = ()
    """Those that the next response is told with."""
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
    ask: Ask | AcAsk | None = None
    decision: Decision = IDLE
    vehicle_phases: PhaseLimits | None = None
    """What the car said there of alternating current."""
    relayed: Relayed = Relayed(AcTarget(), NOTHING)
    loops: int = 0
    meter_base: tuple[float, float] | None = None
    """Charged and discharged Wh at the start of this session [V2G20-902]."""
    over_since: float | None = None
    """Since when the output has been above the car's limit."""
    unready_since: float | None = None
    """Since when the pilot has been out of C and D in the loop of alternating current."""
    deferred: tuple[Message, int] | None = None
    """The request whose answer waits for metal, and its payload type."""
    deferred_at: float = 0.0
    """Monotonic s at which it came."""
    sequence: float = 60.0
    """The sequence timeout that the response being written will arm."""
    closing: str = ""
    """Set when the session ends with the response being made: why, or what a person should know of it."""
    clean: bool = False
    stop: str = ""
    """Someone on our side wants the end: why."""
    stop_by: float = 0.0
    """Monotonic s at which a car that has not followed is cut off."""
    wishes: tuple[Wish, ...] = ()
    """What our side wants of the car beside an end, the most urgent first."""
    pause_asked: bool = False
    """The car has been asked to pause, and may [V2G20-1842]."""
    profile: Steps | None = None
    """The power the car means to take in Scheduled mode, W signed; None: it has named none."""
    failing: str = ""
    """Metal or the peer made going on impossible: why. The next request is refused."""

    @property
    def bidirectional(self) -> bool:
        """True while a service with discharge is selected: the interlock's first condition."""
        return self.service is not None and self.service.bidirectional

    @property
    def dynamic(self) -> bool:
        """True while the charger steers."""
        return self.parameters is not None and self.parameters.control_mode is ControlMode.DYNAMIC

    @property
    def transfer(self) -> Transfer | None:
        """The kind of transfer selected; None before a service is."""
        return None if self.service is None else self.service.id.transfer

    def deviates(self, deviation: Deviation, detail: str = "") -> Session:
        """The session that tells of a deviation of the car, once. Raises PeerError where the configuration refuses it."""
        told = self.config.lenience.judged(deviation, detail)
        if deviation in self.notes:
            return self
        return replace(self, notes=self.notes | {deviation}, untold=(*self.untold, told))

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
    """An answer function's word that metal has to act first; the request is answered when it has, or refused so at the deadline."""

    session: Session
    why: str
    code: str = "FAILED_PowerDeliveryNotApplied"


OK = ResponseCode.OK
