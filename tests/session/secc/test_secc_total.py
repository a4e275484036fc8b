"""`session.secc`: whatever happens, in whatever order, `step` answers; and no energy moves outside the charge loop."""

from __future__ import annotations

from typing import Any

from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Authorisation, Budget, Plan, Slot
from iso15118.errors import CodecError, DeviceFault
from iso15118.exi import Message
from iso15118.messages.catalogue import payload_type_of, response_of
from iso15118.messages.v20.common import EVSENotification, Header, Processing, RationalNumber, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.rational import rational
from iso15118.power import Contactor, Insulation, Limits, Pilot, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.refusals import refusal
from iso15118.sequence.streams import PAYLOAD_TYPES, Stream
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Apply, Close, Command, Send
from iso15118.session.events import Closed, Connected, Elapsed, Garbled, NotificationWanted, Received, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import DIRECT, EPOCH, NOBODY, REQUESTS, SESSION_ID, STAMP, limits, need, profile, request, turn
from tests.session.playbook import BUDGET, WIDE, after, charger_at, given

steady = settings(derandomize=True, deadline=None, max_examples=120)
rationals = st.builds(RationalNumber, exponent=st.integers(-128, 127), value=st.integers(-(2**15), 2**15 - 1))
services = st.sampled_from(DIRECT)
modes = st.sampled_from(ControlMode)


@st.composite
def wildly(draw: st.DrawFn, message: Message) -> dict[str, RationalNumber]:
    """Any numbers at all for some of the numbers in a message."""
    names = draw(st.lists(st.sampled_from([n for n in message.__fields__ if isinstance(getattr(message, n), RationalNumber)]), unique=True))
    return {name: draw(rationals) for name in names}


@st.composite
def turns(draw: st.DrawFn, service: ServiceID, mode: ControlMode) -> Message:
    """A turn of the charge loop, sane or not."""
    changes: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        changes = draw(wildly(turn(service, mode)))
    elif mode is ControlMode.SCHEDULED:
        changes = {"ev_target_current": draw(st.sampled_from((-80, -20, -1, 0, 1, 20, 99)))}
    inner, present = turn(service, mode, **changes), draw(rationals | st.just(rational(400)))
    asked = draw(st.booleans())
    return request(DC_ChargeLoopReq, control_mode=inner, meter_info_requested=asked, ev_present_voltage=present)


@st.composite
def asks(draw: st.DrawFn) -> Message:
    """A request, in order or not, sane or not."""
    service, mode, wild = draw(services), draw(modes), draw(st.booleans())
    ask = request(draw(st.sampled_from(REQUESTS)), service=service, mode=mode)
    match type(ask).__name__:
        case "DC_ChargeLoopReq":
            return draw(turns(service, mode))
        case "DC_ChargeParameterDiscoveryReq" if wild:
            return ask.but(energy_transfer_mode=limits(service, **draw(wildly(limits(service)))))
        case "PowerDeliveryReq":
            powers = draw(st.lists(st.floats(-3e4, 3e4), min_size=1, max_size=3)) if wild else [0.0]
            anchor, seconds = draw(st.sampled_from((STAMP, 0, 2**64 - 1, EPOCH))), draw(st.sampled_from((0, 1, 600, 2**32 - 1)))
            plan = draw(st.sampled_from((None, profile(*powers, anchor=anchor, seconds=seconds))))
            return ask.but(charge_progress=draw(st.sampled_from(ChargeProgress)), ev_power_profile=plan)
        case "DC_PreChargeReq":
            return ask.but(ev_target_voltage=draw(rationals), ev_processing=draw(st.sampled_from(Processing)))
        case "ScheduleExchangeReq" if wild:
            return ask.but(control_mode=need(mode, departure_time=draw(st.integers(0, 2**32 - 1))), maximum_supporting_points=12)
        case "supportedAppProtocolReq":
            return ask
    return ask.but(header=Header(session_id=NOBODY, time_stamp=0)) if draw(st.integers(0, 30)) == 0 else ask


def received(ask: Message) -> Received:
    return Received(ask, payload_type_of(ask))


def aside(ask: Message) -> Received:
    """The same request on the stream of schedule renegotiation."""
    return Received(ask, PAYLOAD_TYPES[Stream.SCHEDULE])


events = st.one_of(
    asks().map(received),
    asks().map(received),
    asks().map(aside),
    st.sampled_from(Stream).map(Sent),
    st.just(Sent()),
    st.just(Tick()),
    st.sampled_from(Timer).map(Elapsed),
    st.sampled_from(
        [
            Connected(),
            StopWanted("operator"),
            *(NotificationWanted(wish) for wish in EVSENotification),
            Closed("reset"),
            Garbled(CodecError("garbage", bit=9)),
            Received(refusal(request(DC_CableCheckReq), ResponseCode.FAILED, session_id=SESSION_ID, time_stamp=1), 0x8004),
        ]
    ),
)
worlds = st.one_of(
    st.just(after(0.1)),
    st.just(after(0.05)),
    st.sampled_from([0.2, 1.1, 60.0]).map(after),
    st.just(after(0.35, fresh=False)),
    st.floats(-10, 600).map(lambda voltage: given(voltage=voltage)),
    st.floats(-90, 90).map(lambda current: given(current=current)),
    st.sampled_from(Pilot).map(lambda pilot: given(pilot=pilot)),
    st.sampled_from(Contactor).map(lambda contactor: given(contactor=contactor)),
    st.sampled_from(Insulation).map(lambda verdict: given(insulation=verdict)),
    st.sampled_from([BUDGET, Budget(0), Budget(1e4, 1e4, target=-5e3), Budget(1e5, 1e5, until=0.0)]).map(lambda b: given(budget=b)),
    st.sampled_from([WIDE, Limits(0, 400, 10, 2e3), Limits(450, 300, 0, 0)]).map(lambda limits_: given(limits=limits_)),
    st.sampled_from(Authorisation).map(lambda a: given(authorisation=a)),
    st.sampled_from([(), None, (Plan(EPOCH, (Slot(0.4, 1e3), Slot(1e9, 2e3, 1e3))),), (Plan(0.0, ()),)]).map(lambda p: given(plans=p)),
    st.integers(0, 2**63).map(lambda clock: given(clock=clock)),
)
rare = st.sampled_from([frozenset[DeviceFault]()] * 9 + [frozenset({DeviceFault.METER})]).map(lambda faults: given(faults=faults))


