"""`session.secc`: a session that this side wants to end, or that may not go on."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes, DC_PreChargeReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Pilot, Setpoint
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Arm, Close, Send
from iso15118.session.events import Elapsed, Sent, StopWanted, Tick
from iso15118.session.services import ServiceID
from tests.session.playbook import applied, charger_at, given, request, said
from tests.session.secc.test_secc_core import AWAITING, LEGAL, busy_at, by_name, refused


@pytest.mark.parametrize("phase", [Phase.APP_PROTOCOL, Phase.SESSION_SETUP])
def test_stop_before_there_is_a_session(phase: Phase) -> None:
    assert charger_at(phase) >> StopWanted("closed for today") << REST << Close("closed for today")


@pytest.mark.parametrize("phase", AWAITING[2 : AWAITING.index(Phase.POWER_DELIVERY)])
def test_stop_before_power(phase: Phase) -> None:
    play = (busy_at(phase) >> StopWanted("closed for today") << Arm(Timer.STOP, 20.0)).skip()
    assert not play.session.setpoint.contactor
    cls = by_name[next(name for at, name in sorted(LEGAL) if at == phase.name and name != "SessionStopReq")]
    refused(play, request(cls), ResponseCode.FAILED)


@pytest.mark.parametrize("phase", AWAITING[2 : AWAITING.index(Phase.POWER_DELIVERY)])
def test_a_car_that_leaves_by_itself_after_a_stop_is_not_refused(phase: Phase) -> None:
    play = (busy_at(phase) >> StopWanted("closed for today")).skip() >> request(SessionStopReq)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.clean


def test_stop_is_wanted_once() -> None:
    play = busy_at(Phase.CHARGE_LOOP) >> StopWanted("first") << applied(current=0.0, contactor=True)
    play >> StopWanted("second")
    assert play.commands == ()
    assert play.session.stop == "first"


def test_a_car_that_does_not_stop_is_cut_off() -> None:
    play = busy_at(Phase.CHARGE_LOOP) >> StopWanted("closed") << Arm(Timer.STOP, 20.0) << applied(current=0.0)
    assert play >> request(DC_ChargeLoopReq) << said(DC_ChargeLoopRes) >> Sent()
    assert play >> Elapsed(Timer.STOP) << REST << Close


@pytest.mark.parametrize("phase", [Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.POWER_DELIVERY])
@pytest.mark.parametrize("verdict", [Authorisation.PENDING, Authorisation.REFUSED])
def test_without_authorisation_there_is_no_voltage(phase: Phase, verdict: Authorisation) -> None:
    play = charger_at(phase) >> given(authorisation=verdict)
    asked = {Phase.CABLE_CHECK: "DC_CableCheckReq", Phase.PRE_CHARGE: "DC_PreChargeReq", Phase.POWER_DELIVERY: "PowerDeliveryReq"}[phase]
    code = ResponseCode.FAILED_PowerDeliveryNotApplied if phase is Phase.POWER_DELIVERY else ResponseCode.FAILED
    assert (play >> request(by_name[asked])).sent().response_code is code
    assert play.session.setpoint.voltage == 0
    assert not play.session.setpoint.contactor


def test_an_authorisation_withdrawn_in_the_loop_ends_it_in_order() -> None:
    play = charger_at(Phase.CHARGE_LOOP)
    (play >> request(DC_ChargeLoopReq) << applied(current=20.0)).sent()
    play >> Sent() >> given(authorisation=Authorisation.REFUSED)
    assert play >> Tick() << applied(current=0.0)
    answer = (play >> request(DC_ChargeLoopReq)).sent()
    assert answer.evse_status is not None
    assert answer.evse_status.evse_notification == "Terminate"


@pytest.mark.parametrize("phase", [Phase.PRE_CHARGE, Phase.POWER_DELIVERY])
def test_an_authorisation_withdrawn_before_the_loop_takes_the_voltage_away_at_once(phase: Phase) -> None:
    """Not only with the car's next request, for which it has a minute."""
    play = charger_at(phase)
    if phase is Phase.PRE_CHARGE:
        (play >> request(DC_PreChargeReq)).skip() >> Sent()
    assert play.skip().session.setpoint.contactor
    play >> given(authorisation=Authorisation.REFUSED)
    assert play >> Tick() << REST
    assert play.session.failing == "the authorisation is withdrawn"


@pytest.mark.parametrize("phase", [Phase.PRE_CHARGE, Phase.POWER_DELIVERY])
def test_an_end_wished_for_before_the_loop_takes_the_voltage_away_at_once(phase: Phase) -> None:
    play = charger_at(phase)
    if phase is Phase.PRE_CHARGE:
        (play >> request(DC_PreChargeReq)).skip() >> Sent()
    assert play.skip().session.setpoint.contactor
    assert play >> StopWanted("the shop closes") << REST
    assert play >> Tick() << REST


@pytest.mark.parametrize("service", [ServiceID.DC, ServiceID.DC_BPT])
def test_a_stop_before_the_first_turn_ends_the_pre_charge(service: ServiceID) -> None:
    """The loop is open, the car has not spoken in it: voltage and trickle of the pre-charge go, the contactor waits for the car."""
    play = charger_at(Phase.CHARGE_LOOP, service=service)
    assert play.session.setpoint.trickle > 0
    assert play >> StopWanted("operator") << Setpoint(contactor=True, lock=True)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.APP_PROTOCOL, Phase.ENDED)])
def test_a_session_ends_with_its_cable_however_soon_another_car_is_plugged_in(phase: Phase) -> None:
    play = charger_at(phase) >> given(pilot=Pilot.A) >> Tick()
    assert play << applied(contactor=False, current=0.0) << Close("the car is unplugged")
    play >> given(pilot=Pilot.C) >> request(SessionStopReq)
    assert not any(isinstance(command, Send) for command in play.skip().commands)
