"""What the charger remembers of a session, and what it was configured with. Both frozen: `step` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from iso15118.der.words import DsoSetpoint, GridCode
from iso15118.energy import Authorisation, Mobility, Need, Offer
from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.catalogue import COMMON
from iso15118.messages.v20.common import EVSENotification, Header, MeterInfo, Receipt, ResponseCode
from iso15118.messages.v20.delivery import ChannelSelection
from iso15118.messages.v20.parking import EVCheckInStatus, EVCheckOutStatus
from iso15118.messages.v20.schedule import ScheduleTuple
from iso15118.power import OFF, AcTarget, Limits, Setpoint
from iso15118.procedures.relay import NOTHING, PhaseLimits
from iso15118.procedures.transfer import IDLE, Decision
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Due
from iso15118.sequence.table import Outcome, Transfer
from iso15118.sequence.timers import STANDARD, Times
from iso15118.session.consult import Advice, Question
from iso15118.session.lenience import USUAL, Deviation, Lenience
from iso15118.session.services import ControlMode, ParameterSet, Service, dc_service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.steps import Steps
from iso15118.session.value_added import ParkingSpace, Selected, ValueAddedService
from iso15118.units import PerPhase, Second, Watt, WattHour
from iso15118.value import Value, replace

NO_SESSION = bytes(8)
A_DAY: Final[Second] = 86_400.0


class Watch(Value):
    """How a car that has confirmed a power tolerance is held to its profile, and what happens to one that declines."""

    settle: Second = 10.0
    """After a step of the profile both powers are right for so long."""
    correction: Second = 30.0
    """From the first warning until the session ends [V2G20-1865]."""
    renegotiates: bool = True
    """A car that declines is asked for another schedule [V2G20-1946]; False: its session ends [V2G20-1945]."""


class PlugAndCharge(Value):
    """Authorisation by a contract in the car, as one outlet offers it. Whom it trusts is known to those it asks (`consult`)."""

    eim: bool = True
    """Other means are offered beside it."""
    providers: tuple[str, ...] = ()
    """Whose contracts are taken, told to the car; none: nothing is told."""
    installation: bool = False
    """Contracts can be installed."""
    insecure: bool = False
    """Also on plain TCP: for test benches."""
    attempts: int = 8
    """So many contracts may be shown in one session."""
    policy: str = "iso15118-20"
    """Which signatures are believed (`pki.signature.POLICIES`)."""


class Config(Value):
    """What one outlet offers. Units: `units`. Raises LocalError on what cannot be said."""

    evse_id: str = "DE*CLP*E1"
    services: tuple[Service, ...] = (dc_service(bidirectional=True), dc_service())
    parking: ParkingSpace = ParkingSpace()
    value_added: tuple[ValueAddedService, ...] = ()
    """On offer beside energy; 8 at most."""
    plain_tcp: bool = True
    """ISO 15118-20 also without TLS 1.3, which the standard forbids [V2G20-2356]: for test benches."""
    plug_and_charge: PlugAndCharge | None = None
    """None: only other means."""
    times: Times = STANDARD
    meter_id: str = "METER1"
    service_renegotiation: bool = False
    """Services may be chosen anew behind the charge loop, without a new session."""
    pause_seconds: Second = A_DAY
    """How long a session may pause and be joined again."""
    pause_locked: bool = True
    """The connector stays locked while a session pauses."""
    standby: bool = False
    """A car may stand by: stay in the loop at zero power."""
    always_priced: bool = False
    """Adds a one-level PriceLevelSchedule also without Pricing, for cars that reject a schedule without one."""
    signs_prices: bool = False
    """Price schedules in a currency are signed by whoever issues contracts; without an answer in time they are sent unsigned."""
    watch: Watch = Watch()
    meter_at_start: bool = True
    """MeterInfo in the first charge-loop response without being asked [V2G20-1833]; False for cars that cannot read it."""
    lenience: Lenience = USUAL
    """Which deviations of cars are accepted."""
    negative_discharge: bool = False
    """Discharge limits on the wire: negative as the sign rule reads strictly, or (default, as most peers) as magnitudes."""

    def __post_init__(self) -> None:
        ids = {service.id for service in self.value_added}
        if len(self.value_added) > 8 or len(ids) != len(self.value_added):
            raise LocalError(f"{len(self.value_added)} value-added services; allowed: at most 8, each with its own id")

    def service(self, wanted: int) -> Service | None:
        """The service with this ServiceID, if it is configured."""
        return next((s for s in self.services if s.id == wanted), None)

    def vas(self, wanted: int) -> ValueAddedService | None:
        """The value-added service with this ServiceID, if it is on offer."""
        return next((s for s in self.value_added if s.id == wanted), None)


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


UNRELAYED: Final = Relayed(AcTarget(), NOTHING)


class Chosen(Value):
    """The schedule tuple the car has chosen, read once: the loop asks it every time."""

    id: int
    charge: Steps
    discharge: Steps | None
    tolerance: Watt | None = None
    """How far the car may stray from its profile, where it has confirmed that; None: only the schedule binds."""
    since: Second = 0.0
    """Monotonic s at which it began."""

    def power(self, clock: int) -> tuple[Watt, Watt]:
        """Charge and discharge power (W, magnitudes) allowed at this moment (us); after the schedule's end nothing."""
        return self.charge.at(clock), 0.0 if self.discharge is None else self.discharge.at(clock)