def safe(session: secc.Session, commands: tuple[Command, ...]) -> None:
    """What holds after every step."""
    for command in commands:
        if isinstance(command, Apply):
            setpoint = command.setpoint
            assert isinstance(setpoint, Setpoint)
            assert setpoint.current == 0 or session.phase is Phase.CHARGE_LOOP, f"{setpoint} while {session.phase} is awaited"
            assert setpoint.current >= 0 or (session.bidirectional and setpoint.bidirectional)
            assert session.bidirectional or not setpoint.bidirectional
            assert 0 <= setpoint.voltage <= 500
            assert -50 <= setpoint.current <= 80
            assert setpoint.contactor or setpoint.current == setpoint.voltage == setpoint.trickle == 0
            assert setpoint.trickle <= 2
            assert setpoint.lock or not setpoint.contactor
            if session.stop or session.failing or session.phase is Phase.ENDED:
                assert setpoint.current == 0
    assert sum(isinstance(command, Send) for command in commands) <= 1
    kinds = [type(command) for command in commands if isinstance(command, Apply | Send | Close)]
    if session.phase is Phase.ENDED and not session.clean and Close in kinds[:-1]:
        raise AssertionError("something is done after the connection is closed")


@steady
@chance(services, modes, st.sampled_from(Phase), st.booleans(), st.lists(worlds | events | rare, min_size=20, max_size=60))
def test_whatever_happens(service: ServiceID, mode: ControlMode, phase: Phase, standby: bool, happens: list[Any]) -> None:
    play = charger_at(phase, service=service, mode=mode)
    session, snapshot = play.session, play.snapshot
    session = replace(session, config=replace(session.config, standby=standby))
    for event in happens:
        if hasattr(event, "change"):
            snapshot = event.change(snapshot)
            continue
        session, commands = secc.step(session, event, snapshot)
        safe(session, commands)
        if isinstance(event, Received) and response_of(type(event.message)):
            sent = [type(command.message) for command in commands if isinstance(command, Send)]
            assert sent in ([], [response_of(type(event.message))])


@st.composite
def transfers(draw: st.DrawFn) -> tuple[ServiceID, ControlMode, list[Any]]:
    """A session in the loop, and what happens to it: mostly turns of its own kind, while the world changes."""
    service, mode = draw(services), draw(modes)
    stop = request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop)
    happens = st.one_of(turns(service, mode).map(received), turns(service, mode).map(received), st.just(Tick()), worlds)
    last = draw(st.sampled_from(([], [StopWanted("operator")], [received(stop), Tick(), Elapsed(Timer.ANSWER)])))
    return service, mode, [*draw(st.lists(happens, max_size=30)), *last, *draw(st.lists(happens, max_size=10))]


@steady
@chance(transfers())
def test_in_the_middle_of_the_transfer(transfer: tuple[ServiceID, ControlMode, list[Any]]) -> None:
    """Where most is at stake: any numbers, any limits, any age of what is measured."""
    service, mode, happens = transfer
    play = charger_at(Phase.CHARGE_LOOP, service=service, mode=mode) >> request(DC_ChargeLoopReq, service=service, mode=mode)
    session, snapshot = play.session, play.snapshot
    for event in happens:
        if hasattr(event, "change"):
            snapshot = event.change(snapshot)
            continue
        session, commands = secc.step(session, event, snapshot)
        safe(session, commands)


@steady
@chance(st.sampled_from(Phase), services, modes, st.sampled_from(DeviceFault), asks())
def test_a_fault_is_answered_with_rest_before_a_word(
    phase: Phase, service: ServiceID, mode: ControlMode, fault: DeviceFault, ask: Message
) -> None:
    play = charger_at(phase, service=service, mode=mode)
    snapshot = given(faults=frozenset({fault})).change(play.snapshot)
    _, commands = secc.step(play.session, received(ask), snapshot)
    if phase is not Phase.ENDED:
        first = commands[0]
        assert isinstance(first, Apply)
        assert first.setpoint == Setpoint(lock=True)
        (answer,) = [command.message for command in commands if isinstance(command, Send)]
        assert answer.response_code.lower().startswith("failed")


def test_the_same_events_give_the_same_commands() -> None:
    """Replay: nothing in the session comes from elsewhere."""
    first, second = (charger_at(Phase.ENDED) for _ in range(2))
    assert first.session == second.session
    assert first.commands == second.commands
