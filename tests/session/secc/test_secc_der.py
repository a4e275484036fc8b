"""`session.secc.der`: charge parameters and loop of AC_DER_IEC, asked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.der.words import DsoSetpoint, GridCode, VoltWatt
from iso15118.exi import Message
from iso15118.messages.v20 import ac, der_iec
from iso15118.messages.v20.common import Header, Processing, ResponseCode
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.service import ServiceDiscoveryReq
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Note
from iso15118.session.events import Sent
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of
from tests.session.asked import SESSION_ID, STAMP, ac_limits, ac_turn
from tests.session.playbook import Playbook, after, charger_at, request

DER, BPT = ServiceID.AC_DER_IEC, ServiceID.AC_BPT
CODE = GridCode(volt_watt=VoltWatt(250.0, 260.0), dso_q_setpoint=True, nominal_discharge_power=5e3)
HEADER = Header(session_id=SESSION_ID, time_stamp=STAMP)


def at(phase: Phase = Phase.CHARGE_PARAMETERS, **changes: Any) -> Playbook:
    config = secc.Config(services=(service_of(DER, variants=Variants(der_functions=CODE.functions)),))
    return charger_at(phase, service=DER, config=config, **{"grid_code": CODE, **changes})


def limits(processing: Processing = Processing.Finished, header: Header = HEADER, mode: Message | None = None) -> Message:
    like = ac_limits(BPT)
    same = {name: getattr(like, name) for name in type(like).__fields__}
    told = mode or der_iec.DER_AC_CPDReqEnergyTransferMode(**same, ev_processing=processing)
    return der_iec.AC_ChargeParameterDiscoveryReq(header=header, energy_transfer_mode=told)  # type: ignore[arg-type]


@pytest.mark.case("DER-02")
def test_a_car_may_weigh_the_grid_code_and_then_goes_on() -> None:
    play = at()
    for processing, phase in ((Processing.Ongoing, Phase.CHARGE_PARAMETERS),) * 3 + ((Processing.Finished, Phase.SCHEDULE_EXCHANGE),):
        play >> limits(processing)
        told = play.sent()
        assert told.response_code is ResponseCode.OK
        assert play.session.phase is phase
        play >> Sent()


def test_a_car_does_not_weigh_the_grid_code_for_ever() -> None:
    play = at()
    for seconds in (0.0, 30.0, 29.9):
        play >> after(seconds) >> limits(Processing.Ongoing)
        assert play.sent().response_code is ResponseCode.OK
        play >> Sent()
    play >> after(0.2) >> limits(Processing.Ongoing)
    assert play.sent().response_code is ResponseCode.FAILED
    play = at() >> limits(Processing.Ongoing)
    play.skip() >> Sent() >> after(59.0) >> limits()
    assert play.sent().response_code is ResponseCode.OK


@pytest.mark.case("DER-03")
def test_limits_and_functions_are_told() -> None:
    play = at() >> limits()
    mode = play.sent().energy_transfer_mode
    assert number(mode.evse_nominal_discharge_power) == 5e3
    assert abs(number(mode.evse_maximum_discharge_power)) == 13e3
    assert mode.der_control.active_power_support.volt_watt is not None
    assert mode.der_control.reactive_power_support is None


def test_a_car_that_weighs_may_want_another_service() -> None:
    play = at() >> limits(Processing.Ongoing)
    play.skip() >> Sent() >> request(ServiceDiscoveryReq)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.SERVICE_DETAIL


def test_another_service_has_no_such_way_back() -> None:
    play = charger_at(Phase.CHARGE_PARAMETERS, service=BPT) >> request(ServiceDiscoveryReq)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError


def _plain() -> Message:
    return ac.AC_ChargeParameterDiscoveryReq(header=HEADER, energy_transfer_mode=ac_limits(BPT))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (_plain(), ResponseCode.FAILED_SequenceError),
        (limits(mode=ac_limits(BPT)), ResponseCode.FAILED_WrongChargeParameter),
        (limits(mode=ac_limits(ServiceID.AC)), ResponseCode.FAILED_WrongChargeParameter),
        (limits(header=Header(session_id=bytes(8), time_stamp=STAMP)), ResponseCode.FAILED_UnknownSession),
    ],
)
def test_what_is_refused(ask: Message, code: ResponseCode) -> None:
    play = at() >> ask
    told = play.sent()
    assert told.response_code is code
    assert type(told).__module__ == type(ask).__module__
    assert play.session.phase is Phase.ENDED
    at() >> limits()  # an honest car is served


def test_without_a_grid_code_nothing_is_promised() -> None:
    play = at(grid_code=None) >> limits()
    assert play.sent().response_code is ResponseCode.FAILED


@pytest.mark.parametrize("transfer", [ServiceID.AC_DER_SAE])
def test_what_is_not_built_is_refused(transfer: ServiceID) -> None:
    from iso15118.messages.v20 import der_sae
    from iso15118.sequence.refusals import least_of

    mode = least_of(der_sae.DER_AC_CPDReqEnergyTransferMode, ev_maximum_charge_power=rational(11_000))
    play = charger_at(Phase.CHARGE_PARAMETERS, service=transfer, grid_code=CODE)
    play >> der_sae.AC_ChargeParameterDiscoveryReq(header=HEADER, energy_transfer_mode=mode)  # type: ignore[arg-type]
    assert play.sent().response_code is ResponseCode.FAILED


@pytest.mark.case("DER-06")
@pytest.mark.parametrize("event", [0, 1, 255])
def test_a_grid_event_is_a_note_once(event: int) -> None:
    config = secc.Config(services=(service_of(BPT),))
    play = charger_at(Phase.CHARGE_LOOP, service=BPT, config=config, grid_code=CODE, dso=DsoSetpoint(discharge_power=2e3))
    der = service_of(DER, variants=Variants(der_functions=CODE.functions))
    from iso15118.value import replace

    play.session = replace(play.session, service=der, parameters=der.sets[0])
    like = ac_turn(BPT, ControlMode.SCHEDULED)
    same = {name: getattr(like, name) for name in type(like).__fields__}
    same |= {"ev_maximum_discharge_power": rational(8e3), "ev_minimum_discharge_power": rational(0)}
    turn = der_iec.DER_Scheduled_AC_CLReqControlMode(**same, grid_event_condition=event)
    notes = []
    for _ in range(2):
        play >> der_iec.AC_ChargeLoopReq(header=HEADER, meter_info_requested=False, control_mode=turn)
        notes += [command.text for command in play.commands if isinstance(command, Note) and "grid event" in command.text]
        told = play.sent()
        assert told.response_code is ResponseCode.OK
        assert number(told.control_mode.dso_maximum_discharge_power) == 2e3
        play >> Sent()
    assert notes == ([f"the car reports grid event condition {event}"] if event else [])
