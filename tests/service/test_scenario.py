from __future__ import annotations

import asyncio
import logging

import pytest

from iso15118.energy import Budget
from iso15118.errors import LocalError, PeerError
from iso15118.sequence.phases import Phase
from iso15118.service import vehicle
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.scenario import (
    Ask,
    Ending,
    InMemory,
    OnLink,
    Operate,
    Restrict,
    Result,
    Scenario,
    Stop,
    Unplug,
    Visit,
    Wish,
    play,
)
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import Gone, Silent, WrongSession
from iso15118.sim.phantom import PhantomVehicle
from iso15118.testing import real_time, station
from iso15118.value import replace

LONG = (Leg(60.0, 20_000.0),)
DYNAMIC = evcc.Config(control_modes=(ControlMode.DYNAMIC,))


def in_memory(*visits: Visit, **words: object) -> tuple[Result, ...]:
    scenario = Scenario(visits=visits, **words)  # type: ignore[arg-type]

    async def main() -> tuple[Result, ...]:
        told: list[Result] = []
        results = await play(scenario, InMemory(scenario), told.append)
        assert tuple(told) == results
        return results

    return run(main())


def test_cars_come_in_turn_and_keep_their_batteries() -> None:
    honest = Visit(car=CarConfig(name="A", plan=(Leg(5.0, 20_000.0),)), sessions=2, between=4.0)
    later = Visit(car=CarConfig(name="B", session=evcc.Config(loops=3)), arrival=100.0)
    results = in_memory(honest, later, repeat=2)
    assert [r.car for r in results] == ["A", "A", "B"] * 2
    assert [r.number for r in results] == [1, 2, 3, 4, 5, 6]
    assert all(r.ok and r.clean for r in results)
    assert results[1].soc_before == pytest.approx(results[0].soc_after)
    assert results[1].began - results[0].began >= results[0].duration + 4.0
    assert results[2].began == pytest.approx(100.0)
    assert results[3].soc_before == 50.0  # the next round brings new cars
    assert results[0].charged == pytest.approx(results[0].stored, rel=0.05)
    assert results[0].messages == len(results[0].journal.messages())


@pytest.mark.parametrize(
    ("deed", "clean", "why"),
    [
        (Stop(after=3.0, why="had enough"), True, "had enough"),
        (Stop(after_loops=7, why="had enough"), True, "had enough"),
        (Unplug(after=3.0), False, "connection gone: unplugged"),
    ],
)
def test_a_driver_ends_it(deed: Stop | Unplug, clean: bool, why: str) -> None:
    (result,) = in_memory(Visit(car=CarConfig(plan=LONG), deeds=(deed,)))
    assert (result.clean, result.ok) == (clean, True)
    assert why in (result.why, result.journal.ends[-1].why)
    if deed.after_loops is not None:
        assert result.loops == deed.after_loops
    else:
        assert result.duration < 8.0


def test_after_being_unplugged_the_car_plugs_in_again() -> None:
    results = in_memory(Visit(car=CarConfig(session=evcc.Config(loops=20)), sessions=2, deeds=(Unplug(after_loops=3),)))
    assert [(r.loops, r.clean) for r in results] == [(3, False), (3, False)]


def test_a_battery_takes_less_from_some_moment_on() -> None:
    deeds = (Restrict(after=5.0, charge_current=20.0), Stop(after=10.0))
    (result,) = in_memory(Visit(car=CarConfig(session=DYNAMIC), deeds=deeds))
    currents = [each.current for each in result.journal.measured if each.phase is Phase.CHARGE_LOOP]
    assert max(currents) > 100.0
    assert currents[-1] <= 20.5


def test_a_driver_wants_less_and_the_car_is_done() -> None:
    deeds = (Wish(after=3.0, target_soc=50.05, departure=600.0),)
    (result,) = in_memory(Visit(car=CarConfig(session=DYNAMIC), deeds=deeds))
    assert result.clean
    assert result.soc_after < 50.5


def test_what_was_expected() -> None:
    silent = (Silent(at="DC_ChargeLoopReq", nth=3),)
    expectations = [None, Ending.ANY, Ending.BROKEN_OFF, Ending.IN_ORDER]
    results = in_memory(*(Visit(car=CarConfig(), misbehaviours=silent, ends=ends) for ends in expectations))
    assert [(r.clean, r.ok) for r in results] == [(False, True), (False, True), (False, True), (False, False)]
    (honest,) = in_memory(Visit(car=CarConfig(session=evcc.Config(loops=2)), ends=Ending.BROKEN_OFF))
    assert (honest.clean, honest.ok) == (True, False)


def test_the_operator_has_his_part() -> None:
    deeds = (Operate(after=4.0, budget=Budget(5_000.0)), Operate(after=12.0, ask=Ask.STOP))
    (result,) = in_memory(Visit(car=CarConfig(session=DYNAMIC)), charger_deeds=deeds)
    assert result.clean
    powers = [each.power for each in result.journal.measured if each.phase is Phase.CHARGE_LOOP]
    assert max(powers) > 30_000.0
    assert powers[-1] < 5_200.0


