"""`session.secc.needs`: what a car needs at this moment, as a site asks."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.sequence.phases import Phase
from iso15118.session.secc.needs import present_need
from iso15118.session.services import ControlMode, ServiceID
from tests.session.asked import need, request
from tests.session.playbook import after, charger_at, given

WISH = {"ev_target_energy_request": 20_000, "ev_maximum_energy_request": 40_000, "ev_minimum_energy_request": 5_000}


def test_nobody_knows_before_the_car_has_said_it() -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE)
    assert present_need(play.session, play.snapshot) is None


def test_under_a_schedule_what_has_flowed_and_passed_since_is_taken_off() -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE)
    play >> request(ScheduleExchangeReq, control_mode=need(departure_time=7200, **WISH))
    play.skip() >> after(600.0) >> given(charged=11_000.0, discharged=3_500.0)
    now = present_need(play.session, play.snapshot)
    assert now is not None
    assert (now.target_energy, now.max_energy, now.min_energy, now.departure) == (16_500.0, 36_500.0, 1_500.0, 6600.0)
    assert play.session.vehicle is not None
    assert now.charge_power == play.session.vehicle.charge_power > 0.0


def test_a_car_that_says_no_energy_has_no_need_that_is_known() -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE)
    play >> request(ScheduleExchangeReq, control_mode=need(departure_time=7200, ev_maximum_energy_request=40_000))
    assert present_need(play.skip().session, play.snapshot) is None


@pytest.mark.parametrize("service", [ServiceID.DC_BPT, ServiceID.DC])
def test_a_car_that_lets_itself_be_steered_says_so_with_each_turn(service: ServiceID) -> None:
    play = charger_at(Phase.CHARGE_LOOP, service=service, mode=ControlMode.DYNAMIC)
    first = present_need(play.session, play.snapshot)
    assert first is not None
    play >> request(DC_ChargeLoopReq, service=service, mode=ControlMode.DYNAMIC)
    play.skip() >> after(5.0) >> given(charged=8_000.0)
    now = present_need(play.session, play.snapshot)
    assert now is not None
    assert play.session.ask is not None
    assert play.session.ask.need is not None
    assert now.target_energy == play.session.ask.need.target_energy
    assert (now.discharge_power > 0.0) is (service is ServiceID.DC_BPT)
