"""`session.secc.ac_delivery`: Start and Stop of alternating current wait for pilot and contactor."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import DeviceFault
from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.power import AcReading, AcTarget, Contactor, Pilot, Setpoint
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Arm, Close, Disarm
from iso15118.session.events import Elapsed, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode, ServiceID
from iso15118.units import PerPhase
from tests.session.playbook import Playbook, after, applied, charger_at, given, request, said

AC, BPT = ServiceID.AC, ServiceID.AC_BPT
VARIANTS = pytest.mark.parametrize(("service", "mode"), [(service, mode) for service in (AC, BPT) for mode in ControlMode])
STOP = {"charge_progress": ChargeProgress.Stop}
DEAD = AcReading(PerPhase(0.0, 0.0, 0.0), frequency=0.0)


def starting(service: ServiceID = BPT, mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Playbook:
    """The car has just asked for the Start."""
    return charger_at(Phase.POWER_DELIVERY, service=service, mode=mode, **changes) >> request(PowerDeliveryReq, service=service, mode=mode)


def looping(service: ServiceID = BPT, mode: ControlMode = ControlMode.SCHEDULED) -> Playbook:
    play = charger_at(Phase.CHARGE_LOOP, service=service, mode=mode) >> request(AC_ChargeLoopReq, service=service, mode=mode)
    return play.skip() >> Sent()


def refused(play: Playbook, code: ResponseCode) -> None:
    assert play << REST << said(PowerDeliveryRes, response_code=code)
    assert play.session.phase is Phase.ENDED
    assert play >> Sent() << Close


@VARIANTS
def test_start_is_answered_when_the_contactor_has_closed(service: ServiceID, mode: ControlMode) -> None:
    closed = Setpoint(contactor=True, lock=True, bidirectional=service is BPT, target=AcTarget())
    play = starting(service, mode) << REST << Arm(Timer.ANSWER, 1.4)
    assert play >> after(0.2) >> Tick() << REST, "nothing closes in B"
    assert play >> given(pilot=Pilot.C) >> Tick() << closed
    assert play >> after(0.1) >> given(contactor=Contactor.MOVING, locked=True) >> Tick() << closed
    play >> after(0.1) >> given(contactor=Contactor.CLOSED, voltage=230.0) >> Tick()
    assert play << closed << Disarm(Timer.ANSWER) << said(PowerDeliveryRes, response_code=ResponseCode.OK)
    assert play >> Sent() << Arm(Timer.SEQUENCE, 60.0)
    assert play.session.phase is Phase.CHARGE_LOOP


def test_a_pilot_that_was_early_is_served() -> None:
    """A deviation of cars that is harmless [V2G20-1617]."""
    play = charger_at(Phase.POWER_DELIVERY, service=BPT) >> given(pilot=Pilot.C) >> request(PowerDeliveryReq, service=BPT)
    assert play << applied(contactor=True, lock=True)


@pytest.mark.case("PWR-06")
@VARIANTS
@pytest.mark.parametrize(("contactor", "locked"), [(Contactor.OPEN, True), (Contactor.MOVING, True), (Contactor.CLOSED, False)])
def test_a_contactor_that_does_not_close(service: ServiceID, mode: ControlMode, contactor: Contactor, locked: bool) -> None:
    play = starting(service, mode) << REST >> after(0.1) >> given(pilot=Pilot.C) >> Tick() << applied(contactor=True)
    assert play >> given(contactor=contactor, locked=locked) >> after(1.2) >> Tick() << applied(contactor=True)
    refused(play >> after(0.1) >> Elapsed(Timer.ANSWER), ResponseCode.FAILED_ContactorError)


def test_an_old_word_of_the_contactor_is_no_proof() -> None:
    play = starting() << REST >> given(pilot=Pilot.C, contactor=Contactor.OPEN) >> Tick() << applied(contactor=True)
    play >> given(contactor=Contactor.CLOSED, locked=True) >> after(0.4, fresh=False) >> Tick()
    assert play.session.phase is Phase.POWER_DELIVERY


@pytest.mark.case("PWR-06")
def test_a_contactor_that_is_closed_before_anybody_has_asked() -> None:
    play = charger_at(Phase.POWER_DELIVERY, service=BPT) >> given(contactor=Contactor.CLOSED)
    refused(play >> request(PowerDeliveryReq, service=BPT), ResponseCode.FAILED_ContactorError)


@pytest.mark.case("PWR-06")
@VARIANTS
def test_the_guard_finds_the_contactor_first(service: ServiceID, mode: ControlMode) -> None:
    play = starting(service, mode) << REST >> after(0.1) >> given(pilot=Pilot.C) >> Tick() << applied(contactor=True)
    play >> after(0.3) >> given(faults=frozenset({DeviceFault.CONTACTOR})) >> Tick()
    refused(play, ResponseCode.FAILED_ContactorError)


@pytest.mark.case("PWR-07")
@VARIANTS
def test_no_grid(service: ServiceID, mode: ControlMode) -> None:
    play = charger_at(Phase.POWER_DELIVERY, service=service, mode=mode) >> given(ac=DEAD)
    refused(play >> request(PowerDeliveryReq, service=service, mode=mode), ResponseCode.FAILED_PowerDeliveryNotApplied)


@pytest.mark.case("PWR-07")
@VARIANTS
def test_a_fault_while_the_start_waits(service: ServiceID, mode: ControlMode) -> None:
    play = starting(service, mode) << REST >> given(faults=frozenset({DeviceFault.SUPPLY})) >> Tick()
    refused(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


@pytest.mark.case("PWR-08")
@VARIANTS
def test_a_pilot_that_stays_in_b(service: ServiceID, mode: ControlMode) -> None:
    play = starting(service, mode) << REST
    assert play >> after(0.3) >> Tick() << REST
    refused(play >> after(0.1) >> Tick(), ResponseCode.FAILED)


def test_without_authorisation_the_contactor_stays_open() -> None:
    play = starting() << REST >> after(0.1) >> given(pilot=Pilot.C) >> Tick() << applied(contactor=True)
    play >> given(authorisation=Authorisation.REFUSED) >> Tick()
    refused(play, ResponseCode.FAILED_PowerDeliveryNotApplied)


def test_our_own_wish_to_end_while_the_start_waits() -> None:
    play = starting() << REST >> after(0.1) >> given(pilot=Pilot.C) >> Tick() << applied(contactor=True)
    play >> StopWanted("closed") << REST
    refused(play >> Tick(), ResponseCode.FAILED_PowerDeliveryNotApplied)


@pytest.mark.case("PWR-09")
@VARIANTS
def test_stop_zero_then_pilot_then_contactor_then_answer(service: ServiceID, mode: ControlMode) -> None:
    play = looping(service, mode) >> given(current=16.0) >> request(PowerDeliveryReq, **STOP)
    assert play << applied(contactor=True, target=AcTarget()) << Arm(Timer.ANSWER, 1.4)
    assert play >> after(0.1) >> given(pilot=Pilot.B) >> Tick() << applied(contactor=True), "power still flows"
    assert play >> after(0.1) >> given(current=0.2) >> Tick() << REST
    assert play >> given(contactor=Contactor.MOVING) >> Tick() << REST
    play >> after(0.1) >> given(contactor=Contactor.OPEN) >> Tick() << REST << Disarm(Timer.ANSWER)
    assert play << said(PowerDeliveryRes, response_code=ResponseCode.OK)
    assert play.session.phase is Phase.SESSION_STOP


def test_stop_opens_though_the_pilot_stays() -> None:
    """Its 250 ms are over [V2G20-848]."""
    play = looping() >> request(PowerDeliveryReq, **STOP) << applied(contactor=True)
    assert play >> after(0.3) >> Tick() << applied(contactor=True)
    assert play >> after(0.1) >> Tick() << REST


@pytest.mark.parametrize("current", [0.0, 20.0])
def test_a_contactor_that_does_not_open(current: float) -> None:
    play = looping() >> given(current=current) >> request(PowerDeliveryReq, **STOP) << applied(target=AcTarget())
    (play >> after(0.4) >> Tick()).skip() >> after(1.0)
    refused(play >> Elapsed(Timer.ANSWER), ResponseCode.FAILED_ContactorError)


@VARIANTS
def test_stop_without_a_start(service: ServiceID, mode: ControlMode) -> None:
    play = charger_at(Phase.POWER_DELIVERY, service=service, mode=mode) >> request(PowerDeliveryReq, **STOP, ev_power_profile=None)
    assert play << REST << said(PowerDeliveryRes, response_code=ResponseCode.OK)
    assert play.session.phase is Phase.SESSION_STOP


@pytest.mark.parametrize("verdict", [Authorisation.REFUSED, Authorisation.PENDING])
def test_nothing_closes_where_the_authorisation_goes_while_the_pilot_is_awaited(verdict: Authorisation) -> None:
    play = starting().skip() >> after(0.1) >> given(pilot=Pilot.C, authorisation=verdict) >> Tick()
    assert not any(command.setpoint.contactor for command in play.commands if isinstance(command, Apply))
    refused(play, ResponseCode.FAILED)
