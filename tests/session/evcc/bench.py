"""A bench for the car's core: a charger that answers every request well, metal that follows, timers that run out when told to.

A test changes one thing (an answer, a measurement, an event) and looks at what the car does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iso15118.energy import Need
from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import payload_type_of
from iso15118.messages.v20 import ac, dc
from iso15118.messages.v20 import authorization as au
from iso15118.messages.v20 import delivery as pd
from iso15118.messages.v20 import parking as pk
from iso15118.messages.v20 import schedule as se
from iso15118.messages.v20 import service as sv
from iso15118.messages.v20 import session as ss
from iso15118.messages.v20.certificate import CertificateInstallationReq
from iso15118.messages.v20.common import EVSENotification, EVSEStatus, Header, Processing, ResponseCode
from iso15118.messages.v20.metering import MeteringConfirmationReq, MeteringConfirmationRes
from iso15118.messages.v20.rational import rational
from iso15118.power import Abilities, AcAbilities, AcReading, Contactor, Limits, Measured, Pilot, VehicleReading, VehicleSetpoint
from iso15118.sequence.refusals import refusal
from iso15118.sequence.streams import PAYLOAD_TYPES, Stream, stream_of
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Arm, Close, Command, Consult, Disarm, Note, Send
from iso15118.session.consult import Advice, Question
from iso15118.session.evcc import Config, Session, begin, step
from iso15118.session.events import Connected, Consulted, Elapsed, Event, Received, Sent
from iso15118.session.services import ControlMode, ParameterSet, Service, ServiceID, service_of
from iso15118.session.snapshot import EvccSnapshot
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

SESSION_ID = bytes(range(1, 9))
EPOCH = 1_790_000_000_000_000
"""The charger's clock at monotonic second 0, us."""
BATTERY = 390.0
"""V."""
LIMITS = Limits(300.0, 420.0, 200.0, 80_000.0, 100.0, 40_000.0)
ONBOARD = Abilities(
    Limits(195.0, 265.0, 16.0, 11_000.0, 16.0, 11_000.0),
    min_charge_power=4_140.0,
    ac=AcAbilities(phases=3, voltage=230.0, reactive=5_000.0),
)
"""11 kW on three phases, both ways, from 6 A on."""
MAINS = PerPhase(230.0, 230.0, 230.0)
NEED = Need(20_000.0, 40_000.0, -5_000.0, departure=7200.0, v2x_max_energy=10_000.0, v2x_min_energy=0.0)
OK = ResponseCode.OK
PHASES: tuple[type[Message], ...] = (
    supportedAppProtocolReq,
    ss.SessionSetupReq,
    au.AuthorizationSetupReq,
    au.AuthorizationReq,
    sv.ServiceDiscoveryReq,
    sv.ServiceDetailReq,
    sv.ServiceSelectionReq,
    dc.DC_ChargeParameterDiscoveryReq,
    se.ScheduleExchangeReq,
    dc.DC_CableCheckReq,
    dc.DC_PreChargeReq,
    pd.PowerDeliveryReq,
    dc.DC_ChargeLoopReq,
    dc.DC_WeldingDetectionReq,
    ss.SessionStopReq,
)
"""Every request of a session, in the order in which they first come."""
AC_PHASES: tuple[type[Message], ...] = (
    *PHASES[:7],
    ac.AC_ChargeParameterDiscoveryReq,
    se.ScheduleExchangeReq,
    pd.PowerDeliveryReq,
    ac.AC_ChargeLoopReq,
    ss.SessionStopReq,
)
"""The same on alternating current: nothing is isolated and pre-charged, and no contactor of the car's can weld."""
SCHEDULED = (ControlMode.SCHEDULED,)
DYNAMIC = (ControlMode.DYNAMIC,)


def reading(voltage: float = 0.0, *, current: float = 0.0, contactor: Contactor = Contactor.OPEN, at: float = 0.0) -> VehicleReading:
    return VehicleReading(Measured(voltage, at), Measured(current, at), Measured(contactor, at), Measured(BATTERY, at), Measured(50.0, at))


def snapshot(**changes: Any) -> EvccSnapshot:
    world = EvccSnapshot(
        now=0.0,
        clock=EPOCH - 3_600_000_000,
        reading=reading(),
        limits=LIMITS,
        need=NEED,
        target_current=100.0,
        target_voltage=410.0,
        soc=50.0,
        onboard=ONBOARD,
        target_power=9_000.0,
    )
    return replace(world, **changes)


