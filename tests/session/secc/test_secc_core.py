"""`session.secc.core`: whatever comes, in whatever phase: the paired refusal, and power away before a word is said."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import CodecError, DeviceFault
from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq, DC_ChargeLoopRes, DC_PreChargeReq
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.session import SessionSetupReq, SessionStopReq
from iso15118.power import OFF, Contactor, Insulation
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Closed, Connected, Elapsed, Garbled, Sent, Tick
from tests.sequence import order
from tests.session.asked import NOBODY, REQUESTS, SESSION_ID, STAMP
from tests.session.playbook import Playbook, after, applied, charger_at, given, request, snapshot

pytestmark = pytest.mark.long

EXPECTED, LEGAL = order.EXPECTED["DC"], order.ALWAYS["DC"]

AWAITING = [phase for phase in Phase if phase is not Phase.ENDED]
WITH_ID = [cls for cls in REQUESTS if cls not in (supportedAppProtocolReq, SessionSetupReq)]
HOT = (Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.STANDBY)
"""Phases in which a set-point may be more than rest, once the first request has been answered."""
by_name = {cls.__name__: cls for cls in REQUESTS}


def busy_at(phase: Phase) -> Playbook:
    """A charger in this phase whose metal does as much as it ever does there."""
    play = charger_at(phase)
    if phase is Phase.CHARGE_LOOP:
        play >> given(current=20.0) >> request(DC_ChargeLoopReq) << applied(current=20.0) << DC_ChargeLoopRes
        play >> Sent()
    elif phase is Phase.CABLE_CHECK:
        (play >> request(DC_CableCheckReq)).skip() >> Sent()
        play >> given(voltage=450.0, contactor=Contactor.CLOSED, insulation=Insulation.TESTING)
    elif phase is Phase.PRE_CHARGE:
        (play >> request(DC_PreChargeReq)).skip() >> Sent()
    return play


def legal_in(phase: Phase, cls: type[Message]) -> Message:
    """A request of this class that is in order in this phase."""
    if cls is PowerDeliveryReq and phase in (Phase.CABLE_CHECK, Phase.CHARGE_LOOP):
        return request(cls, charge_progress=ChargeProgress.Stop)
    return request(cls)


def phase_of(cls: type[Message]) -> Phase:
    """A phase that takes a request of this class; the loop for one that none takes."""
    return next((phase for phase in Phase if (phase.name, cls.__name__) in LEGAL), Phase.CHARGE_LOOP)


def refused(play: Playbook, ask: Message, code: ResponseCode) -> None:
    """The request gets the response that pairs with it, with this code; power goes first, the connection last."""
    play >> ask
    kinds = [type(c) for c in play.commands if isinstance(c, Apply | Send | Close)]
    assert kinds[0] is Apply
    assert play.commands[0] == Apply(REST) or play.commands[1] == Apply(REST)
    assert kinds[-1] is Send, "the answer is written before the connection is closed"
    answer = play.sent()
    assert type(answer).__name__ == f"{type(ask).__name__[:-3]}Res"
    if isinstance(answer, supportedAppProtocolRes):
        assert answer.response_code is AppProtocolResponseCode.Failed_NoNegotiation
    else:
        assert answer.response_code is code
    ended(play)
    assert play >> Sent() << Close
    assert play >> Tick() << applied(current=0.0, contactor=False)


def ended(play: Playbook) -> None:
    session = play.session
    assert (session.phase, session.clean, session.setpoint) == (Phase.ENDED, False, REST)


# The order of messages.


@pytest.mark.parametrize("cls", REQUESTS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("phase", AWAITING)
def test_a_request_out_of_order(phase: Phase, cls: type[Message]) -> None:
    """SEQ-01, SEQ-03, SEQ-04, SEQ-06, SES-14, SAP-10: every request in every phase that does not take it."""
    if (phase.name, cls.__name__) not in LEGAL:
        refused(busy_at(phase), request(cls), ResponseCode.FAILED_SequenceError)


@pytest.mark.parametrize(("phase", "cls"), sorted(LEGAL))
def test_a_request_in_order(phase: str, cls: str) -> None:
    """The positive control: the paired response, no refusal, and a phase that the table knows."""
    play = charger_at(Phase[phase])
    answer = (play >> legal_in(Phase[phase], by_name[cls])).sent()
    assert type(answer).__name__ == f"{cls[:-3]}Res"
    assert answer.response_code.startswith("OK")
    assert play.session.phase.name in {next_ for (at, name, _), next_ in EXPECTED.items() if (at, name) == (phase, cls)}
    assert not any(isinstance(command, Close) for command in play.commands)


@pytest.mark.parametrize("cls", REQUESTS, ids=lambda cls: cls.__name__)
def test_after_the_end_nothing_is_answered(cls: type[Message]) -> None:
    play = charger_at(Phase.ENDED) >> request(cls)
    assert [type(command) for command in play.commands] == [Note]
    assert play.session.clean


def test_a_response_is_not_a_request() -> None:
    """MAL-05: it is passed over, and the sequence timer goes on."""
    play = busy_at(Phase.CHARGE_LOOP)
    answer = request(DC_ChargeLoopReq)
    answer = (play >> answer).sent()
    play >> answer
    assert [type(command) for command in play.commands] == [Note]
    assert play.session.phase is Phase.CHARGE_LOOP


def test_a_second_request_before_the_first_is_answered() -> None:
    play = busy_at(Phase.CHARGE_LOOP) >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop) << REST
    refused(play, request(DC_ChargeLoopReq), ResponseCode.FAILED_SequenceError)


# Who speaks.


@pytest.mark.parametrize("cls", WITH_ID, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("session_id", [NOBODY, SESSION_ID[:-1] + bytes([SESSION_ID[-1] ^ 1])], ids=["zero", "one bit"])
def test_a_foreign_session_id(cls: type[Message], session_id: bytes) -> None:
    """SES-05, SES-06: also where the request itself would be out of order."""
    refused(busy_at(phase_of(cls)), request(cls, session_id=session_id), ResponseCode.FAILED_UnknownSession)


@pytest.mark.parametrize("bit", range(64))
def test_every_bit_of_the_session_id_counts(bit: int) -> None:
    other = (int.from_bytes(SESSION_ID) ^ 1 << bit).to_bytes(8)
    refused(charger_at(Phase.AUTHORIZATION), request(by_name["AuthorizationReq"], session_id=other), ResponseCode.FAILED_UnknownSession)


def test_before_session_setup_there_is_no_id_to_know() -> None:
    refused(charger_at(Phase.SESSION_SETUP), request(SessionStopReq, session_id=NOBODY), ResponseCode.FAILED_SequenceError)


# Timers.


@pytest.mark.parametrize("timer", [Timer.SEQUENCE, Timer.WRITE, Timer.STOP])
@pytest.mark.parametrize("phase", AWAITING)
def test_a_silent_car_is_left_without_a_word(phase: Phase, timer: Timer) -> None:
    """TIM-01, TIM-05, SAP-15: nothing is sent; rest first, then the connection is closed and no timer left running."""
    play = busy_at(phase) >> Elapsed(timer)
    kinds = [type(command) for command in play.commands]
    assert Send not in kinds
    assert {command.timer for command in play.commands if isinstance(command, Disarm)} == set(Timer)
    assert play << REST << Close
    ended(play)


def test_the_first_request_has_sixty_seconds() -> None:
    play = Playbook(secc.begin(secc.Config(), SESSION_ID), secc.step, snapshot())
    assert play >> Connected() << Arm(Timer.SEQUENCE, 60.0)


@pytest.mark.parametrize(("phase", "cls"), sorted(LEGAL))
def test_how_long_the_next_request_may_take(phase: str, cls: str) -> None:
    """The time counts from the written response, and stops when a request is complete."""
    play = charger_at(Phase[phase])
    play >> legal_in(Phase[phase], by_name[cls])
    assert play.commands[0] == Disarm(Timer.SEQUENCE)
    assert [command for command in play.commands if isinstance(command, Arm)] == [Arm(Timer.WRITE, 0.5)]
    armed = Arm(Timer.HOLD, 5.0) if cls == "SessionStopReq" else Arm(Timer.SEQUENCE, 0.5 if cls == "DC_ChargeLoopReq" else 60.0)
    assert play.skip() >> Sent() << Disarm(Timer.WRITE) << armed


def test_while_power_flows_the_car_is_heard_every_half_second() -> None:
    """Also after an answer that is not of the loop: a refused standby must not buy a silent minute."""
    play = busy_at(Phase.CHARGE_LOOP) >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Standby) << PowerDeliveryRes
    assert play >> Sent() << Arm(Timer.SEQUENCE, 0.5)
    play >> Elapsed(Timer.SEQUENCE)
    assert play << REST << Close


def test_a_longer_time_for_a_known_slow_car() -> None:
    config = secc.Config(times=secc.Config().times._replace(charge_loop=2.0))
    play = charger_at(Phase.CHARGE_LOOP, config=config) >> request(DC_ChargeLoopReq)
    assert play.skip() >> Sent() << Arm(Timer.SEQUENCE, 2.0)


def test_a_late_word_that_the_last_answer_is_out_does_not_hurry_a_waiting_one() -> None:
    """`Sent` and the next request may cross in the shell; the request that waits for metal has its own deadline."""
    play = busy_at(Phase.CHARGE_LOOP)
    (play >> request(DC_ChargeLoopReq)).skip()
    play >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop) << REST
    play >> Sent()
    assert Timer.SEQUENCE not in [command.timer for command in play.commands if isinstance(command, Arm)]


def test_the_timers_of_a_car_are_none_of_ours() -> None:
    play = busy_at(Phase.CHARGE_LOOP) >> Elapsed(Timer.PACE)
    assert [type(command) for command in play.commands] == [Note]
    assert play.session.phase is Phase.CHARGE_LOOP


@pytest.mark.case("STP-01")
def test_after_the_end_in_order_the_car_may_close_first() -> None:
    """STP-01."""
    play = charger_at(Phase.SESSION_STOP) >> request(SessionStopReq)
    assert play.skip() >> Sent() << Arm(Timer.HOLD, 5.0)
    assert play >> after(4.9) >> Tick() >> Elapsed(Timer.HOLD) << Close("session stopped", clean=True)


# Metal.


@pytest.mark.parametrize("phase", AWAITING)
@pytest.mark.parametrize("fault", [DeviceFault.EMERGENCY_STOP, DeviceFault.INSULATION])
def test_a_fault_takes_power_before_anything_else(phase: Phase, fault: DeviceFault) -> None:
    play = busy_at(phase) >> given(faults=frozenset({fault})) >> Tick()
    assert play.commands[0] == Apply(REST)
    assert play << REST
    assert fault.value in play.session.failing
    assert play >> given(faults=frozenset()) >> Tick() << REST, "gone is not forgiven"
    cls = by_name[
        next(
            name
            for at, name in sorted(LEGAL)
            if (at == phase.name and name != "SessionStopReq") or (at, name) == (phase.name, "SessionStopReq")
        )
    ]
    ask = legal_in(phase, cls)
    code = ResponseCode.FAILED_PowerDeliveryNotApplied if cls is PowerDeliveryReq else ResponseCode.FAILED
    refused(play, ask, code)


@pytest.mark.parametrize("phase", AWAITING)
def test_a_fault_that_comes_with_a_request(phase: Phase) -> None:
    cls = by_name[min(name for at, name in LEGAL if at == phase.name)]
    play = busy_at(phase) >> given(faults=frozenset({DeviceFault.SUPPLY})) >> legal_in(phase, cls)
    assert play.commands[0] == Apply(REST)
    answer = play.sent()
    assert answer.response_code.startswith(("FAILED", "Failed"))
    assert play >> Sent() << Close


@pytest.mark.parametrize("phase", AWAITING)
def test_lost_telemetry_is_a_fault_while_the_contactor_may_be_closed(phase: Phase) -> None:
    play = busy_at(phase) >> after(0.99, fresh=False) >> Tick()
    play.skip()
    assert play.session.failing == ""
    play >> after(0.02, fresh=False) >> Tick()
    assert (play.session.failing == DeviceFault.STALE.value) is (phase in HOT)
    assert (play.commands[0] == Apply(REST)) or phase not in HOT


@pytest.mark.parametrize("phase", AWAITING)
def test_the_tick_renews_the_set_point(phase: Phase) -> None:
    play = busy_at(phase)
    before = play.session.setpoint
    play >> Tick()
    assert play.commands == (Apply(before),)


@pytest.mark.parametrize(("voltage", "age", "wanted"), [(400.0, 0.0, REST), (60.0, 0.0, REST), (59.0, 0.0, OFF), (59.0, 0.31, REST)])
def test_the_connector_is_freed_when_the_voltage_is_known_to_be_gone(voltage: float, age: float, wanted: Any) -> None:
    play = charger_at(Phase.ENDED) >> given(voltage=voltage) >> after(age, fresh=False)
    assert play >> Tick() << Apply(wanted)


@pytest.mark.case("STP-03")
@pytest.mark.parametrize("phase", AWAITING)
def test_a_lost_connection(phase: Phase) -> None:
    """STP-03: rest; the connector is held while there is voltage."""
    play = busy_at(phase) >> Closed("reset by peer")
    free = play.snapshot.reading.voltage.value < 60
    assert play << Apply(OFF if free else REST)
    assert {command.timer for command in play.commands if isinstance(command, Disarm)} == set(Timer)
    assert play.session.phase is Phase.ENDED
    assert play >> Tick() << Apply(OFF if free else REST)
    assert play >> given(voltage=10.0) >> Tick() << OFF


@pytest.mark.parametrize("phase", AWAITING)
def test_garbage(phase: Phase) -> None:
    """MAL-01: what is no message ends the session without a word."""
    play = busy_at(phase) >> Garbled(CodecError("end of stream", bit=12))
    assert play << REST << Close("not a message: bit 12: end of stream")
    ended(play)


# What every answer has in common.


@pytest.mark.case("SES-09")
def test_time_stamps_rise_though_the_clock_stands_or_falls_back() -> None:
    """SES-09, and V2G20-1537."""
    play = charger_at(Phase.CHARGE_LOOP)
    stamps = []
    for clock in (STAMP + 10_000_000, STAMP + 10_000_000, STAMP - 10_000_000, STAMP + 20_000_000):
        stamps.append((play >> given(clock=clock) >> request(DC_ChargeLoopReq)).sent().header.time_stamp)
        play >> Sent()
    assert stamps == sorted(set(stamps))
    assert stamps[-1] == STAMP + 20_000_000
    assert all(stamp.bit_length() > 50 for stamp in stamps), "microseconds"


@pytest.mark.case("SES-11")
@pytest.mark.parametrize(("stamp", "unit"), [(STAMP // 1_000_000, "seconds"), (STAMP // 1000, "milliseconds")])
def test_a_car_that_stamps_in_another_unit_is_served_and_noted_once(stamp: int, unit: str) -> None:
    """SES-11."""
    play = charger_at(Phase.CHARGE_LOOP)
    ask = request(DC_ChargeLoopReq, header=Header(session_id=SESSION_ID, time_stamp=stamp))
    notes = []
    for _ in range(3):
        assert (play >> ask).sent().response_code is ResponseCode.OK
        notes += [command.text for command in play.commands if isinstance(command, Note)]
        play >> Sent()
    assert len(notes) == 1
    assert unit in notes[0]
    assert "[V2G20-2676]" in notes[0]


def test_every_answer_bears_the_session_id() -> None:
    """SES-01."""
    play = charger_at(Phase.SESSION_SETUP)
    assert (play >> request(SessionSetupReq)).sent().header.session_id == SESSION_ID
    play >> Sent()
    assert (play >> request(by_name["AuthorizationSetupReq"])).sent().header.session_id == SESSION_ID


@pytest.mark.case("SES-12")
def test_a_clock_that_jumps_back_is_served_and_noted_once() -> None:
    """SES-12."""
    play = charger_at(Phase.CHARGE_LOOP)
    notes = []
    for stamp in (STAMP + 20_000_000, STAMP + 10_000_000, STAMP + 5_000_000):
        ask = request(DC_ChargeLoopReq, header=Header(session_id=SESSION_ID, time_stamp=stamp))
        assert (play >> ask).sent().response_code is ResponseCode.OK
        notes += [command.text for command in play.commands if isinstance(command, Note)]
        play >> Sent()
    assert notes == ["deviation time_stamp_back: time stamps that do not increase [V2G20-1537]"]
