"""`session.evcc.pause`: when the car rests, what it keeps of a session that pauses, and how it joins it again."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20 import authorization as au
from iso15118.messages.v20 import dc
from iso15118.messages.v20 import delivery as pd
from iso15118.messages.v20 import schedule as se
from iso15118.messages.v20 import session as ss
from iso15118.messages.v20.common import EVSENotification, Header, ResponseCode
from iso15118.messages.v20.delivery import ChargeProgress
from iso15118.messages.v20.rational import number, rational
from iso15118.messages.v20.schedule import PowerScheduleEntry
from iso15118.messages.v20.session import ChargingSession
from iso15118.sequence.phases import Phase
from iso15118.session.evcc import Break, Config, Paused, Rest, begin
from iso15118.session.evcc.pause import with_gap
from iso15118.session.services import ControlMode
from iso15118.value import replace
from tests.session.evcc.bench import DYNAMIC, EPOCH, SCHEDULED, SESSION_ID, Bench, loop_response, schedule_tuple

PAUSE, EXIT = EVSENotification.Pause, EVSENotification.ExitStandby
modes = pytest.mark.parametrize("modes", [SCHEDULED, DYNAMIC], ids=["scheduled", "dynamic"])
RESTING = 12_345
OLD = ResponseCode.OK_OldSessionJoined


def asks(bench: Bench, wish: EVSENotification | None) -> None:
    """The charger says this in every response of the loop from now on."""
    bench.charger.answers[dc.DC_ChargeLoopReq] = lambda request, good: loop_response(
        type(request.control_mode), notification=wish, header=good.header
    )


def progress(bench: Bench) -> list[ChargeProgress]:
    return [m.charge_progress for m in bench.sent if type(m) is pd.PowerDeliveryReq and m.ev_processing.value == "Finished"]


def paused(bench: Bench) -> Paused:
    """The car has paused, in order."""
    assert bench.closed is not None
    assert (bench.closed.clean, bench.closed.why) == (True, "paused")
    assert bench.last.charging_session is ChargingSession.Pause
    assert bench.safe()
    kept: Paused | None = bench.session.paused
    assert kept is not None
    return kept


def back(bench: Bench, config: Config, **answer: Any) -> Bench:
    """The same car, come back from the pause of `bench`; `answer` changes the charger's SessionSetupRes."""
    again = Bench(config)
    again.world = replace(bench.world, now=bench.world.now + 100.0)
    again.session = begin(config, bench.session.paused)
    again.charger.stamp = bench.charger.stamp + 100_000_000
    again.charger.answers[ss.SessionSetupReq] = lambda request, good: good.but(**({"response_code": OLD} | answer))
    return again


def pausing(config: Config) -> Bench:
    """A car that has paused because the charger asked with the schedule."""
    bench = Bench(config)
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(go_to_pause=True)
    return bench.run()


# The charger asks.


@pytest.mark.case("NOT-04")
def test_a_dynamic_car_pauses_when_asked_once_no_power_flows() -> None:
    bench = Bench(Config(control_modes=DYNAMIC)).run(dc.DC_ChargeLoopReq)
    bench.flowing = 50.0
    asks(bench, PAUSE)
    for _ in range(5):
        bench.turn()
    assert progress(bench) == [ChargeProgress.Start]
    bench.flowing = 0.0
    bench.run()
    assert progress(bench) == [ChargeProgress.Start, ChargeProgress.Stop]
    kept = paused(bench)
    assert (kept.session_id, kept.evse_id, kept.wake) == (SESSION_ID, "DE*ABC*E1", None)
    assert kept.parameters.control_mode is ControlMode.DYNAMIC
    assert bench.world.now < 60.0


def test_the_loop_is_left_at_last_under_current_too() -> None:
    bench = Bench(Config(control_modes=DYNAMIC)).run(dc.DC_ChargeLoopReq)
    bench.flowing, began = 50.0, bench.world.now
    asks(bench, PAUSE)
    bench.run(pd.PowerDeliveryReq)
    assert 5.0 <= bench.world.now - began < 6.0


@pytest.mark.case("NOT-04")
def test_a_scheduled_car_pauses_inside_an_entry_of_0_w_only() -> None:
    bench = Bench(Config(control_modes=SCHEDULED)).run(dc.DC_ChargeLoopReq)
    asks(bench, PAUSE)
    for _ in range(6):
        bench.turn()
    assert bench.notes == ["the charger asks for a pause where our power profile is not at 0 W"]
    assert progress(bench) == [ChargeProgress.Start]
    bench = Bench(Config(control_modes=SCHEDULED))
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(
        control_mode=se.Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(7, (86_400, 0.0)),))
    )
    bench.run(dc.DC_ChargeLoopReq)
    asks(bench, PAUSE)
    paused(bench.run())