class Renewal(Value):
    """A schedule renegotiation under way."""

    due: Due
    changes: Mapping[str, Any]
    """Fields of the session, as they will be."""
    asked: bool = False
    """It was our wish."""


class Proposed(Value):
    """Mobility needs that were proposed to the car, and when (monotonic s); `settled`: acknowledged, or not in time."""

    mobility: Mobility
    since: Second
    settled: bool = False


class Wished(Value):
    """What the car has said of its needs outside of its turns in Dynamic mode, when, and what had flowed in by then."""

    need: Need
    at: Second
    """Monotonic s."""
    energy: WattHour
    """By the meter, discharged off."""


class Paused(Value):
    """What is kept of a session while it pauses, for the next one at the same outlet to be joined with."""

    session_id: bytes
    binding: bytes
    """Proves that the same car comes back (`pause.binding`)."""
    service: Service
    parameters: ParameterSet
    value_added: tuple[Selected, ...]
    tuples: tuple[ScheduleTuple, ...]
    """What was offered last."""
    selected: int | None
    """The id of the tuple that the car had chosen."""
    meter_base: tuple[float, float] | None
    since: Second
    """Monotonic s."""
    contract: bytes = b""
    """Whose holder pays: its leaf, DER; empty: no contract."""
    emaid: str = ""


