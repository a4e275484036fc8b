"""`session.secc.core` on alternating current: the order of messages, refusals, timers and faults, walked as `test_secc_core` does."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import CodecError, DeviceFault
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.power import OFF
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Close, Disarm, Send
from iso15118.session.events import Closed, Elapsed, Garbled, Sent, Tick
from iso15118.session.services import ControlMode, ServiceID
from tests.sequence import order
from tests.session.asked import NOBODY, REQUESTS, SESSION_ID
from tests.session.playbook import Playbook, after, charger_at, given, request
from tests.session.secc.test_secc_core import ended, refused

pytestmark = pytest.mark.long

EXPECTED, LEGAL = order.EXPECTED["AC"], order.ALWAYS["AC"]
DIRECT = (Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.WELDING_DETECTION, Phase.ENDED)
AWAITING = [phase for phase in Phase if phase not in DIRECT]
HOT = (Phase.CHARGE_LOOP, Phase.STANDBY)
WITH_ID = [cls for cls in REQUESTS if cls not in (supportedAppProtocolReq, SessionSetupReq)]
by_name = {cls.__name__: cls for cls in REQUESTS}
VARIANTS = pytest.mark.parametrize(
    ("service", "mode"), [(service, mode) for service in (ServiceID.AC, ServiceID.AC_BPT) for mode in ControlMode]
)


def busy_at(phase: Phase, service: ServiceID = ServiceID.AC_BPT, mode: ControlMode = ControlMode.SCHEDULED) -> Playbook:
    """A charger in this phase whose metal does as much as it ever does there."""
    play = charger_at(phase, service=service, mode=mode)
    if phase is Phase.CHARGE_LOOP:
        (play >> request(AC_ChargeLoopReq, service=service, mode=mode)).skip() >> Sent()
    return play


def legal_in(phase: Phase, cls: type[Message], service: ServiceID, mode: ControlMode) -> Message:
    """A request of this class that is in order in this phase."""
    stops = cls is PowerDeliveryReq and phase is Phase.CHARGE_LOOP
    ask: Message = request(cls, service=service, mode=mode, **({"charge_progress": ChargeProgress.Stop} if stops else {}))
    return ask


@pytest.mark.case("SEQ-01", "SEQ-03", "SEQ-04", "SES-14", "SAP-10")
@pytest.mark.parametrize("cls", REQUESTS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("phase", AWAITING)
def test_a_request_out_of_order(phase: Phase, cls: type[Message]) -> None:
    if (phase.name, cls.__name__) not in LEGAL:
        refused(busy_at(phase), request(cls, service=ServiceID.AC_BPT), ResponseCode.FAILED_SequenceError)


@pytest.mark.case("SEQ-07")
@VARIANTS
@pytest.mark.parametrize("phase", AWAITING)
def test_cable_check_has_no_place_on_alternating_current(phase: Phase, service: ServiceID, mode: ControlMode) -> None:
    refused(busy_at(phase, service, mode), request(DC_CableCheckReq), ResponseCode.FAILED_SequenceError)


@VARIANTS
@pytest.mark.parametrize(("phase", "cls"), sorted(LEGAL))
def test_a_request_in_order(phase: str, cls: str, service: ServiceID, mode: ControlMode) -> None:
    """The positive control; Start and Stop are answered when metal has acted."""
    play = charger_at(Phase[phase], service=service, mode=mode) >> legal_in(Phase[phase], by_name[cls], service, mode)
    assert not any(isinstance(command, Close) for command in play.commands)
    if play.session.deferred is not None:
        assert cls == "PowerDeliveryReq"
        return
    answer = play.sent()
    assert type(answer).__name__ == f"{cls[:-3]}Res"
    assert answer.response_code.startswith("OK")
    assert play.session.phase.name in {next_ for (at, name, _), next_ in EXPECTED.items() if (at, name) == (phase, cls)}


@pytest.mark.case("SES-05", "SES-06")
@pytest.mark.parametrize("cls", WITH_ID, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("session_id", [NOBODY, SESSION_ID[:-1] + bytes([SESSION_ID[-1] ^ 1])], ids=["zero", "one bit"])
def test_a_foreign_session_id(cls: type[Message], session_id: bytes) -> None:
    phase = next((phase for phase in Phase if (phase.name, cls.__name__) in LEGAL), Phase.CHARGE_LOOP)
    refused(busy_at(phase), request(cls, service=ServiceID.AC_BPT, session_id=session_id), ResponseCode.FAILED_UnknownSession)


@pytest.mark.case("TIM-01", "TIM-05")
@pytest.mark.parametrize("timer", [Timer.SEQUENCE, Timer.WRITE, Timer.STOP])
@pytest.mark.parametrize("phase", AWAITING)
def test_a_silent_car_is_left_without_a_word(phase: Phase, timer: Timer) -> None:
    play = busy_at(phase) >> Elapsed(timer)
    assert Send not in [type(command) for command in play.commands]
    assert {command.timer for command in play.commands if isinstance(command, Disarm)} == set(Timer)
    assert play << REST << Close
    ended(play)


@pytest.mark.parametrize("phase", AWAITING)
@pytest.mark.parametrize("fault", [DeviceFault.RESIDUAL_CURRENT, DeviceFault.REVERSE_POWER])
def test_a_fault_takes_power_before_anything_else(phase: Phase, fault: DeviceFault) -> None:
    play = busy_at(phase) >> given(faults=frozenset({fault})) >> Tick()
    assert play.commands[0] == Apply(REST)
    assert play << REST
    assert fault.value in play.session.failing
    assert play >> given(faults=frozenset()) >> Tick() << REST, "gone is not forgiven"


@pytest.mark.parametrize("phase", AWAITING)
def test_lost_telemetry_is_a_fault_while_the_contactor_may_be_closed(phase: Phase) -> None:
    play = busy_at(phase) >> after(1.1, fresh=False) >> Tick()
    assert (play.skip().session.failing == DeviceFault.STALE.value) is (phase in HOT)


@pytest.mark.case("STP-03")
@pytest.mark.parametrize("phase", AWAITING)
def test_a_lost_connection(phase: Phase) -> None:
    play = busy_at(phase) >> Closed("reset by peer")
    assert play << Apply(OFF if play.snapshot.reading.voltage.value < 60 else REST)
    assert play.session.phase is Phase.ENDED
    assert play >> given(voltage=0.0) >> Tick() << OFF


@pytest.mark.case("MAL-01")
@pytest.mark.parametrize("phase", AWAITING)
def test_garbage(phase: Phase) -> None:
    play = busy_at(phase) >> Garbled(CodecError("end of stream", bit=12))
    assert play << REST << Close("not a message: bit 12: end of stream")
    ended(play)


@VARIANTS
@pytest.mark.parametrize("verdict", [Authorisation.PENDING, Authorisation.REFUSED])
def test_nothing_is_energised_without_authorisation(service: ServiceID, mode: ControlMode, verdict: Authorisation) -> None:
    play = charger_at(Phase.POWER_DELIVERY, service=service, mode=mode) >> given(authorisation=verdict)
    refused(play, request(PowerDeliveryReq, service=service, mode=mode), ResponseCode.FAILED)