def on_mains(
    active: PerPhase = NO_PHASE, reactive: PerPhase = NO_PHASE, *, voltage: PerPhase = MAINS, at: float = 0.0, **rest: Any
) -> VehicleReading:
    """A car on alternating current."""
    return replace(reading(at=at, **rest), ac=Measured(AcReading(voltage, active, reactive), at))


def schedule(*entries: tuple[int, float], anchor: int = EPOCH) -> se.ChargingSchedule:
    listed = tuple(se.PowerScheduleEntry(duration=d, power=rational(p)) for d, p in entries)
    power = se.PowerSchedule(time_anchor=anchor, power_schedule_entries=se.PowerScheduleEntryList(power_schedule_entry=listed))
    return se.ChargingSchedule(power_schedule=power)


def schedule_tuple(id: int, *entries: tuple[int, float], back: tuple[tuple[int, float], ...] = ()) -> se.ScheduleTuple:
    discharging = schedule(*back) if back else None
    return se.ScheduleTuple(schedule_tuple_id=id, charging_schedule=schedule(*entries), discharging_schedule=discharging)


def in_mode(service: ServiceID, mode: ControlMode, *, needs: int = 1, **changes: Any) -> Session:
    """A session in which service and control mode are chosen; `needs`: MobilityNeedsMode."""
    chosen = ParameterSet(1, mode, needs)
    start = replace(begin(Config()), service=Service(service, (chosen,)), parameters=chosen)
    return replace(start, **changes)


HEADER = Header(session_id=SESSION_ID, time_stamp=EPOCH)


class Charger:
    """Answers well. `answers[request class]` is called with (request, the good answer) and may give another, or None for silence."""

    def __init__(self, bidirectional: bool = True, alternating: bool = False) -> None:
        self.ids = ((1, 5) if alternating else (2, 6))[: 1 + bidirectional]
        self.answers: dict[type[Message], Callable[[Any, Any], Message | None]] = {}
        self.stamp = EPOCH
        self.voltage = 0.0
        self.modes = (ControlMode.SCHEDULED, ControlMode.DYNAMIC)
        self.targets: dict[str, float] = {}
        """Of the loop of alternating current."""

    def header(self) -> Header:
        self.stamp += 1_000
        return Header(session_id=SESSION_ID, time_stamp=self.stamp)

    def answer(self, request: Any) -> Message | None:
        good = self.good(request)
        change = self.answers.get(type(request))
        return change(request, good) if change else good

    def good(self, request: Any) -> Message:
        if type(request) is supportedAppProtocolReq:
            return supportedAppProtocolRes(response_code=AppProtocolResponseCode.OK_SuccessfulNegotiation, schema_id=1)
        head: dict[str, Any] = {"header": self.header(), "response_code": OK}
        match request:
            case ss.SessionSetupReq():
                return ss.SessionSetupRes(**head | {"response_code": ResponseCode.OK_NewSessionEstablished}, evse_id="DE*ABC*E1")
            case au.AuthorizationSetupReq():
                return au.AuthorizationSetupRes(
                    **head,
                    authorization_services=(au.Authorization.EIM,),
                    certificate_installation_service=False,
                    authorization_mode=au.EIM_ASResAuthorizationMode(),
                )
            case au.AuthorizationReq():
                return au.AuthorizationRes(**head, evse_processing=Processing.Finished)
            case CertificateInstallationReq():
                return refusal(request, OK, session_id=SESSION_ID, time_stamp=self.stamp)
            case sv.ServiceDiscoveryReq():
                offered = sv.ServiceList(service=tuple(sv.Service(service_id=i, free_service=False) for i in self.ids))
                return sv.ServiceDiscoveryRes(**head, service_renegotiation_supported=False, energy_transfer_service_list=offered)
            case sv.ServiceDetailReq(service_id=asked):
                told = ServiceID(asked) if asked in self.ids else ServiceID.DC
                sets = tuple(each.to_wire() for each in service_of(told, self.modes).sets)
                return sv.ServiceDetailRes(**head, service_id=asked, service_parameter_list=sv.ServiceParameterList(parameter_set=sets))
            case sv.ServiceSelectionReq():
                return sv.ServiceSelectionRes(**head)
            case dc.DC_ChargeParameterDiscoveryReq(energy_transfer_mode=mode):
                return dc.DC_ChargeParameterDiscoveryRes(**head, energy_transfer_mode=evse_parameters(type(mode)))
            case ac.AC_ChargeParameterDiscoveryReq(energy_transfer_mode=mode):
                return ac.AC_ChargeParameterDiscoveryRes(**head, energy_transfer_mode=evse_mains(type(mode)))
            case ac.AC_ChargeLoopReq(control_mode=mode):
                return ac_loop_response(type(mode), fields=head, **self.targets)
            case se.ScheduleExchangeReq(control_mode=mode):
                if type(mode) is se.Dynamic_SEReqControlMode:
                    return se.ScheduleExchangeRes(**head, evse_processing=Processing.Finished, control_mode=se.Dynamic_SEResControlMode())
                tuples = (schedule_tuple(7, (86_400, 50_000.0), back=((86_400, -20_000.0),)),)
                offer = se.Scheduled_SEResControlMode(schedule_tuple=tuples)
                return se.ScheduleExchangeRes(**head, evse_processing=Processing.Finished, control_mode=offer)
            case dc.DC_CableCheckReq():
                return dc.DC_CableCheckRes(**head, evse_processing=Processing.Finished)
            case dc.DC_PreChargeReq(ev_target_voltage=target):
                return dc.DC_PreChargeRes(**head, evse_present_voltage=target)
            case pd.PowerDeliveryReq():
                return pd.PowerDeliveryRes(**head)
            case dc.DC_ChargeLoopReq(control_mode=mode):
                return loop_response(type(mode), **head)
            case MeteringConfirmationReq():
                return MeteringConfirmationRes(**head)
            case dc.DC_WeldingDetectionReq():
                return dc.DC_WeldingDetectionRes(**head, evse_present_voltage=rational(0))
            case pk.VehicleCheckInReq():
                return pk.VehicleCheckInRes(**head)
            case pk.VehicleCheckOutReq():
                return pk.VehicleCheckOutRes(**head, evse_check_out_status=pk.EVSECheckOutStatus.Completed)
            case ss.SessionStopReq():
                return ss.SessionStopRes(**head)
        raise TypeError(type(request))


