"""`session.secc.ac_loop`: how a loop of alternating current ends or rests: pilot, grid, wishes, silence."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import EVSENotification, ResponseCode
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.rational import number
from iso15118.power import AcReading, AcTarget, Contactor, Pilot
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Close
from iso15118.session.events import Elapsed, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.playbook import GRID, after, applied, charger_at, given, request
from tests.session.secc.test_secc_ac_loop import BPT, DYNAMIC, PLENTY, TARGET, VARIANTS, loop, power, turned


@pytest.mark.parametrize(("power", "fails"), [(3e3, False), (-3e3, True)])
def test_before_the_first_turn_nothing_may_come_back(power: float, fails: bool) -> None:
    play = loop() >> given(ac=replace(GRID, active=PerPhase(power, 0.0, 0.0))) >> Tick() >> after(5.0) >> Tick()
    assert bool(play.skip().session.failing) is fails


def test_a_pilot_that_flutters_does_not_close_the_contactor_again() -> None:
    play = loop()
    turned(play)
    play >> given(pilot=Pilot.B) >> Tick() >> after(0.1) >> given(contactor=Contactor.OPEN, voltage=0.0) >> Tick()
    assert play << applied(contactor=False)
    assert play >> given(pilot=Pilot.C) >> Tick() << applied(contactor=False)
    play >> after(0.21) >> Tick()
    assert play << REST
    assert play.session.failing == "control pilot in C, contactor OPEN in the charge loop"


def test_a_car_that_is_early_with_b_may_still_stop_in_order() -> None:
    play = loop()
    turned(play)
    play >> given(pilot=Pilot.B) >> Tick() >> after(0.1) >> given(contactor=Contactor.OPEN, voltage=0.0) >> Tick()
    play.skip() >> request(PowerDeliveryReq, service=BPT, charge_progress=ChargeProgress.Stop)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.SESSION_STOP


@pytest.mark.case("BPT-11")
@pytest.mark.parametrize(
    "grid",
    [
        AcReading(PerPhase(), frequency=0.0),
        replace(GRID, frequency=53.0),
        replace(GRID, voltage=PerPhase(230.0, 230.0, 150.0)),
        replace(GRID, voltage=PerPhase(230.0, 270.0, 230.0)),
    ],
    ids=["gone", "frequency", "one phase", "too high"],
)
@pytest.mark.parametrize("mode", ControlMode)
def test_grid_loss_stops_feeding_at_once_and_ends_in_order(mode: ControlMode, grid: AcReading) -> None:
    play = loop(BPT, mode, budget=replace(PLENTY, target=-5e3))
    turned(play, BPT, mode)
    play >> given(ac=grid) >> Tick()
    assert play << applied(contactor=False, target=AcTarget())
    answer = (play >> request(AC_ChargeLoopReq, service=BPT, mode=mode)).sent()
    assert answer.response_code is ResponseCode.OK
    assert answer.evse_status.evse_notification is EVSENotification.Terminate
    play >> Sent() >> given(ac=GRID) >> Tick()
    assert not play.skip().session.setpoint.contactor, "a grid that is back does not close it again"


@pytest.mark.parametrize(("pilot", "seconds", "fails"), [(Pilot.B, 0.2, False), (Pilot.B, 0.31, True), (Pilot.D, 9.0, False)])
def test_a_pilot_that_leaves_in_the_loop(pilot: Pilot, seconds: float, fails: bool) -> None:
    play = loop()
    turned(play)
    play >> given(pilot=pilot) >> Tick() >> after(seconds) >> Tick()
    assert bool(play.skip().session.failing) is fails


@pytest.mark.case("NOT-01")
@VARIANTS
def test_the_operators_stop_is_told_and_power_goes(service: ServiceID, mode: ControlMode) -> None:
    play = loop(service, mode)
    turned(play, service, mode)
    play >> StopWanted("closed for today") << applied(contactor=True, target=AcTarget())
    delays = []
    for _ in range(2):
        answer = (play >> request(AC_ChargeLoopReq, service=service, mode=mode)).sent()
        assert answer.evse_status.evse_notification is EVSENotification.Terminate
        assert number(answer.control_mode.evse_target_active_power) == 0
        delays.append(answer.evse_status.notification_max_delay)
        play >> Sent() >> after(1.0)
    assert delays == [20, 19]


@pytest.mark.case("TIM-05")
@VARIANTS
def test_a_silent_car(service: ServiceID, mode: ControlMode) -> None:
    play = loop(service, mode) >> request(AC_ChargeLoopReq, service=service, mode=mode)
    play.skip() >> Sent()
    assert [c.seconds for c in play.commands if getattr(c, "timer", None) is Timer.SEQUENCE] == [0.5]
    assert play >> Elapsed(Timer.SEQUENCE) << REST << Close


@pytest.mark.case("PWR-11")
@VARIANTS
def test_standby_keeps_the_contactor_and_asks_for_nothing(service: ServiceID, mode: ControlMode) -> None:
    play = charger_at(Phase.STANDBY, service=service, mode=mode)
    assert play.session.setpoint.contactor
    said = turned(play, service, mode)
    assert said.get(TARGET, 0) == 0
    assert play.session.setpoint.target is None
    play >> request(PowerDeliveryReq, service=service, mode=mode)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.CHARGE_LOOP
    play >> Sent()
    turned(play, service, mode)
    assert power(play) > 0


def test_a_grid_lost_in_standby_opens() -> None:
    play = charger_at(Phase.STANDBY, service=BPT, mode=DYNAMIC)
    play >> given(ac=AcReading(PerPhase(), frequency=0.0)) >> Tick()
    assert not play.skip().session.setpoint.contactor
    assert play.session.stop == "the grid is lost"
