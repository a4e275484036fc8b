"""What the car needs over time, which schedule it takes, and whose mobility needs it reflects."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.dc import DC_CableCheckReq
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import (
    Dynamic_SEReqControlMode,
    Dynamic_SEResControlMode,
    Scheduled_SEReqControlMode,
    Scheduled_SEResControlMode,
    ScheduleExchangeReq,
)
from iso15118.sequence.timers import Timer
from iso15118.session.evcc import Config
from iso15118.session.evcc.schedule import A_DAY, ask_schedule, departure, pick, supplied
from iso15118.session.evcc.state import NOTHING_TOLD, ScheduleChoice, Told
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.evcc.bench import DYNAMIC, HEADER, NEED, SCHEDULED, Bench, in_mode, schedule_tuple, snapshot

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC


def test_a_scheduled_need() -> None:
    request = ask_schedule(in_mode(ServiceID.DC_BPT, S), HEADER, snapshot())
    mode = request.control_mode
    assert isinstance(mode, Scheduled_SEReqControlMode)
    assert request.maximum_supporting_points == 1024
    assert mode.departure_time == 7200
    energies = (mode.ev_target_energy_request, mode.ev_maximum_energy_request, mode.ev_minimum_energy_request)
    assert [number(e) for e in energies if e] == [20_000, 40_000, -5_000]


def test_a_dynamic_need() -> None:
    request = ask_schedule(in_mode(ServiceID.DC_BPT, D), HEADER, snapshot(minimum_soc=90.0, target_soc=80.0))
    mode = request.control_mode
    assert isinstance(mode, Dynamic_SEReqControlMode)
    assert (mode.departure_time, mode.minimum_soc, mode.target_soc) == (7200, 80, 80)
    assert mode.ev_maximum_v2x_energy_request is not None
    assert number(mode.ev_maximum_v2x_energy_request) == 10_000


def test_no_v2x_without_a_bidirectional_service() -> None:
    mode = ask_schedule(in_mode(ServiceID.DC, D), HEADER, snapshot()).control_mode
    assert isinstance(mode, Dynamic_SEReqControlMode)
    assert (mode.ev_maximum_v2x_energy_request, mode.ev_minimum_v2x_energy_request) == (None, None)


@pytest.mark.parametrize(("left", "said"), [(None, None), (0.0, 1), (0.4, 1), (-5.0, 1), (59.9, 59), (1e12, 2**32 - 1)])
def test_departure(left: float | None, said: int | None) -> None:
    session, world = in_mode(ServiceID.DC, D), snapshot(need=replace(NEED, departure=left))
    assert departure(session, world) == said
    mode = ask_schedule(session, HEADER, world).control_mode
    assert mode.departure_time == (A_DAY if said is None else said)


def test_the_request_is_repeated_unchanged_while_ongoing() -> None:
    bench = Bench(Config(control_modes=DYNAMIC)).run(ScheduleExchangeReq)
    first = bench.last
    filler = Dynamic_SEResControlMode()
    bench.answer(evse_processing=Processing.Ongoing, control_mode=filler)
    assert bench.timers[Timer.ONGOING] == 60.0
    bench.world = replace(bench.world, need=replace(NEED, target_energy=1.0))
    bench.turn()
    second = bench.last
    assert second is not first
    assert second.control_mode == first.control_mode
    assert second.header.time_stamp > first.header.time_stamp
    bench.answer()
    assert type(bench.last) is DC_CableCheckReq
    assert Timer.ONGOING not in bench.timers


@pytest.mark.parametrize(("ours", "answer"), [(SCHEDULED, Dynamic_SEResControlMode()), (DYNAMIC, None)])
def test_an_answer_in_the_other_mode(ours: tuple[ControlMode, ...], answer: Any) -> None:
    other = answer or Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(1, (60, 1.0)),))
    bench = Bench(Config(control_modes=ours)).run(ScheduleExchangeReq)
    bench.answer(control_mode=other)
    assert bench.closed is not None
    assert "V2G20-1600" in bench.closed.why


def test_filler_in_the_other_mode_is_not_read() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(ScheduleExchangeReq)
    bench.answer(evse_processing=Processing.Ongoing, control_mode=Dynamic_SEResControlMode())
    assert bench.closed is None


def test_a_wish_to_pause_is_told() -> None:
    bench = Bench().run(ScheduleExchangeReq)
    bench.answer(go_to_pause=True)
    assert bench.notes == ["the charger would rather pause"]
    assert bench.session.chosen is not None


def test_picking() -> None:
    offered = (schedule_tuple(4, (60, 5.0)), schedule_tuple(5, (60, 9.0)), schedule_tuple(5, (60, 99.0)))
    assert pick(offered[:2], ScheduleChoice.FIRST)[0].id == 4
    assert pick(offered[:2], ScheduleChoice.MOST_ENERGY)[0].id == 5
    assert pick(offered[:2], ScheduleChoice.FIRST)[1] is False


def test_of_two_tuples_with_one_id_the_first() -> None:
    offered = (schedule_tuple(5, (60, 9.0)), schedule_tuple(5, (60, 99.0)))
    chosen, shared = pick(offered, ScheduleChoice.MOST_ENERGY)
    assert chosen.charge.powers == (9.0,)
    assert shared


def test_a_schedule_as_long_as_can_be() -> None:
    bench = Bench(Config(control_modes=SCHEDULED, loops=1)).run(ScheduleExchangeReq)
    entries = tuple((60, float(i % 30) * 1000) for i in range(1024))
    bench.answer(control_mode=Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(1, *entries),)))
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean


@pytest.mark.parametrize(("needs", "expected"), [(1, NOTHING_TOLD), (2, Told(departure=1100.0, minimum_soc=30, target_soc=None))])
def test_needs_supplied_by_the_charger(needs: int, expected: Told) -> None:
    session = in_mode(ServiceID.DC, D, needs=needs)
    assert supplied(session, snapshot(now=1000.0), 100, 30, None) == expected


def test_supplied_needs_stand_until_told_anew() -> None:
    session = in_mode(ServiceID.DC, D, needs=2, told=Told(1100.0, 30, 80))
    assert supplied(session, snapshot(now=1000.0), None, None, 90) == Told(1100.0, 30, 90)
    assert supplied(session, snapshot(now=1000.0), None, None, None) == Told(1100.0, 30, 80)
    assert departure(session, snapshot(now=1000.0)) == 100