def evse_parameters(kind: type[Message] = dc.BPT_DC_CPDReqEnergyTransferMode, **changes: float) -> Any:
    """The charger's limits: 50 kW, 125 A, 200..500 V, and 20 kW, 60 A back (told negative)."""
    told = {
        "evse_maximum_charge_power": 50_000.0,
        "evse_minimum_charge_power": 100.0,
        "evse_maximum_charge_current": 125.0,
        "evse_minimum_charge_current": 1.0,
        "evse_maximum_voltage": 500.0,
        "evse_minimum_voltage": 200.0,
    }
    result: type[Message] = dc.DC_CPDResEnergyTransferMode
    if kind is dc.BPT_DC_CPDReqEnergyTransferMode:
        result = dc.BPT_DC_CPDResEnergyTransferMode
        told |= {
            "evse_maximum_discharge_power": -20_000.0,
            "evse_minimum_discharge_power": 0.0,
            "evse_maximum_discharge_current": -60.0,
            "evse_minimum_discharge_current": 0.0,
        }
    return result(**{name: rational(value) for name, value in (told | changes).items()})


def evse_mains(kind: type[Message] = ac.BPT_AC_CPDReqEnergyTransferMode, **changes: float) -> Any:
    """The charger's limits on alternating current: 22 kW on three phases from 1 kW on, and 11 kW back (told negative); 50 Hz."""
    told = {"evse_maximum_charge_power": 22_000.0, "evse_minimum_charge_power": 1_000.0, "evse_nominal_frequency": 50.0}
    result: type[Message] = ac.AC_CPDResEnergyTransferMode
    if kind is ac.BPT_AC_CPDReqEnergyTransferMode:
        result = ac.BPT_AC_CPDResEnergyTransferMode
        told |= {"evse_maximum_discharge_power": -11_000.0, "evse_minimum_discharge_power": 0.0}
    return result(**{name: rational(value) for name, value in (told | changes).items()})


_AC_ANSWERS: dict[type[Message], type[Message]] = {
    ac.Scheduled_AC_CLReqControlMode: ac.Scheduled_AC_CLResControlMode,
    ac.BPT_Scheduled_AC_CLReqControlMode: ac.BPT_Scheduled_AC_CLResControlMode,
    ac.Dynamic_AC_CLReqControlMode: ac.Dynamic_AC_CLResControlMode,
    ac.BPT_Dynamic_AC_CLReqControlMode: ac.BPT_Dynamic_AC_CLResControlMode,
}