class Shown(Value):
    """What others have been asked about, and what they say of it; None: nothing yet."""

    question: Question
    since: Second
    """Monotonic s."""
    advice: Advice | None = None


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
    paused: Paused | None = None
    """A pause that this session may be joined to or, at its end, has gone into."""
    joined: bool = False
    """It goes on where a pause began, with the authorisation given then."""
    vehicle_certificate: bytes = b""
    """Digest of the certificate the car has proven to hold; empty: the connection has none."""
    secure: bool = False
    """Over TLS 1.3."""
    plugged: bool = False
    """A car has been seen at the cable since the connection stands; once it is gone, so is the session."""
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
    fresh_challenge: bytes = b""
    """16 random octets, made by the shell [V2G20-697] [V2G20-698]; empty: there is no Plug & Charge."""
    challenge: bytes = b""
    """As it was told to the car; empty: Plug & Charge is not on offer."""
    installable: bool = False
    """That contracts can be installed has been announced."""
    consulted: int = 0
    """Questions asked so far."""
    question: Question | None = None
    """Asked with the response being made."""
    shown: Shown | None = None
    """The contract that is being judged, or was last."""
    attempts: int = 0
    installing: Shown | None = None
    """The request for a contract that is being fulfilled, or was last."""
    pricing: Shown | None = None
    """The offer whose prices are being signed."""
    emaid: str = ""
    """The contract that pays; empty: none does."""
    contract: bytes = b""
    """Its leaf, DER."""
    service: Service | None = None
    parameters: ParameterSet | None = None
    check_in: EVCheckInStatus | None = None
    """How far the car says it is with coming in to the parking space, and with leaving it."""
    check_out: EVCheckOutStatus | None = None
    value_added: tuple[Selected, ...] = ()
    """The value-added services taken."""
    announced: Limits | None = None
    """What we said in charge parameter discovery: the loop never exceeds it [V2G20-2654]."""
    vehicle: Limits | None = None
    """What the car said there."""
    departure: int | None = None
    wished: Wished | None = None
    """Needs as they were told last with a schedule exchange, or under a schedule; None: they were not."""
    computing: tuple[Phase, float] | None = None
    """In which phase, and since when, the car says that it is still computing."""
    asked_schedule: float | None = None
    offer: Offer | None = None
    """What the car would take and give, if it has said so."""
    tuples: tuple[ScheduleTuple, ...] = ()
    chosen: Chosen | None = None
    astray: Second | None = None
    """Monotonic s since which the car has been warned that it does not keep its profile."""
    proposed: Proposed | None = None
    isolation_begun: float | None = None
    isolation_started: bool = False
    """Since then the monitor has been seen testing: its verdict is of this test."""
    precharged: bool = False
    """Cable check and pre-charge have been finished since the session began: power may be switched on."""
    precharge_since: float | None = None
    """Monotonic s at which the pre-charge was first asked for."""
    setpoint: Setpoint = OFF
    ask: Ask | AcAsk | None = None
    decision: Decision = IDLE
    vehicle_phases: PhaseLimits | None = None
    """What the car said there of alternating current."""
    relayed: Relayed = UNRELAYED
    loops: int = 0
    meter_base: tuple[float, float] | None = None
    """Charged and discharged Wh at the start of this session [V2G20-902]."""
    over_for: float = 0.0
    """Alternating current: s it has been above its limits, less those within them since; as of `over_since`."""
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
    renewal: Renewal | None = None
    """The schedule renegotiation under way."""
    renewed: Mapping[str, Any] | None = None
    """Fields of the session that take effect with the next request of the charge loop."""
    failed_renewals: int = 0
    """Renegotiations that we wanted and that came to nothing, one after the other."""
    warn: bool = False
    """The car is still to hear of the last one."""
    reading: MeterInfo | None = None
    """What the car has last been asked to confirm."""
    receipt: Receipt | None = None
    """That came with it."""
    wishes: tuple[Wish, ...] = ()
    """What our side wants of the car beside an end, the most urgent first."""
    pause_asked: bool = False
    """The car has been asked to pause, and may [V2G20-1842]."""
    channel: ChannelSelection | None = None
    """The way the car has selected where each has a channel of its own; None: one channel serves both."""
    profile: Steps | None = None
    """The power the car means to take in Scheduled mode, W signed; None: it has named none."""
    grid_event: int = 0
    """The grid event condition that the car has reported last; 0: none."""
    code_told: tuple[GridCode, DsoSetpoint] | None = None
    """The grid code and the operator's demands as the car has been told them (AC_DER_SAE)."""
    failing: str = ""
    """Metal or the peer made going on impossible: why. The next request is refused."""

    @property
    def bidirectional(self) -> bool:
        """True while a service with discharge is selected: the interlock's first condition."""
        return self.service is not None and self.service.bidirectional

    def authorised(self, snapshot: SeccSnapshot) -> Authorisation:
        """The verdict in force: that of now or, until there is one, what a contract or the time before a pause gave it [V2G20-1844]."""
        if (self.joined or self.emaid) and snapshot.authorisation is Authorisation.PENDING:
            return Authorisation.ACCEPTED
        return snapshot.authorisation

    @property
    def dynamic(self) -> bool:
        """True while the charger steers."""
        return self.parameters is not None and self.parameters.control_mode is ControlMode.DYNAMIC

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

    def deviates(self, deviation: Deviation, detail: str = "") -> Session:
        """The session that tells of a deviation of the car, once. Raises PeerError where the configuration refuses it."""
        told = self.config.lenience.judged(deviation, detail)
        if deviation in self.notes:
            return self
        return replace(self, notes=self.notes | {deviation}, untold=(*self.untold, told))

    def noted(self, text: str) -> Session:
        """The session that tells a person of this with its next response."""
        return replace(self, untold=(*self.untold, text))

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
    within: Second | None = None
    """Until the deadline, s; None: the usual time."""


OK = ResponseCode.OK