@pytest.mark.case("NOT-04", "NOT-05")
@modes
def test_a_car_that_prefers_to_stand_by_does_so_and_leaves_when_asked(modes: tuple[ControlMode, ...]) -> None:
    bench = Bench(Config(control_modes=modes, on_pause=Rest.STANDBY))
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: (
        good
        if modes is DYNAMIC
        else good.but(control_mode=se.Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(7, (86_400, 0.0)),)))
    )
    bench.run(dc.DC_ChargeLoopReq)
    asks(bench, PAUSE)
    bench.run(pd.PowerDeliveryReq)
    assert bench.last.charge_progress is ChargeProgress.Standby
    for _ in range(8):
        bench.turn()
    assert bench.session.phase is Phase.STANDBY
    assert bench.setpoint.contactor is True
    asks(bench, EXIT)
    bench.run(pd.PowerDeliveryReq)
    assert bench.last.charge_progress is ChargeProgress.Start
    assert bench.last.ev_power_profile is not None
    asks(bench, None)
    for _ in range(4):
        bench.turn()
    assert bench.session.phase is Phase.CHARGE_LOOP


@pytest.mark.case("PWR-12")
@modes
def test_a_refused_standby_is_told_and_charging_goes_on(modes: tuple[ControlMode, ...]) -> None:
    bench = Bench(Config(control_modes=modes, standby=Break(5, 10.0), loops=20))
    warned = {"response_code": ResponseCode.WARNING_StandbyNotAllowed}
    bench.charger.answers[pd.PowerDeliveryReq] = lambda request, good: (
        good.but(**warned) if request.charge_progress is ChargeProgress.Standby else good
    )
    bench.run()
    assert progress(bench) == [ChargeProgress.Start, ChargeProgress.Standby, ChargeProgress.Stop]
    assert bench.closed is not None
    assert (bench.closed.clean, bench.session.loops) == (True, 20)
    assert bench.notes == ["PowerDeliveryRes says WARNING_StandbyNotAllowed"]


def test_where_standby_is_refused_the_wish_for_a_pause_is_followed_by_a_pause() -> None:
    bench = Bench(Config(control_modes=DYNAMIC, on_pause=Rest.STANDBY)).run(dc.DC_ChargeLoopReq)
    warned = {"response_code": ResponseCode.WARNING_StandbyNotAllowed}
    bench.charger.answers[pd.PowerDeliveryReq] = lambda request, good: (
        good.but(**warned) if request.charge_progress is ChargeProgress.Standby else good
    )
    asks(bench, PAUSE)
    paused(bench.run())


@modes
def test_a_pause_that_is_asked_for_with_the_schedule_begins_before_anything_is_energised(modes: tuple[ControlMode, ...]) -> None:
    bench = pausing(Config(control_modes=modes))
    paused(bench)
    assert progress(bench) == [ChargeProgress.Stop]
    assert "DC_CableCheckReq" not in bench.names()


@pytest.mark.case("NOT-02")
@modes
def test_a_car_in_standby_ends_when_asked_to(modes: tuple[ControlMode, ...]) -> None:
    bench = Bench(Config(control_modes=modes, standby=Break(5, 100.0)))
    bench.run(dc.DC_ChargeLoopReq)
    while bench.session.phase is not Phase.STANDBY:
        bench.turn()
    asks(bench, EVSENotification.Terminate)
    began = bench.world.now
    bench.run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.closed.why) == (True, "the charger asks to end")
    assert bench.world.now - began < 10.0


# The car's own plan.


@modes
def test_a_standby_by_plan(modes: tuple[ControlMode, ...]) -> None:
    bench = Bench(Config(control_modes=modes, standby=Break(5, 10.0), loops=60)).run(dc.DC_ChargeLoopReq)
    while bench.session.phase is not Phase.STANDBY:
        bench.turn()
    assert bench.session.loops == 5
    began = bench.world.now
    while bench.session.phase is Phase.STANDBY:
        bench.turn()
        if modes is SCHEDULED and bench.session.phase is Phase.STANDBY and type(bench.last) is dc.DC_ChargeLoopReq:
            assert number(bench.last.control_mode.ev_target_current) == 0.0
    assert 9.5 <= bench.world.now - began < 10.5  # from the wish on
    bench.run()
    assert progress(bench) == [ChargeProgress.Start, ChargeProgress.Standby, ChargeProgress.Start, ChargeProgress.Stop]


def test_in_standby_neither_limits_nor_mode_of_the_charger_matter() -> None:
    """[V2G20-2117]"""
    bench = Bench(Config(standby=Break(2, 100.0))).run(dc.DC_ChargeLoopReq)
    while bench.session.phase is not Phase.STANDBY or type(bench.session.outstanding) is not dc.DC_ChargeLoopReq:
        bench.turn()
    before = bench.session.evse_limits
    bench.answer(control_mode=dc.Scheduled_DC_CLResControlMode(evse_maximum_charge_power=rational(1)))
    assert bench.closed is None
    assert bench.session.evse_limits == before


