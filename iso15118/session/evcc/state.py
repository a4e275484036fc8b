"""What the car remembers of a session, and what it was configured with. Both frozen: `step` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from iso15118.der.words import EVERY_FUNCTION, DerOrder, Inverter
from iso15118.energy import Offer
from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.catalogue import COMMON
from iso15118.messages.v20.certificate import CertificateInstallationRes
from iso15118.messages.v20.common import ChargeLoopRes, MeterInfo, Receipt
from iso15118.messages.v20.metering import SignedMeteringData
from iso15118.messages.v20.parking import EVCheckInStatus, EVCheckOutStatus, ParkingMethod
from iso15118.messages.xmldsig import Signature
from iso15118.power import Limits, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Due, Stream
from iso15118.sequence.table import ALTERNATING, Outcome, Transfer
from iso15118.sequence.timers import STANDARD, Times
from iso15118.session.consult import Question
from iso15118.session.evcc.mains import Mains
from iso15118.session.evcc.plan import Chosen
from iso15118.session.evcc.prices import Prices
from iso15118.session.lenience import USUAL, Lenience
from iso15118.session.services import ControlMode, ParameterSet, Pricing, Service, ServiceID
from iso15118.session.steps import Steps
from iso15118.session.value_added import Intended, Selected, Variant, WantedVas
from iso15118.units import Second, Volt
from iso15118.value import Value

NO_SESSION: Final = bytes(8)
STILL: Final = VehicleSetpoint()
"""Contactor open, pilot B, connector free."""


class ScheduleChoice(StrEnum):
    """Which of the offered schedules the car takes."""

    FIRST = "first"
    MOST_ENERGY = "most energy"
    CHEAPEST = "cheapest"
    """And a power profile by price within it."""


class Renegotiation(Value):
    """A change of mind: after so many exchanges of the charge loop these services are wanted, the best first."""

    after: int
    services: tuple[ServiceID, ...]


class Rest(StrEnum):
    """How a car rests."""

    PAUSE = "pause"
    STANDBY = "standby"


class Break(Value):
    """A rest by the car's own plan: after so many exchanges of the charge loop, for so many seconds."""

    after_loops: int
    seconds: Second


class Contract(Value):
    """A contract whose key the car holds."""

    emaid: str
    chain: tuple[bytes, ...]
    """Leaf first, without the root, DER."""
    ends: int = 0
    """us since the epoch at which it expires; 0: not known."""


class Paused(Value):
    """What the car keeps of a session while it pauses, to join it again."""

    session_id: bytes
    evse_id: str
    """The charger that has to answer [V2G20-2539]."""
    service: Service
    parameters: ParameterSet
    value_added: tuple[Selected, ...]
    parking_for: tuple[Intended, ...]
    check_in: EVCheckInStatus | None
    renegotiable: bool
    covered: int | None
    """The end of the schedule that was followed, us on the charger's clock."""
    wake: Second | None
    """Monotonic s at which the car wants to go on; None: whenever somebody lets it."""
    contract: Contract | None = None
    """That pays."""


class Parking(Value):
    """How the car gets to its parking space, and its measures, as far as they are told: whole numbers, whose meaning is the car park's."""

    method: ParkingMethod = ParkingMethod.Manual
    vehicle_frame: int | None = None
    device_offset: int | None = None
    vehicle_travel: int | None = None


class RootId(NamedTuple):
    """A root certificate that the car knows."""

    issuer: str
    serial: int


class PlugAndCharge(Value):
    """Authorisation by contract, as the car wants it. Keys are with whoever is asked to sign (`consult`)."""

    contracts: tuple[Contract, ...] = ()
    """The preferred one first."""
    provisioning: tuple[bytes, ...] = ()
    """The chain by which the car can be given contracts, leaf first; none: it cannot."""
    roots: tuple[RootId, ...] = ()
    """What it tells of the roots it knows when it asks for contracts; at least one is needed for that."""
    maximum: int = 4
    """So many contracts are taken at once."""
    insecure: bool = False
    """Also on plain TCP: for test benches."""


