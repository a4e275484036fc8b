"""`session.secc.ac_loop`: the turns of the AC charge loop, and the watch over what the car really takes."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Budget, Plan, Slot
from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import MeterInfo, ResponseCode
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.rational import number
from iso15118.power import AcAbilities, AcTarget
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Apply, Close, Note
from iso15118.session.events import Sent, Tick
from iso15118.session.services import ControlMode, GeneratorMode, ServiceID, Variants, service_of
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.asked import EPOCH, ac_turn, profile
from tests.session.playbook import AC_ABILITIES, BUDGET, GRID, WIDE, Playbook, after, applied, charger_at, given, request

AC, BPT = ServiceID.AC, ServiceID.AC_BPT
SCHEDULED, DYNAMIC = ControlMode.SCHEDULED, ControlMode.DYNAMIC
ALL = [(service, mode) for service in (AC, BPT) for mode in ControlMode]
VARIANTS = pytest.mark.parametrize(("service", "mode"), ALL)
TARGET, REACTIVE, PRESENT = "evse_target_active_power", "evse_target_reactive_power", "evse_present_active_power"
PLENTY = Budget(charge=100e3, discharge=100e3)
SINGLE = secc.Config(services=tuple(service_of(service, variants=Variants(phases=1)) for service in (AC, BPT)))


def loop(service: ServiceID = BPT, mode: ControlMode = DYNAMIC, **changes: Any) -> Playbook:
    return charger_at(Phase.CHARGE_LOOP, service=service, mode=mode, **changes)


def turned(play: Playbook, service: ServiceID = BPT, mode: ControlMode = DYNAMIC, **changes: Any) -> dict[str, Any]:
    """One turn: what our control mode says; the answer is written."""
    answer = (play >> request(AC_ChargeLoopReq, control_mode=ac_turn(service, mode, **changes))).sent()
    assert answer.response_code is ResponseCode.OK
    play >> Sent()
    said = answer.control_mode
    return {name: number(value) for name in type(said).__fields__ if (value := getattr(said, name)) is not None}


def power(play: Playbook) -> float:
    """W asked of the car in all phases."""
    target = play.session.setpoint.target
    assert target is not None
    return round(target.active.total, 1)


def flows(*active: float) -> Any:
    return given(ac=replace(GRID, active=PerPhase(*active)), current=max(map(abs, active)) / 230.0)


def failed(play: Playbook) -> None:
    assert play.session.setpoint == REST
    play.skip() >> request(AC_ChargeLoopReq, service=BPT)
    assert play.sent().response_code is ResponseCode.FAILED
    assert play >> Sent() << Close


# A turn.


@pytest.mark.case("CLP-04")
@VARIANTS
@pytest.mark.parametrize("asked", ALL)
def test_the_control_mode_that_was_selected(service: ServiceID, mode: ControlMode, asked: tuple[ServiceID, ControlMode]) -> None:
    play = loop(service, mode) >> request(AC_ChargeLoopReq, control_mode=ac_turn(*asked))
    answer = play.sent()
    if asked != (service, mode):
        assert answer.response_code is ResponseCode.FAILED
        assert play.session.setpoint == REST
        return
    assert answer.response_code is ResponseCode.OK
    assert type(answer.control_mode).__name__ == type(ac_turn(service, mode)).__name__.replace("Req", "Res")


@pytest.mark.case("CLP-11")
@pytest.mark.parametrize("service", [AC, BPT])
@pytest.mark.parametrize(
    ("budget", "watt"),
    [
        pytest.param(BUDGET, 11e3, id="as much as the car takes"),
        pytest.param(Budget(charge=6e3), 6e3, id="budget"),
        pytest.param(Budget(charge=20e3, target=5e3), 5e3, id="target"),
        pytest.param(Budget(charge=20e3, target=1e3), 0, id="below the car's minimum: nothing"),
        pytest.param(Budget(charge=0.0), 0, id="nothing granted"),
        pytest.param(replace(BUDGET, until=1.0, fallback=4e3), 4e3, id="a budget that has run out"),
    ],
)
def test_dynamic_always_tells_a_target(service: ServiceID, budget: Budget, watt: float) -> None:
    play = loop(service, budget=budget)
    assert turned(play, service)[TARGET] == watt
    assert power(play) == watt


@pytest.mark.case("CLP-12")
def test_phases_differ_only_where_there_are_three() -> None:
    budget = Budget(charge=20e3, phases=PerPhase(3e3, 1e3, 2e3))
    said = turned(loop(budget=budget))
    assert [said[TARGET + phase] for phase in ("", "_l2", "_l3")] == [3e3, 1e3, 2e3]
    single = loop(config=SINGLE, budget=budget, abilities=replace(AC_ABILITIES, ac=AcAbilities(phases=1)))
    said = turned(single)
    assert said[TARGET] == 3e3
    assert not [name for name in said if name.endswith(("_l2", "_l3"))]


def test_a_car_of_one_phase_on_three() -> None:
    """All that is granted may go where the car has its charger, as far as one phase carries."""
    play = loop(budget=Budget(charge=6e3))
    most = "ev_maximum_charge_power"
    said = turned(play, **{most: 7360, f"{most}_l2": 0, f"{most}_l3": 0})
    assert [said[TARGET + phase] for phase in ("", "_l2", "_l3")] == [6e3, 0, 0]
    play >> given(abilities=replace(AC_ABILITIES, ac=AcAbilities(asymmetry=4.6e3)))
    assert turned(play, **{most: 7360, f"{most}_l2": 0, f"{most}_l3": 0})[TARGET] == 4.6e3


def test_phases_that_a_single_phase_has_not() -> None:
    play = loop(AC, config=SINGLE, abilities=replace(AC_ABILITIES, ac=AcAbilities(phases=1)))
    play >> request(AC_ChargeLoopReq, control_mode=ac_turn(AC, DYNAMIC, ev_maximum_charge_power_l2=1e3))
    assert play.sent().response_code is ResponseCode.FAILED


@pytest.mark.case("BPT-03")
def test_a_negative_target() -> None:
    play = loop(budget=Budget(charge=10e3, discharge=8e3, target=-6e3))
    assert turned(play)[TARGET] == -6e3
    play >> flows(-2e3, -2e3, -2e3)
    assert turned(play)[PRESENT] == -6e3
    assert play.skip() >> Tick() << applied(bidirectional=True, target=AcTarget(PerPhase(-2e3, -2e3, -2e3)))


@pytest.mark.parametrize(
    ("service", "budget", "changes", "seconds"),
    [
        pytest.param(AC, PLENTY, {}, 0.0, id="a service without a way back"),
        pytest.param(BPT, Budget(charge=9e3, discharge=0.0), {}, 0.0, id="not granted"),
        pytest.param(BPT, PLENTY, {"ev_minimum_energy_request": 0}, 0.0, id="the car is at its minimum"),
        pytest.param(BPT, PLENTY, {"ev_maximum_discharge_power": 0}, 0.0, id="the car does not give"),
        pytest.param(BPT, PLENTY, {}, 0.31, id="an old measurement"),
    ],
)
def test_energy_comes_back_only_if_all_is_true(service: ServiceID, budget: Budget, changes: dict[str, Any], seconds: float) -> None:
    budget = replace(budget, target=-3e3)
    assert turned(loop(budget=replace(PLENTY, target=-3e3)))[TARGET] == -3e3, "the positive control"
    play = loop(service, budget=budget) >> after(seconds, fresh=False)
    assert turned(play, service, **changes)[TARGET] == 0


@pytest.mark.case("BPT-12")
@pytest.mark.parametrize(("wanted", "said"), [(2.1e3, 2.1e3), (-2.1e3, -2.1e3), (9e3, 5e3)])
def test_reactive_power_inductive_is_positive(wanted: float, said: float) -> None:
    assert turned(loop(budget=replace(BUDGET, reactive=wanted)))[REACTIVE] == said
    assert REACTIVE not in turned(loop())


@VARIANTS
def test_what_is_measured_is_told(service: ServiceID, mode: ControlMode) -> None:
    play = loop(service, mode) >> flows(100.0, 200.0, 300.0)
    said = turned(play, service, mode)
    assert [said[PRESENT + phase] for phase in ("", "_l2", "_l3")] == [100, 200, 300]


@pytest.mark.case("CLP-05", "BPT-08")
@VARIANTS
def test_the_meter(service: ServiceID, mode: ControlMode) -> None:
    play = loop(service, mode) >> given(charged=7123.9, discharged=3045.5)
    back = 45 if service is BPT else None
    told = MeterInfo(
        meter_id="METER1", charged_energy_reading_wh=123, bpt_discharged_energy_reading_wh=back, meter_timestamp=play.snapshot.clock
    )
    for asked, info in ((False, told), (False, None), (True, told)):
        answer = (play >> request(AC_ChargeLoopReq, service=service, mode=mode, meter_info_requested=asked)).sent()
        assert answer.meter_info == info
        play >> Sent()


# Scheduled.


@pytest.mark.parametrize("service", [AC, BPT])
def test_scheduled_tells_no_target_while_the_schedule_can_be_had(service: ServiceID) -> None:
    play = loop(service, SCHEDULED)
    assert TARGET not in turned(play, service, SCHEDULED)
    assert power(play) == 5e3, "what the car's profile says"


@pytest.mark.parametrize(
    ("change", "watt"),
    [({"budget": Budget(charge=3e3)}, 3e3), ({"budget": Budget(charge=0.0)}, 0), ({"budget": Budget(charge=8e3)}, 5e3)],
)
def test_scheduled_tells_a_target_where_our_limit_has_fallen_below_the_schedule(change: dict[str, Any], watt: float) -> None:
    play = loop(AC, SCHEDULED) >> given(**change)
    assert turned(play, AC, SCHEDULED)[TARGET] == watt


def test_scheduled_discharge() -> None:
    planned = (Plan(EPOCH, (Slot(86_400.0, 10e3, 6e3),)),)
    play = loop(BPT, SCHEDULED, plans=planned, asks={PowerDeliveryReq: {"ev_power_profile": profile(-4e3)}})
    assert TARGET not in turned(play, BPT, SCHEDULED)
    assert power(play) == -4e3
    play >> given(budget=Budget(charge=10e3, discharge=2e3))
    assert turned(play, BPT, SCHEDULED)[TARGET] == -2e3


def test_a_scheduled_car_that_gives_by_a_wish_of_its_own_is_told_the_limit_of_that_way() -> None:
    planned = (Plan(EPOCH, (Slot(86_400.0, 10e3, 6e3),)),)
    play = loop(BPT, SCHEDULED, plans=planned) >> flows(-1.5e3, -1.5e3, -1.5e3)
    assert TARGET not in turned(play, BPT, SCHEDULED)
    play >> given(budget=Budget(charge=10e3, discharge=2e3))
    assert turned(play, BPT, SCHEDULED)[TARGET] == -2e3
    play >> flows(0.0, 0.0, 0.0)
    assert TARGET not in turned(play, BPT, SCHEDULED)


# Safety.


def test_limits_that_fall_between_two_turns_hold_at_the_tick() -> None:
    play = loop()
    turned(play)
    play >> given(budget=Budget(charge=3e3)) >> Tick()
    assert play << applied(target=AcTarget(PerPhase(1e3, 1e3, 1e3)))


def test_on_an_old_measurement_nothing_rises() -> None:
    play = loop(budget=Budget(charge=20e3, target=5e3))
    turned(play)
    play >> after(0.31, fresh=False) >> given(budget=Budget(charge=20e3, target=9e3))
    assert turned(play)[TARGET] == 5e3
    play >> given(budget=Budget(charge=20e3, target=3e3))
    assert turned(play)[TARGET] == 3e3


def test_power_rises_by_the_ramp_and_falls_at_once() -> None:
    abilities = replace(AC_ABILITIES, ac=AcAbilities(ramp=1e3))
    play = loop(abilities=abilities, budget=replace(PLENTY, target=6e3))
    turned(play, ev_minimum_charge_power=0)
    for expected in (2e3, 4e3, 6e3, 6e3):
        play >> after(2.0) >> Tick()
        assert power(play.skip()) == expected
    play >> given(budget=replace(PLENTY, target=-6e3)) >> Tick()
    assert power(play.skip()) == 0
    play >> after(1.0) >> Tick()
    assert power(play.skip()) == -1e3


def test_a_car_that_does_not_follow_is_told_of_and_then_cut_off() -> None:
    play = loop(budget=Budget(charge=20e3, target=3e3))
    turned(play)
    play >> flows(2e3, 2e3, 2e3) >> Tick() >> after(2.1) >> Tick()
    play.skip() >> request(AC_ChargeLoopReq, service=BPT, mode=DYNAMIC)
    assert any("does not follow" in command.text for command in play.commands if isinstance(command, Note))
    play.skip() >> Sent() >> after(3.0) >> Tick()
    assert play.commands[0] == Apply(REST)
    failed(play)


def test_a_car_that_follows_late_is_forgiven() -> None:
    play = loop(budget=Budget(charge=20e3, target=3e3))
    turned(play)
    for _ in range(3):
        play >> flows(2e3, 2e3, 2e3) >> Tick() >> after(4.0) >> Tick() >> flows(1e3, 1e3, 1e3) >> Tick() >> after(4.5) >> Tick()
    assert play.session.failing == ""


def test_a_car_that_comes_back_for_moments_only_is_cut_off() -> None:
    play = loop(budget=Budget(charge=20e3, target=3e3))
    turned(play)
    play >> flows(2e3, 2e3, 2e3) >> Tick() >> after(4.0) >> Tick() >> flows(1e3, 1e3, 1e3) >> Tick() >> after(0.1) >> Tick()
    play >> flows(2e3, 2e3, 2e3) >> Tick() >> after(1.2) >> Tick()
    assert play.skip().session.failing


def test_the_ramp_is_time_to_follow() -> None:
    play = loop(abilities=replace(AC_ABILITIES, ac=AcAbilities(ramp=2.2e3)), budget=Budget(charge=20e3, target=0.0))
    turned(play)
    play >> flows(2e3, 2e3, 2e3) >> Tick() >> after(14.5) >> Tick()
    assert play.session.failing == ""
    play >> after(1.0) >> Tick()
    assert "above what is allowed" in play.skip().session.failing


@pytest.mark.parametrize("mode", ControlMode)
def test_power_out_of_a_one_way_car(mode: ControlMode) -> None:
    play = loop(AC, mode)
    turned(play, AC, mode)
    play >> flows(-400.0) >> Tick() >> after(0.6) >> Tick()
    assert play.commands[0] == Apply(REST)
    failed(play)


@pytest.mark.parametrize(("active", "fails"), [(3.9e3, False), (4.2e3, True)])
def test_what_a_phase_may_carry(active: float, fails: bool) -> None:
    """Scheduled: the car spreads as it likes, each phase within what was said."""
    play = loop(AC, SCHEDULED)
    turned(play, AC, SCHEDULED)
    play >> flows(active) >> Tick() >> after(5.1) >> Tick()
    assert bool(play.skip().session.failing) is fails


def test_limits_of_the_tests_never_bind_unseen() -> None:
    assert loop().snapshot.limits == WIDE


def test_limits_wider_than_in_charge_parameters_count_for_nothing() -> None:
    """The car said 11 kW then [V2G20-2654]."""
    said = turned(loop(budget=Budget(charge=22e3)), ev_maximum_charge_power=20e3)
    assert sum(said.get(TARGET + phase, 0.0) for phase in ("", "_l2", "_l3")) == pytest.approx(11e3, abs=2)


@pytest.mark.parametrize(("generator", "told"), [(GeneratorMode.GRID_FOLLOWING, None), (GeneratorMode.GRID_FORMING, 50.0)])
def test_a_frequency_is_told_to_a_car_that_makes_the_grid_and_to_no_other(generator: GeneratorMode, told: float | None) -> None:
    config = secc.Config(services=(service_of(BPT, variants=Variants(generator_modes=(generator,))),))
    answer = (loop(config=config) >> request(AC_ChargeLoopReq, control_mode=ac_turn(BPT, DYNAMIC))).sent()
    assert (answer.evse_target_frequency and number(answer.evse_target_frequency)) == told
