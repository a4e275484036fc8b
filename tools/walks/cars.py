"""A model of misbehaving cars: on the way of an honest one they do, now and then, anything that a car can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from random import Random
from typing import Any, Final, NamedTuple

from iso15118.energy import Authorisation, Budget
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import payload_type_of
from iso15118.messages.v20 import authorization, dc, delivery, metering, parking, schedule, service, session
from iso15118.messages.v20.common import ChargeLoopReq, EVSENotification, Header, MeterInfo, Processing, RationalNumber, Request
from iso15118.messages.v20.rational import number
from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Due
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from tests.session.asked import REQUESTS, UNSERVED, limits, request, turn
from tools.walks.bench import Bench, Told
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
        self.renewed: Any = None
        """Those of a schedule renegotiation under way."""
        self.agreed: Any = None
        """Those of one that has been agreed on."""
        self.back: bytes | None = None
        """The session that it comes back to."""

    def _set(self, *, pilot: Pilot, contactor: bool) -> None:
        self.bench.vehicle.apply(VehicleSetpoint(pilot=pilot, contactor=contactor))

    def _request(self, cls: type[Message], **fields: Any) -> Any:
        theirs = self.bench.session.id
        if cls is session.SessionSetupReq:
            theirs = self.back or theirs
        elif cls is service.ServiceSelectionReq and "selected_vas_list" not in fields:
            fields["selected_vas_list"] = service.SelectedServiceList(
                selected_service=tuple(service.SelectedService(service_id=66, parameter_set_id=id_) for id_ in (1, 2))
            )
        return request(cls, service=self.kind, mode=self.mode, session_id=theirs, **fields)

    def _tell(self, message: Message) -> None:
        """Say it; remember what it says of our limits where it is accepted: the loop may narrow what charge parameters say."""
        self.last = message
        if isinstance(message, ChargeLoopReq) and self.agreed is not None:
            self.said, self.agreed = self.agreed, None  # what was agreed on beside the loop holds from here on
        answer: Any = self.bench.say(message, payload_type_of(message))
        if answer is None or not str(getattr(answer, "response_code", "")).startswith("OK"):
            return
        said: Any = getattr(message, "energy_transfer_mode", None)
        if said is not None:
            self.said = self.bench.told = self._first(said)
        elif isinstance(message, ChargeLoopReq) and self.bench.session.phase is Phase.CHARGE_LOOP:
            self.bench.told = self._narrowed(message, self.said)

    def _first(self, said: Any) -> Any:
        """The limits of charge parameters."""
        return _limits(said, Told(inf, inf, inf if self.kind in BIDIRECTIONAL else 0.0))

    def _narrowed(self, message: Any, known: Any) -> Any:
        """The limits of a turn of the loop; those it leaves out stand as `known`."""
        return _limits(message.control_mode, known)

    # The honest way.

    awaited: Mapping[Phase, type[Message]] = AWAITED

    def honest(self) -> None:
        """What the phase asks for; metal first where it has to move."""
        phase = self.bench.session.phase
        cls = self.awaited.get(phase)
        if cls is None or self.bench.session.deferred is not None:
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
        stands = self.bench.session.phase is Phase.STANDBY
        progress = self.chance.choice((kinds.Stop, kinds.Start if stands else kinds.Standby))
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
        cls = self.awaited.get(self.bench.session.phase)
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
        """Part of a schedule renegotiation, mostly the part that is due; now and then what belongs nowhere."""
        due = self.bench.session.renewal.due if self.bench.session.renewal is not None else Due.CHARGE_PARAMETERS
        parameters = self.awaited[Phase.CHARGE_PARAMETERS]
        steps = {Due.CHARGE_PARAMETERS: parameters, Due.SCHEDULE_EXCHANGE: schedule.ScheduleExchangeReq}
        cls = steps.get(due, delivery.PowerDeliveryReq)
        if self.chance.random() < 0.05:
            cls = self.chance.choice((parameters, schedule.ScheduleExchangeReq, delivery.PowerDeliveryReq))
        fields = {"charge_progress": delivery.ChargeProgress.ScheduleRenegotiation} if cls is delivery.PowerDeliveryReq else {}
        message = self._request(cls, **fields)
        answer: Any = self.bench.say(message, 0x8101)
        if answer is None or not str(getattr(answer, "response_code", "")).startswith("OK"):
            return
        if cls is parameters:
            self.renewed = self._first(message.energy_transfer_mode)
        elif cls is delivery.PowerDeliveryReq:
            self.agreed = self.renewed

    def renegotiate(self) -> None:
        """A whole schedule renegotiation, with or without turns of the loop between its parts."""
        for _ in range(3):
            self.on_a_side_stream()
            if self.chance.random() < 0.5:
                self.honest()
            self.bench.run(0.1)

    def confirm_meter(self) -> None:
        """A reading confirmed: the one that was told, or another one."""
        session_ = self.bench.session
        reading = session_.reading or MeterInfo(meter_id="METER1", charged_energy_reading_wh=self.chance.randrange(1000))
        under: Any = metering.Dynamic_SMDTControlMode()
        if self.mode is ControlMode.SCHEDULED:
            under = metering.Scheduled_SMDTControlMode(selected_schedule_tuple_id=1)
        data = metering.SignedMeteringData(id="meter", session_id=session_.id, meter_info=reading, control_mode=under)
        self.bench.say(self._request(metering.MeteringConfirmationReq, signed_metering_data=data), 0x8102)

    def park(self) -> None:
        """A step of checking in or out, whenever."""
        if self.chance.random() < 0.5:
            message = self._request(parking.VehicleCheckInReq, ev_check_in_status=self.chance.choice(list(parking.EVCheckInStatus)))
        else:
            message = self._request(parking.VehicleCheckOutReq, ev_check_out_status=self.chance.choice(list(parking.EVCheckOutStatus)))
        self.bench.say(message, 0x8104)

    def pause(self) -> None:
        """Stop, then a pause, asked for or not."""
        if self.bench.session.phase.loop:
            if self.chance.random() < 0.7:
                self.bench.notify(EVSENotification.Pause)
            self._tell(self._request(delivery.PowerDeliveryReq, charge_progress=delivery.ChargeProgress.Stop, ev_power_profile=None))
            self.rest()
            self.bench.run(0.5)
        self._tell(self._request(session.SessionStopReq, charging_session=session.ChargingSession.Pause))

    def rest(self) -> None:
        """Metal, after a stop."""
        self._set(pilot=Pilot.B, contactor=False)

    def come_back(self) -> None:
        """A new connection some time later, to the session that pauses or to a new one; the cable may have been out."""
        self.back = self.bench.kept if self.chance.random() < 0.8 else self.chance.randbytes(8)
        self.rest()
        self.bench.run(self.chance.choice((0.1, 1.0, 7.0)))
        if self.chance.random() < 0.2:
            self.bench.vehicle.plugged = False
            self.bench.run(0.1)
            self.bench.vehicle.plugged = True
        self.said = self.bench.told = type(self.bench.told)()
        self.renewed = self.agreed = None
        self.bench.come_back(self.chance.choice((Authorisation.ACCEPTED, Authorisation.PENDING, Authorisation.PENDING)))

    def asked(self) -> None:
        """The station wants something of the car."""
        self.bench.notify(self.chance.choice(list(EVSENotification)))

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
FOUL: Final[tuple[tuple[int, Callable[[Car], None]], ...]] = (
    (3, Car.any_request),
    (3, Car.any_delivery),
    (2, Car.change),
    (1, Car.stop_anywhere),
    (6, Car.repeat),
    (1, Car.another_id),
    (8, Car.wild_turn),
    (1, Car.wild_parameters),
    (4, Car.wild_pre_charge),
    (3, Car.on_a_side_stream),
    (3, Car.renegotiate),
    (1, Car.confirm_meter),
    (1, Car.park),
    (2, Car.pause),
    (4, Car.asked),
    (8, Car.silence),
    (3, Car.pilot),
    (4, Car.contactor),
    (3, Car.break_metal),
    (6, Car.site),
    (1, Car.garble),
    (1, Car.leave),
)


def _limits(said: Any, known: Told) -> Told:
    """The limits in `said`, as magnitudes, none wider than `known`."""
    names = ("ev_maximum_voltage", "ev_maximum_charge_current", "ev_maximum_discharge_current")
    numbers = (getattr(said, name, None) for name in names)
    pairs = zip(numbers, (known.max_voltage, known.max_charge, known.max_discharge), strict=True)
    return Told(*(before if value is None else min(before, abs(number(value))) for value, before in pairs))


def _rational(value: float) -> RationalNumber:
    return RationalNumber(exponent=-1, value=round(value * 10))