class Way(StrEnum):
    """How the car means to be authorised."""

    EIM = "other means"
    CONTRACT = "contract"
    INSTALL = "a contract is to be installed first"


class Config(Value):
    """What one car wants. Units: `units`. Raises LocalError on wishes that cannot be said."""

    evcc_id: str = "WMIV1234567890ABCDEX"
    services: tuple[ServiceID, ...] = (ServiceID.DC_BPT, ServiceID.DC)
    """Wanted, the best first."""
    control_modes: tuple[ControlMode, ...] = (ControlMode.SCHEDULED, ControlMode.DYNAMIC)
    """Wanted, the best first; the service decides before the mode."""
    mobility_needs: tuple[int, ...] = (1, 2)
    """In Dynamic mode: 1 we give them, 2 the charger may supply them. Wanted, the best first."""
    pricing: tuple[Pricing, ...] = tuple(Pricing)
    """Wanted, the best first."""
    value_added: tuple[WantedVas, ...] = ()
    """Wanted beside energy, where they are offered."""
    parking: Parking = Parking()
    plug_and_charge: PlugAndCharge | None = None
    """None: only other means."""
    plain_tcp: bool = True
    """ISO 15118-20 also without TLS 1.3, which the standard forbids [V2G20-2356]: for test benches."""
    times: Times = STANDARD
    voltage_tolerance: Volt = 20.0
    """The contactor closes when inlet and battery differ by no more."""
    loops: int | None = None
    """Stop after so many exchanges of the charge loop; None: when the snapshot says that the wish is fulfilled."""
    schedule_choice: ScheduleChoice = ScheduleChoice.FIRST
    give_back: bool = False
    """With CHEAPEST: energy is given in the dearest slots where charging it anew costs less."""
    energy_offer: Offer | None = None
    """What we would take and give, told under a schedule where discharge is possible; it begins with the request, whatever its start."""
    maximum_supporting_points: int = 1024
    renew_schedule_after: int | None = None
    """Negotiate the schedule anew after so many exchanges of the charge loop, once; None: only when the charger or the driver asks."""
    renegotiation: Renegotiation | None = None
    """Once in a session, where the charger offers it; None: only when the charger asks."""
    pause: Break | None = None
    """Once in a session, in Scheduled mode; None: only when the charger asks."""
    standby: Break | None = None
    """Once in a session; None: only when the charger asks."""
    on_pause: Rest = Rest.PAUSE
    """How the charger's wish for a pause is followed."""
    lenience: Lenience = USUAL
    """Which deviations of chargers are accepted."""
    der_functions: int = int(EVERY_FUNCTION)
    """What our inverter can do of a grid code, bits of `DerFunctions`; one that asks for more is declined."""
    inverter: Inverter = Inverter()
    """Who our inverter is (AC_DER_SAE)."""
    meter_every: int = 20
    """The meter is asked for in the first exchange and every so many after it; 0: never."""

    def __post_init__(self) -> None:
        if not self.services or not self.control_modes:
            raise LocalError("a car wants at least one service and one control mode")
        if not self.pricing or not self.mobility_needs or not set(self.mobility_needs) <= {1, 2}:
            raise LocalError("a car wants at least one kind of pricing, and mobility needs 1, 2 or both")
        if len(self.value_added) > 16:
            raise LocalError(f"{len(self.value_added)} value-added services: at most 16 can be selected")
        if self.renew_schedule_after is not None and self.renew_schedule_after < 1:
            raise LocalError("a schedule can be negotiated anew after 1 exchange of the charge loop at the earliest")
        if not 12 <= self.maximum_supporting_points <= 1024:
            raise LocalError(f"{self.maximum_supporting_points} supporting points: 12 to 1024 can be said")
        if not 0 < len(self.evcc_id) <= 255:
            raise LocalError(f"an EVCCID has 1 to 255 characters, not {len(self.evcc_id)}")


