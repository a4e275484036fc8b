"""A model of misbehaving cars: on the way of an honest one they do, now and then, anything that a car can do."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from random import Random
from typing import Any, Final, NamedTuple

from iso15118.energy import Authorisation, Budget
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import payload_type_of
from iso15118.messages.v20 import authorization, dc, delivery, schedule, service, session
from iso15118.messages.v20.common import Header, Processing, RationalNumber, Request
from iso15118.messages.v20.rational import number
from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from tests.session.asked import REQUESTS, UNSERVED, limits, request, turn
from tools.walks.bench import Bench, Told, World
from tools.walks.checker import Violation

AWAITED: Final[dict[Phase, type[Message]]] = {
    Phase.APP_PROTOCOL: supportedAppProtocolReq,
    Phase.SESSION_SETUP: session.SessionSetupReq,
    Phase.AUTHORIZATION_SETUP: authorization.AuthorizationSetupReq,
    Phase.AUTHORIZATION: authorization.AuthorizationReq,
    Phase.SERVICE_DISCOVERY: service.ServiceDiscoveryReq,
    Phase.SERVICE_DETAIL: service.ServiceDetailReq,
    Phase.SERVICE_SELECTION: service.ServiceSelectionReq,
    Phase.CHARGE_PARAMETERS: dc.DC_ChargeParameterDiscoveryReq,
    Phase.SCHEDULE_EXCHANGE: schedule.ScheduleExchangeReq,
    Phase.CABLE_CHECK: dc.DC_CableCheckReq,
    Phase.PRE_CHARGE: dc.DC_PreChargeReq,
    Phase.POWER_DELIVERY: delivery.PowerDeliveryReq,
    Phase.CHARGE_LOOP: dc.DC_ChargeLoopReq,
    Phase.STANDBY: dc.DC_ChargeLoopReq,
    Phase.WELDING_DETECTION: dc.DC_WeldingDetectionReq,
    Phase.SESSION_STOP: session.SessionStopReq,
}
MATCH: Final = 10.0
"""V between outlet and battery at which an honest car closes its contactor."""


class Result(NamedTuple):
    """What came of a walk: the rules broken, the phases seen, and the greatest currents either way (A)."""

    violations: list[Violation]
    phases: frozenset[Phase]
    most: float
    least: float


class Car:
    """One car in one walk. `say` is a step of an honest session; the other words are what cars should not do."""

    def __init__(self, bench: Bench, chance: Random, kind: ServiceID, mode: ControlMode) -> None:
        self.bench, self.chance, self.kind, self.mode = bench, chance, kind, mode
        self.last: Message | None = None
        self.target = 20.0
        self.said = bench.told
        """The limits of the charge parameters."""

    def _set(self, *, pilot: Pilot, contactor: bool) -> None:
        self.bench.vehicle.apply(VehicleSetpoint(pilot=pilot, contactor=contactor))

    def _request(self, cls: type[Message], **fields: Any) -> Any:
        return request(cls, service=self.kind, mode=self.mode, **fields)

    def _tell(self, message: Message) -> None:
        """Say it; remember what it says of our limits where it is accepted: the loop may narrow what charge parameters say."""
        self.last = message
        answer: Any = self.bench.say(message, payload_type_of(message))
        if answer is None or not str(getattr(answer, "response_code", "")).startswith("OK"):
            return
        said: Any = getattr(message, "energy_transfer_mode", None)
        if said is not None:
            back = 0.0 if self.kind not in BIDIRECTIONAL else inf
            self.said = self.bench.told = _limits(said, Told(inf, inf, back))
        elif isinstance(message, dc.DC_ChargeLoopReq) and self.bench.session.phase is Phase.CHARGE_LOOP:
            self.bench.told = _limits(message.control_mode, self.said)

    # The honest way.

    def honest(self) -> None:
        """What the phase asks for; metal first where it has to move."""
        phase = self.bench.session.phase
        cls = AWAITED.get(phase)
        if cls is None:
            return
        if phase.loop and self.chance.random() < 0.05:
            self.change()
            return
        fields: dict[str, Any] = {}
        if phase is Phase.CABLE_CHECK:
            self._set(pilot=Pilot.C, contactor=False)
        elif phase is Phase.PRE_CHARGE:
            fields = self._pre_charge()
        elif phase.loop:
            fields = {"control_mode": self._turn()}
        elif phase is Phase.WELDING_DETECTION:
            self._set(pilot=Pilot.B, contactor=False)
            fields = {"ev_processing": Processing.Finished}
        self._tell(self._request(cls, **fields))

    def change(self) -> None:
        """Out of the loop, into standby or back."""
        kinds = delivery.ChargeProgress
        progress = self.chance.choice((kinds.Stop, kinds.Standby, kinds.Start))
        profile = None if progress is delivery.ChargeProgress.Stop else self._request(delivery.PowerDeliveryReq).ev_power_profile
        self._tell(self._request(delivery.PowerDeliveryReq, charge_progress=progress, ev_power_profile=profile))

    def _pre_charge(self) -> dict[str, Any]:
        battery = self.bench.vehicle.battery.open_circuit_voltage
        there = abs(self.bench.outlet.plant.bus.output_voltage - battery) < MATCH
        if there:
            self._set(pilot=Pilot.C, contactor=True)
        return {"ev_target_voltage": _rational(battery), "ev_processing": Processing.Finished if there else Processing.Ongoing}

    def _turn(self) -> Message:
        if self.mode is ControlMode.DYNAMIC:
            return turn(self.kind, self.mode)
        lowest = -60 if self.kind in BIDIRECTIONAL else 0
        self.target = min(100.0, max(lowest, self.target + self.chance.choice((-60, -20, 0, 0, 20, 60))))
        return turn(self.kind, self.mode, ev_target_current=round(self.target), ev_target_voltage=480 if self.target >= 0 else 250)

    # What cars should not do.

    def any_request(self) -> None:
        """Whatever, wherever."""
        cls = self.chance.choice((*REQUESTS, None))
        self._tell(self.chance.choice(UNSERVED) if cls is None else self._request(cls))

    def any_delivery(self) -> None:
        """PowerDelivery of any kind."""
        progress = self.chance.choice(list(delivery.ChargeProgress))
        self._tell(self._request(delivery.PowerDeliveryReq, charge_progress=progress))

    def stop_anywhere(self) -> None:
        """SessionStop of any kind."""
        self._tell(self._request(session.SessionStopReq, charging_session=self.chance.choice(list(session.ChargingSession))))

    def repeat(self) -> None:
        """The last request again."""
        if self.last is not None:
            self._tell(self.last)

    def another_id(self) -> None:
        """The right request for another session."""
        cls = AWAITED.get(self.bench.session.phase)
        if cls is not None and issubclass(cls, Request):
            self._tell(self._request(cls).but(header=Header(session_id=self.chance.randbytes(8), time_stamp=1)))

    def wild_turn(self) -> None:
        """A turn of the loop of any service and mode, with any numbers."""
        kind, mode = self.chance.choice(list(_DIRECT)), self.chance.choice(list(ControlMode))
        kind, mode = self.chance.choice(((kind, mode), (self.kind, self.mode)))
        inner = self._wild(turn(kind, mode))
        self._tell(self._request(dc.DC_ChargeLoopReq, control_mode=inner, ev_present_voltage=self._any_number()))

    def wild_parameters(self) -> None:
        """Charge parameters with any numbers."""
        self._tell(self._request(dc.DC_ChargeParameterDiscoveryReq, energy_transfer_mode=self._wild(limits(self.kind))))

    def wild_pre_charge(self) -> None:
        """Pre-charge to any voltage."""
        done = self.chance.choice((Processing.Ongoing, Processing.Finished))
        self._tell(self._request(dc.DC_PreChargeReq, ev_target_voltage=self._any_number(), ev_processing=done))

    def on_a_side_stream(self) -> None:
        """Part of a schedule renegotiation."""
        classes = (dc.DC_ChargeParameterDiscoveryReq, schedule.ScheduleExchangeReq, delivery.PowerDeliveryReq)
        message = self._request(self.chance.choice(classes))
        self.bench.say(message, 0x8101)

    def silence(self) -> None:
        """Nothing, for any time."""
        self.bench.run(self.chance.choice((0.3, 0.45, 0.55, 0.7, 1.2, 2.0, 3.0)))

    def pilot(self) -> None:
        """Any pilot state, whatever the contactor does."""
        self._set(pilot=self.chance.choice((Pilot.B, Pilot.C, Pilot.C, Pilot.D, Pilot.E)), contactor=self.chance.random() < 0.6)

    def contactor(self) -> None:
        """Our contactor moves whenever."""
        self._set(pilot=Pilot.C, contactor=self.chance.random() < 0.5)

    def break_metal(self) -> None:
        """Something breaks at the charger."""
        faults = self.bench.outlet.plant.faults
        match self.chance.randrange(7):
            case 0:
                faults.supply_dead = True
            case 1:
                faults.telemetry_frozen = True
            case 2:
                faults.contactor_welded = self.bench.outlet.plant.bus.contactor.conducting  # open contacts do not weld
            case 3:
                faults.insulation = 1e3
            case 4:
                faults.pilot = Pilot.E
            case 5:
                faults.contactor_stuck_open = True
            case _:
                self.bench.trip()

    def site(self) -> None:
        """The site changes its mind."""
        world = self.bench.world
        match self.chance.randrange(5):
            case 0:
                world.authorisation = self.chance.choice(list(Authorisation))
            case 1:
                self.bench.stop()
            case 2:
                world.permitted = self.bench.guard.discharge_allowed = False
            case _:
                powers = (0.0, 1e3, 5e3, 20e3, 50e3)
                target = self.chance.choice((None, None, -20e3, 10e3))
                world.budget = Budget(self.chance.choice(powers), self.chance.choice(powers), target=target)

    def garble(self) -> None:
        """Octets that are no message."""
        self.bench.garble()

    def leave(self) -> None:
        """Gone."""
        self.bench.leave()

    def _any_number(self) -> RationalNumber:
        c = self.chance
        exponent = c.choice((0, 0, 0, 1, -1, c.randint(-128, 127)))
        return RationalNumber(exponent=exponent, value=c.choice((0, 1, -1, 400, 600, -400, c.randint(-(2**15), 2**15 - 1))))

    def _wild(self, mode: Message) -> Message:
        names = [name for name in mode.__fields__ if isinstance(getattr(mode, name), RationalNumber)]
        chosen = self.chance.sample(names, self.chance.randint(0, min(3, len(names))))
        return mode.but(**{name: self._any_number() for name in chosen})


_DIRECT: Final = (ServiceID.DC, ServiceID.DC_BPT, ServiceID.MCS, ServiceID.MCS_BPT)
_FOUL: Final[tuple[tuple[int, Callable[[Car], None]], ...]] = (
    (3, Car.any_request),
    (3, Car.any_delivery),
    (2, Car.change),
    (1, Car.stop_anywhere),
    (6, Car.repeat),
    (1, Car.another_id),
    (8, Car.wild_turn),
    (1, Car.wild_parameters),
    (4, Car.wild_pre_charge),
    (4, Car.on_a_side_stream),
    (8, Car.silence),
    (3, Car.pilot),
    (4, Car.contactor),
    (3, Car.break_metal),
    (6, Car.site),
    (1, Car.garble),
    (1, Car.leave),
)
_WEIGHTS: Final = [weight for weight, _ in _FOUL]
_WORDS: Final = [word for _, word in _FOUL]
PACES: Final = (0.02, 0.1, 0.1, 0.2, 0.25, 0.4)
END: Final = 3.0
"""s after the last step, in which everything comes to rest."""


def walk(seed: str, kind: ServiceID, mode: ControlMode, *, length: int = 60, step: Any = secc.step) -> Result:
    """One walk of at most `length` steps: honest until some step, after that as foul as its dice want."""
    chance = Random(seed)
    pending = chance.random() < 0.1
    authorisation = chance.choice((Authorisation.PENDING, Authorisation.REFUSED)) if pending else Authorisation.ACCEPTED
    world = World(authorisation, permitted=chance.random() < 0.8)
    bench = Bench(kind, world, soc=chance.choice((20.0, 50.0, 90.0)), step=step)
    car, phases, most, least = Car(bench, chance, kind, mode), {bench.session.phase}, 0.0, 0.0
    honest, foulness = chance.randrange(length), chance.choice((0.1, 0.3, 0.6))
    for number_ in range(length):
        if number_ >= honest and chance.random() < foulness:
            chance.choices(_WORDS, _WEIGHTS)[0](car)
        else:
            car.honest()
        # Metal takes its time where an honest car waits for it.
        slow = bench.session.phase in (Phase.CABLE_CHECK, Phase.PRE_CHARGE)
        bench.run(0.4 if slow else chance.choice(PACES))
        phases.add(bench.session.phase)
        current = bench.outlet.plant.bus.current
        most, least = max(most, current), min(least, current)
        if not bench.connected:
            break
    bench.run(END)
    return Result(bench.checker.violations, frozenset(phases), most, least)


def _limits(said: Any, known: Told) -> Told:
    """The limits in `said`, as magnitudes, none wider than `known`."""
    names = ("ev_maximum_voltage", "ev_maximum_charge_current", "ev_maximum_discharge_current")
    numbers = (getattr(said, name, None) for name in names)
    pairs = zip(numbers, (known.max_voltage, known.max_charge, known.max_discharge), strict=True)
    return Told(*(before if value is None else min(before, abs(number(value))) for value, before in pairs))


def _rational(value: float) -> RationalNumber:
    return RationalNumber(exponent=-1, value=round(value * 10))