def test_behind_a_pause_the_next_session_joins_it() -> None:
    plan = (Leg(3.0, 20_000.0), Leg(60.0, 0.0), Leg(3.0, 20_000.0))
    pauses = evcc.Config(control_modes=(ControlMode.SCHEDULED,), pause=evcc.Break(18, 20.0))
    first, second = in_memory(Visit(car=CarConfig(session=pauses, plan=plan), sessions=2))
    assert (first.why, second.clean) == ("paused", True)
    answers = [result.journal.messages("SessionSetupRes")[0].message.response_code for result in (first, second)]  # type: ignore[attr-defined]
    assert answers == ["OK_NewSessionEstablished", "OK_OldSessionJoined"]
    assert second.journal.messages()[0].at - first.journal.ends[0].at >= 15.0
    assert not second.journal.messages("AuthorizationReq")


def test_a_car_renews_its_schedule_on_a_stream_beside_the_loop() -> None:
    (result,) = in_memory(Visit(car=CarConfig(session=replace(DYNAMIC, renew_schedule_after=5, loops=20))))
    assert result.clean
    assert {each.payload_type for each in result.journal.messages("ScheduleExchangeReq")} == {0x8002, 0x8101}


@pytest.mark.parametrize("deed", [Operate(after=4.0, trip=True), Operate(after=4.0, faults=(("supply_dead", True),))])
def test_metal_breaks(deed: Operate) -> None:
    (result,) = in_memory(Visit(car=CarConfig(plan=LONG), ends=Ending.BROKEN_OFF), charger_deeds=(deed,))
    assert result.ok
    assert result.duration < 10.0


def test_service_is_renegotiated_by_either_side() -> None:
    charger = EvseConfig(session=secc.Config(service_renegotiation=True))
    deeds = (Operate(after=3.0, ask=Ask.RENEGOTIATE),)
    (result,) = in_memory(Visit(car=CarConfig(session=evcc.Config(loops=40))), charger=charger, charger_deeds=deeds)
    assert result.clean
    assert len(result.journal.messages("ServiceDiscoveryReq")) == 2


def test_what_goes_on_beside_the_loop_may_be_asked_for() -> None:
    deeds = (Operate(after=3.0, ask=Ask.RENEGOTIATE_SCHEDULE), Operate(after=4.0, ask=Ask.CONFIRM_METER))
    (result,) = in_memory(Visit(car=CarConfig(session=evcc.Config(loops=40))), charger_deeds=deeds)
    assert result.clean
    assert len(result.journal.messages("DC_ChargeParameterDiscoveryReq")) == 2
    assert len(result.journal.messages("MeteringConfirmationReq")) == 1


def test_what_cannot_be_done_now_is_said_and_the_session_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="iso15118"):
        (result,) = in_memory(Visit(car=CarConfig(session=evcc.Config(loops=20))), charger_deeds=(Operate(after=2.0, ask=Ask.RENEGOTIATE),))
    assert result.clean
    assert [r.getMessage() for r in caplog.records if "not done: 1: the car is not asked for ServiceRenegotiation" in r.getMessage()]


def test_a_misbehaving_charger() -> None:
    wrong = (WrongSession(at="DC_ChargeLoopRes", nth=4),)
    (result,) = in_memory(Visit(car=CarConfig(), ends=Ending.BROKEN_OFF), charger_misbehaviours=wrong)
    assert result.ok
    assert "another session" in result.why


def test_when_has_to_be_said_once() -> None:
    for words in ({}, {"after": 1.0, "after_loops": 1}):
        with pytest.raises(LocalError, match="Stop: either after or after_loops"):
            Stop(**words)  # type: ignore[arg-type]


@real_time
async def test_against_a_charger_on_the_loopback() -> None:
    quick = evcc.Config(services=(ServiceID.MCS,))  # which is not there: an orderly end on which no busy machine has a say
    scenario = Scenario(
        visits=(
            Visit(car=CarConfig(name="bad", session=quick), misbehaviours=(Gone(at="ServiceDiscoveryReq", reset=True),)),
            Visit(car=CarConfig(name="good", session=quick)),
        )
    )
    async with station() as charger:
        charger.outlet.plug(PhantomVehicle())
        results = await play(scenario, OnLink(sdp_port=charger.sdp_port), lambda result: None)
        await charger.rest()
    assert [(r.car, r.clean, r.ok) for r in results] == [("bad", False, True), ("good", True, True)]
    assert results[1].charged is None
    assert results[1].phase is Phase.SERVICE_DETAIL


def test_without_a_charger_the_sessions_have_not_been(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*given: object, **named: object) -> None:
        await asyncio.sleep(0)
        raise PeerError("no charger answers")

    monkeypatch.setattr(vehicle, "discover", nobody)
    scenario = Scenario(visits=(Visit(car=CarConfig()),))

    async def main() -> tuple[Result, ...]:
        return await play(scenario, OnLink(), lambda result: None)

    (result,) = asyncio.run(main())
    assert (result.clean, result.ok, result.why, result.messages) == (False, False, "no charger answers", 0)