class Told(NamedTuple):
    """Mobility needs the charger has supplied (MobilityNeedsMode 2); None: not told. The car reflects them in its requests."""

    departure: Second | None = None
    """Monotonic seconds."""
    minimum_soc: int | None = None
    target_soc: int | None = None


NOTHING_TOLD: Final = Told()


class Aside(Value):
    """Something under way on a side stream."""

    due: Due
    request: Message | None = None
    """Our last request on it."""
    waiting: bool = False
    """The response to it is still to come."""
    writing: int = 0
    """Requests handed over for writing and not yet reported as sent."""
    ongoing: bool = False
    """The charger is still busy with it."""
    changes: Mapping[str, Any] = {}
    """Fields of the session, as they will be once the charger has agreed."""


class Session(Value):
    """One conversation with one charger."""

    config: Config
    secure: bool = False
    """Over TLS 1.3."""
    namespace: str = ""
    """The ProtocolNamespace agreed on."""
    phase: Phase = Phase.APP_PROTOCOL
    """The request that is due next, or whose response is awaited."""
    request: Message | None = None
    """Our last request."""
    waiting: bool = False
    """The response to it is still to come."""
    writing: int = 0
    """Requests handed over for writing and not yet reported as sent."""
    id: bytes = NO_SESSION
    evse_id: str = ""
    stamp: int = 0
    """Our last TimeStamp, us."""
    reference: int | None = None
    """us from our monotonic clock to the charger's, once it has told its time [V2G20-1536]."""
    peer_stamp: int = 0
    """The charger's last TimeStamp, us."""
    notes: frozenset[str] = frozenset()
    """Deviations already told."""
    way: Way = Way.EIM
    eim_offered: bool = False
    installable: bool = False
    """The charger has announced that contracts can be installed, and the car has not asked yet for all it may."""
    challenge: bytes = b""
    """To be signed; empty: the charger takes no contracts."""
    untried: tuple[Contract, ...] = ()
    contract: Contract | None = None
    """That is shown, or was taken."""
    signature: Signature | None = None
    """For the next request."""
    opening: CertificateInstallationRes | None = None
    """A contract that has come and is being looked at."""
    installed: tuple[Contract, ...] = ()
    """In this session."""
    consulted: int = 0
    """Questions asked so far."""
    question: Question | None = None
    """The one that is open."""
    question_at: Second = 0.0
    candidates: tuple[ServiceID, ...] = ()
    """Services both sides know, in our order."""
    offers: tuple[Service, ...] = ()
    """Their variants, as far as they have been asked for."""
    service: Service | None = None
    parameters: ParameterSet | None = None
    vas_candidates: tuple[int, ...] = ()
    """Value-added services that we want and the charger offers."""
    vas_offers: tuple[tuple[Variant, ...], ...] = ()
    """Their variants, as far as they have been asked for."""
    value_added: tuple[Selected, ...] = ()
    """The value-added services taken."""
    parking_for: tuple[Intended, ...] = ()
    """What ParkingStatus was taken for."""
    check_in: EVCheckInStatus | None = None
    """The last status that was answered, of coming in to the parking space and of leaving it."""
    check_out: EVCheckOutStatus | None = None
    announced: Limits | None = None
    """What we said in charge parameter discovery."""
    evse_announced: Limits | None = None
    """What the charger said there: the loop never exceeds it [V2G20-2654]."""
    evse_limits: Limits | None = None
    """The charger's limits as of its last response."""
    mains: Mains | None = None
    """What it has told of its alternating current."""
    order: DerOrder | None = None
    """The grid code the charger has told, and what it demands."""
    declined: frozenset[ServiceID] = frozenset()
    """Services whose grid code does not suit us."""
    ongoing_since: Second | None = None
    """When the charger first said that it is still busy with the request in force."""
    ongoing_for: Second = 0.0
    """How long it may be."""
    chosen: Chosen | None = None
    prices: Prices | None = None
    """What energy costs where the charger steers, if it has told."""
    profile: Steps | None = None
    """The power we have said that we take, W signed; None: not begun, or the charger steers."""
    told: Told = NOTHING_TOLD
    precharged: Volt | None = None
    """Inlet voltage at the moment the contactor was told to close."""
    delivering: bool = False
    """From the request for power until the charger has confirmed the stop."""
    stopping_at: Second | None = None
    """When the request to stop was sent."""
    stopped_at: Second | None = None
    """When it has."""
    welding_over: bool = False
    """Welding detection took too long: the session goes on to its stop."""
    renegotiable: bool = False
    """The charger has announced, in the first ServiceDiscoveryRes, that services can be chosen anew."""
    renegotiating: bool = False
    """The loop is left to do so."""
    renegotiations: int = 0
    paused: Paused | None = None
    """A pause that this session may be joined to or, at its end, has gone into."""
    joined: bool = False
    """It goes on where a pause began."""
    rest: Rest | None = None
    """The loop is left, or stood by in, for this."""
    rest_from: Second | None = None
    """Monotonic s since which it is wanted."""
    rest_until: Second | None = None
    """Monotonic s at which a standby by plan ends."""
    has_paused: bool = False
    stood_by: bool = False
    """The plan's pause and standby have been."""
    standby_refused: bool = False
    loops: int = 0
    """Exchanges of the charge loop."""
    report: ChargeLoopRes | None = None
    """The charger's last turn in it."""
    meter: MeterInfo | None = None
    """The last reading of the charger's meter."""
    receipt: Receipt | None = None
    """The last one."""
    asides: Mapping[Stream, Aside] = {}
    """What is under way on side streams."""
    renewing: bool = False
    """A new schedule is wanted: by the charger, or on our side."""
    renewals: int = 0
    """Schedules negotiated anew."""
    signed: tuple[SignedMeteringData, Signature] | None = None
    """A reading with the contract's signature, to be sent."""
    unconfirmed: MeterInfo | None = None
    """The reading that the charger wants to have confirmed."""
    confirmed: MeterInfo | None = None
    """The last one that was."""
    setpoint: VehicleSetpoint = STILL
    set_at: Second | None = None
    """When it last changed."""
    stop: str = ""
    """The session is to end in order: why."""
    stop_code: str = ""
    """What the charger is told of it (EVTerminationCode); empty where nothing went wrong."""
    closing: str = ""
    """The session has ended: why."""
    clean: bool = False
    """It ended in order."""

    @property
    def outstanding(self) -> Message | None:
        """The request whose response is awaited."""
        return self.request if self.waiting else None

    @property
    def bidirectional(self) -> bool:
        """True while a service with discharge is selected."""
        return self.service is not None and self.service.bidirectional

    @property
    def transfer(self) -> Transfer | None:
        """The kind of transfer chosen; None before a service is."""
        return None if self.service is None else self.service.id.transfer

    @property
    def alternating(self) -> bool:
        """True once a service of alternating current is selected."""
        return self.transfer in ALTERNATING

    @property
    def renegotiated_in(self) -> tuple[str, ...]:
        """The schema sets in which a response of a schedule renegotiation may be, the one that is due first."""
        energy, aside = self.transfer or Transfer.DC, self.asides.get(Stream.SCHEDULE)
        return (energy, COMMON) if aside is None or aside.due is Due.CHARGE_PARAMETERS else (COMMON, energy)

    @property
    def wanted(self) -> tuple[ServiceID, ...]:
        """The services wanted now."""
        change = self.config.renegotiation
        return self.config.services if change is None or not self.renegotiations else change.services

    @property
    def dynamic(self) -> bool:
        """True while the charger steers."""
        return self.parameters is not None and self.parameters.control_mode is ControlMode.DYNAMIC


class Read(NamedTuple):
    """What reading a response gives: the next session, how the order of messages goes on, and when the next request is due."""

    session: Session
    outcome: Outcome = Outcome.DONE
    pause: Second = 0.0
    """Until the next request; 0: at once."""
    busy: Second = 0.0
    """Above 0: the charger is still processing, the same request is repeated, for so long at most from the first such answer."""
    notes: tuple[str, ...] = ()