def ac_loop_response(
    kind: type[Message], *, notification: EVSENotification | None = None, fields: dict[str, Any] | None = None, **targets: float
) -> ac.AC_ChargeLoopRes:
    """The answer to a loop request whose control mode is of class `kind`; `targets` in W and var, Dynamic: 6 kW unless told."""
    if "Dynamic" in kind.__name__:
        targets = {"evse_target_active_power": 6_000.0} | targets
    status = None if notification is None else EVSEStatus(notification_max_delay=10, evse_notification=notification)
    mode = _AC_ANSWERS[kind](**{name: rational(value) for name, value in targets.items()})
    return ac.AC_ChargeLoopRes(**{"header": HEADER, "response_code": OK} | (fields or {}), evse_status=status, control_mode=mode)


def loop_response(
    kind: type[Message], *, mode: Any = None, notification: EVSENotification | None = None, **fields: Any
) -> dc.DC_ChargeLoopRes:
    """The answer to a loop request whose control mode is of class `kind`, or with `mode`."""
    said = {
        "evse_maximum_charge_power": rational(50_000),
        "evse_minimum_charge_power": rational(0),
        "evse_maximum_charge_current": rational(125),
        "evse_maximum_voltage": rational(500),
    }
    back = {
        "evse_maximum_discharge_power": rational(20_000),
        "evse_minimum_discharge_power": rational(0),
        "evse_maximum_discharge_current": rational(60),
        "evse_minimum_voltage": rational(200),
    }
    modes: dict[type[Message], Callable[[], Message]] = {
        dc.Scheduled_DC_CLReqControlMode: dc.Scheduled_DC_CLResControlMode,
        dc.BPT_Scheduled_DC_CLReqControlMode: dc.BPT_Scheduled_DC_CLResControlMode,
        dc.Dynamic_DC_CLReqControlMode: lambda: dc.Dynamic_DC_CLResControlMode(**said),
        dc.BPT_Dynamic_DC_CLReqControlMode: lambda: dc.BPT_Dynamic_DC_CLResControlMode(**said, **back),
    }
    status = None if notification is None else EVSEStatus(notification_max_delay=10, evse_notification=notification)
    return dc.DC_ChargeLoopRes(
        **{"header": HEADER, "response_code": OK} | fields,
        evse_status=status,
        evse_present_current=rational(90),
        evse_present_voltage=rational(392),
        evse_power_limit_achieved=False,
        evse_current_limit_achieved=True,
        evse_voltage_limit_achieved=False,
        control_mode=mode or modes[kind](),
    )