def test_a_pause_by_plan_is_an_entry_of_0_w_in_the_profile() -> None:
    bench = Bench(Config(control_modes=SCHEDULED, pause=Break(20, 600.0)))
    kept = paused(bench.run())
    start = next(m for m in bench.sent if type(m) is pd.PowerDeliveryReq and m.ev_power_profile is not None)
    entries = [(e.duration, number(e.power)) for e in start.ev_power_profile.ev_power_profile_entries.ev_power_profile_entry]
    assert [power > 0 for _, power in entries] == [True, False, True]
    assert entries[1] == (600, 0.0)
    assert sum(duration for duration, _ in entries) == 86_400
    assert bench.session.loops >= 20
    assert kept.wake == pytest.approx(bench.world.now + 600.0, abs=1.0)


def test_a_dynamic_car_does_not_pause_by_plan() -> None:
    """[V2G20-1842]"""
    bench = Bench(Config(control_modes=DYNAMIC, pause=Break(5, 600.0), loops=20)).run()
    assert bench.closed is not None
    assert (bench.closed.why, bench.last.charging_session) == ("20 exchanges done", ChargingSession.Terminate)


def test_the_gap_is_cut_out_of_whatever_it_overlaps() -> None:
    session = begin(Config(pause=Break(40, 30.0)))
    entries = tuple(PowerScheduleEntry(duration=d, power=rational(p)) for d, p in ((15, 1000), (20, 2000), (50, 3000)))
    cut = with_gap(session, entries, EPOCH, EPOCH + 4_000_000)  # 40 exchanges take 10 s, and 30 s are too short
    assert [(e.duration, number(e.power)) for e in cut] == [(14, 1000), (1, 0), (20, 0), (39, 0), (11, 3000)]
    assert with_gap(replace(session, has_paused=True), entries, EPOCH, EPOCH) == entries


# Back again.


@pytest.mark.case("PAU-01")
@modes
def test_behind_a_pause_the_session_is_joined_and_goes_on_with_charge_parameters(modes: tuple[ControlMode, ...]) -> None:
    """[V2G20-1541] [V2G20-1843]"""
    config = Config(control_modes=modes, loops=3)
    again = back(pausing(config), config).run()
    setup = next(m for m in again.sent if type(m) is ss.SessionSetupReq)
    assert setup.header.session_id == SESSION_ID
    assert again.names()[2] == "DC_ChargeParameterDiscoveryReq"
    assert again.session.loops == 3
    assert again.closed is not None
    assert again.closed.clean
    assert again.session.paused is None
    assert again.notes == []


@pytest.mark.case("PAU-04")
def test_a_charger_that_opens_a_new_session_is_told_everything_anew() -> None:
    """[V2G20-2615]"""
    config = Config(loops=3)
    new = bytes.fromhex("aabbccddeeff0011")
    again = back(pausing(config), config)
    again.charger.answers[ss.SessionSetupReq] = lambda request, good: good.but(
        header=Header(session_id=new, time_stamp=again.charger.stamp)
    )
    again.run(au.AuthorizationSetupReq)
    assert again.last.header.session_id == new
    assert (again.session.joined, again.session.service, again.session.paused) == (False, None, None)
    assert again.notes == ["the charger does not know our session any more: everything begins anew"]


def test_another_charger_that_joins_our_session_is_left() -> None:
    """[V2G20-2539] [V2G20-2613]"""
    config = Config(loops=3)
    again = back(pausing(config), config, evse_id="DE*XYZ*E9").run()
    assert again.names() == ["supportedAppProtocolReq", "SessionSetupReq", "SessionStopReq"]
    assert again.last.ev_termination_code == "AnotherCharger"
    assert again.session.paused is None


def test_a_join_that_was_not_asked_for_is_an_error() -> None:
    bench = Bench()
    bench.charger.answers[ss.SessionSetupReq] = lambda request, good: good.but(response_code=OLD)
    bench.run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.closed.why) == (False, "the charger joined an old session, which was not asked for")


def test_a_connection_that_breaks_before_the_join_leaves_the_pause() -> None:
    config = Config(loops=3)
    first = pausing(config)
    again = back(first, config)
    again.charger.answers[ss.SessionSetupReq] = lambda request, good: None
    again.run()
    assert again.session.paused == first.session.paused


@pytest.mark.case("PAU-06")
def test_a_pause_that_outlasts_the_schedule_asks_for_a_new_one() -> None:
    """[V2G20-1841]: with the exchange that follows and, where that brings an old one again, beside the loop."""
    config = Config(control_modes=SCHEDULED, loops=6)
    first = Bench(config)
    first.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(go_to_pause=True, control_mode=_short())
    first.run()
    again = back(first, config)
    again.run(se.ScheduleExchangeReq)
    assert again.notes == ["the pause has outlasted the schedule: a new one is asked for [V2G20-1841]"]
    again.charger.answers[se.ScheduleExchangeReq] = lambda request, good: (
        good if again.session.phase.loop else good.but(control_mode=_short())
    )
    again.run()
    assert type(again.aside[0][1]) is dc.DC_ChargeParameterDiscoveryReq
    assert again.session.renewals == 1


def _short() -> se.Scheduled_SEResControlMode:
    """A schedule that ends before the car comes back."""
    return se.Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(7, (60, 50_000.0)),))