class Bench:
    """A car at a charger, in a time that passes only when a test or a pause says so."""

    def __init__(self, config: Config | None = None, *, bidirectional: bool = True, alternating: bool = False, **world: Any) -> None:
        self.session = begin(Config(loops=3) if config is None else config)
        self.world = snapshot(**world)
        self.charger = Charger(bidirectional, alternating)
        self.sent: list[Any] = []
        self.aside: list[tuple[Stream, Any]] = []
        """Requests sent on side streams."""
        self.notes: list[str] = []
        self.trace: list[Command] = []
        self.adviser: Callable[[Question], Advice | None] = lambda question: None
        """Answers what the car asks of others; None: silence."""
        self.questions: list[Question] = []
        self.timers: dict[Timer, float] = {}
        self.setpoint = VehicleSetpoint()
        self.closed: Close | None = None
        self.precharges = True
        """The inlet takes the battery's voltage in pre-charge."""
        self.contactor_follows = True
        self.flowing = 0.0
        """A that flow on after the stop, in each phase of alternating current."""
        self.left = 0.0
        """V left at the inlet after it."""
        self.alternating = alternating
        self.mains = MAINS
        """V behind the charger's contactor, which the pilot closes."""

    def feed(self, event: Event) -> tuple[Command, ...]:
        """One step, and metal and timers after it."""
        self.session, commands = step(self.session, event, self.world)
        for command in commands:
            match command:
                case Send(message, payload_type):
                    if (stream := stream_of(payload_type)) is not Stream.MAIN:
                        self.aside.append((stream, message))
                        continue
                    assert payload_type == payload_type_of(message)
                    self.sent.append(message)
                case Arm(timer, seconds):
                    self.timers[timer] = seconds
                case Disarm(timer):
                    self.timers.pop(timer, None)
                case Apply(setpoint):
                    assert isinstance(setpoint, VehicleSetpoint)
                    self.setpoint = setpoint
                case Note(text):
                    self.notes.append(text)
                case Close():
                    self.closed = command
        self.trace += commands
        self.settle()
        for command in commands:
            if isinstance(command, Consult):
                self.questions.append(command.question)
                if (advice := self.adviser(command.question)) is not None:
                    commands += self.feed(Consulted(command.question.number, advice))
        return commands

    def settle(self) -> None:
        """Metal follows: the contactor its command, the inlet what is connected to it, the on-board charger its target."""
        if self.alternating:
            voltage, target = (self.mains if self.setpoint.pilot is Pilot.C else NO_PHASE), self.setpoint.target
            active, reactive = (target.active, target.reactive) if target and voltage.total else (NO_PHASE, NO_PHASE)
            if voltage.total and not active.total:
                active = PerPhase(*(self.flowing * volts for volts in voltage))
            self.world = replace(self.world, reading=on_mains(active, reactive, voltage=voltage, at=self.world.now))
            return
        contactor = self.world.reading.contactor.value
        if self.contactor_follows:
            contactor = Contactor.CLOSED if self.setpoint.contactor else Contactor.OPEN
        last = type(self.sent[-1]) if self.sent else None
        voltage, current = 0.0, 0.0
        if contactor is Contactor.CLOSED:
            voltage, current = BATTERY, self.flowing
        elif last is dc.DC_PreChargeReq or (last is pd.PowerDeliveryReq and self.sent[-1].charge_progress is pd.ChargeProgress.Start):
            voltage = BATTERY - 5.0 if self.precharges else BATTERY - 25.0
        elif last in (dc.DC_WeldingDetectionReq, pd.PowerDeliveryReq):
            voltage = self.left
        self.world = replace(self.world, reading=reading(voltage, current=current, contactor=contactor, at=self.world.now))

    def wait(self, seconds: float) -> None:
        self.world = replace(self.world, now=self.world.now + seconds)
        self.settle()

    def turn(self) -> tuple[Command, ...]:
        """What comes next by itself: the answer to the request that is out, or the end of a pause."""
        for stream, aside in self.session.asides.items():
            if aside.waiting:
                return self.turn_aside(stream, aside.request)
        pace = self.timers.get(Timer.PACE, float("inf"))
        if self.session.outstanding is None and self.timers.get(Timer.SCHEDULE_PACE, pace) < pace:
            self.wait(passed := self.timers.pop(Timer.SCHEDULE_PACE))
            self.timers[Timer.PACE] = pace - passed
            return self.feed(Elapsed(Timer.SCHEDULE_PACE))
        if self.session.outstanding is not None:
            self.wait(0.01)
            self.feed(Sent())
            answer = self.charger.answer(self.session.outstanding)
            if answer is None:
                return ()
            return self.feed(Received(answer, payload_type_of(answer)))
        self.wait(self.timers.pop(Timer.PACE))
        return self.feed(Elapsed(Timer.PACE))

    def turn_aside(self, stream: Stream, request: Any) -> tuple[Command, ...]:
        """The answer to the request that is out on a side stream."""
        self.feed(Sent(stream))
        answer = self.charger.answer(request)
        return () if answer is None else self.feed(Received(answer, PAYLOAD_TYPES[stream]))

    def run(self, until: type[Message] | None = None, *, turns: int = 400) -> Bench:
        """On until a request of class `until` is out, the connection is closed, or the charger is silent."""
        if self.session.request is None:
            self.feed(Connected())
        for _ in range(turns):
            if self.closed or (until is not None and type(self.session.outstanding) is until):
                return self
            if not self.turn() and self.session.outstanding is not None:
                return self
        raise AssertionError(f"no {until and until.__name__} after {turns} turns")

    def answer(self, **changes: Any) -> tuple[Command, ...]:
        """The good answer to what is out, with some fields changed."""
        good = self.charger.good(self.session.outstanding).but(**changes)
        return self.feed(Received(good, payload_type_of(good)))

    @property
    def last(self) -> Any:
        return self.sent[-1]

    def names(self) -> list[str]:
        """The requests sent, each run of one kind once."""
        found: list[str] = []
        for message in self.sent:
            if not found or found[-1] != type(message).__name__:
                found.append(type(message).__name__)
        return found

    def safe(self) -> bool:
        """Contactor told to open and pilot B, before the connection was closed."""
        close = next(i for i, c in enumerate(self.trace) if isinstance(c, Close))
        applied = [c.setpoint for c in self.trace[:close] if isinstance(c, Apply)]
        return applied[-1].contactor is False and applied[-1].pilot is Pilot.B


def ac_bench(
    mode: ControlMode = ControlMode.SCHEDULED, *, bidirectional: bool = True, world: dict[str, Any] | None = None, **config: Any
) -> Bench:
    """A car that wants alternating current in this mode, at a charger of it."""
    wanted = (ServiceID.AC_BPT,) if bidirectional else (ServiceID.AC,)
    settings = Config(**{"services": wanted, "control_modes": (mode,), "loops": 3} | config)
    return Bench(settings, bidirectional=bidirectional, alternating=True, **world or {})
