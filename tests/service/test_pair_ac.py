"""Whole sessions of alternating current, car against charger over one grid: order, energies, power that is followed, the pilot."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD, Board
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeLoopRes
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.rational import number
from iso15118.power import AcAbilities, Contactor, Pilot, VehicleSetpoint
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.seen import Direction, Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.relay import Relay
from iso15118.sim.vehicle import Trip
from iso15118.units import HOUR, Second, Watt
from iso15118.value import replace
from tests.session.evcc.bench import AC_PHASES

pytestmark = pytest.mark.long

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
AC, AC_BPT = ServiceID.AC, ServiceID.AC_BPT
EFFICIENCY = OnBoardCharger().efficiency
SETTLED: Second = 1.0
"""After this a car stands at the power last asked for: a turn of the loop, its reaction time and its ramp."""


def outlet(service: ServiceID = AC_BPT, *, board: Board = AC_BOARD, phases: int = 3, budget: Budget | None = None) -> EvseConfig:
    offered = service_of(service, variants=Variants(phases=phases))
    return EvseConfig(board=board, session=secc.Config(services=(offered,)), budget=budget)


def car(service: ServiceID = AC_BPT, mode: ControlMode = S, *, loops: int | None = None, **changes: object) -> CarConfig:
    wish = evcc.Config(services=(service,), control_modes=(mode,), loops=loops)
    return CarConfig(session=wish, **changes)  # type: ignore[arg-type]


def balanced(result: PairResult) -> None:
    """What the meter counted is in the battery or became heat there, but for the losses of the on-board charger."""
    behind = result.charged * EFFICIENCY - result.discharged / EFFICIENCY
    assert behind == pytest.approx(result.stored + result.lost, abs=0.002 * (result.charged + result.discharged) + 0.05)


class Spy:
    """What the car says and measures, and when."""

    def __init__(self) -> None:
        self.asked: list[tuple[Second, object]] = []
        self.answered: list[tuple[Second, object]] = []
        self.applied: list[tuple[Second, VehicleSetpoint]] = []
        self.pair: Pair | None = None

    def __call__(self, pair: Pair) -> None:
        self.pair = pair
        pair.car.subscribe(self.saw)
        apply, loop = pair.car.metal.apply, asyncio.get_running_loop()

        def watched(setpoint: VehicleSetpoint) -> None:
            if not self.applied or self.applied[-1][1] != setpoint:
                self.applied.append((loop.time(), setpoint))
            apply(setpoint)

        pair.car._apply = watched  # type: ignore[method-assign, assignment]

    def saw(self, seen: Seen) -> None:
        if isinstance(seen, Exchanged):
            (self.asked if seen.direction is Direction.OUT else self.answered).append((seen.at, seen.message))


@pytest.mark.case("SEQ-13")
@pytest.mark.parametrize("mode", ControlMode)
@pytest.mark.parametrize("service", [AC, AC_BPT])
def test_a_whole_session(service: ServiceID, mode: ControlMode) -> None:
    spy = Spy()
    result = run_pair(outlet(service), car(service, mode, loops=60), prepare=spy)
    assert result.clean
    assert result.loops == 60
    order: list[type] = []
    for _, message in spy.asked:
        if type(message) not in order[-1:]:
            order.append(type(message))
    assert order == [*AC_PHASES[:-1], PowerDeliveryReq, AC_PHASES[-1]]
    assert result.charged == pytest.approx(11e3 * 15 / HOUR, rel=0.06)
    assert result.discharged == 0.0
    balanced(result)
    assert spy.pair is not None
    assert spy.pair.actuator.reading.contactor.value is Contactor.OPEN
    assert spy.pair.car.metal.pilot is Pilot.B
    assert not any(setpoint.contactor for _, setpoint in spy.applied)


def test_a_plan_from_charge_to_discharge_to_charge() -> None:
    legs = (Leg(30.0, 11e3), Leg(30.0, -8e3), Leg(30.0, 7e3))
    result = run_pair(outlet(), car(plan=legs))
    assert result.clean
    assert result.car.why == "the wish is fulfilled"
    assert result.charged == pytest.approx((11e3 + 7e3) / 120, rel=0.04)
    assert result.discharged == pytest.approx(8e3 / 120, rel=0.04)
    balanced(result)


def test_charging_to_the_target() -> None:
    small = car(AC, battery=lambda: Battery(capacity=2_000.0, soc=60.0), trip=Trip(target_soc=80.0))
    result = run_pair(outlet(AC), small)
    assert result.clean
    assert result.soc_after == pytest.approx(80.0, abs=0.1)
    assert 130 < result.duration < 180
    balanced(result)


def steered(targets: list[Watt], *, each: Second = 10.0, wish: CarConfig | None = None) -> tuple[PairResult, list[Watt], Spy]:
    """A Dynamic session in which the site wants one power after the other; and what the meter's side measures at the end of each."""
    spy, measured = Spy(), []

    async def main() -> PairResult:
        pair = Pair(outlet(budget=Budget(22e3, 22e3, targets[0])), wish or car(mode=D))
        spy(pair)
        session = asyncio.ensure_future(pair.run())
        await asyncio.sleep(1.0)
        for target in targets:
            pair.evse.set_budget(Budget(22e3, 22e3, target))
            await asyncio.sleep(each)
            measured.append(pair.actuator.reading.power)
        pair.evse.stop("enough")
        return await session

    return run(main()), measured, spy


@pytest.mark.case("BPT-03", "CLP-13")
def test_the_car_follows_the_charger_both_ways() -> None:
    targets = [9e3, 5e3, -7e3, -11e3, 0.0, 6e3]
    result, measured, spy = steered(targets)
    assert result.clean
    assert measured == pytest.approx(targets, abs=1.0)
    balanced(result)
    said = [number(m.control_mode.ev_present_active_power) for _, m in spy.asked if isinstance(m, AC_ChargeLoopReq)]  # type: ignore[union-attr]
    assert min(said) == -11e3
    assert max(said) == 9e3


@pytest.mark.case("CLP-13")
def test_how_soon_it_follows() -> None:
    _, measured, _ = steered([9e3, -9e3, 9e3, 0.0], each=SETTLED + 0.5)
    assert measured == pytest.approx([9e3, -9e3, 9e3, 0.0], abs=1.0)


@pytest.mark.case("CLP-14")
def test_beyond_its_own_limit_the_car_stays_inside_and_says_so() -> None:
    small = car(mode=D, onboard=lambda: OnBoardCharger(power=7_360.0))
    result, measured, spy = steered([20e3, -20e3], wish=small)
    assert result.clean
    assert measured == pytest.approx([7_360.0, -7_360.0], abs=1.0)
    said = [number(m.control_mode.ev_present_active_power) for _, m in spy.asked if isinstance(m, AC_ChargeLoopReq)]  # type: ignore[union-attr]
    assert (min(said), max(said)) == (-7_360.0, 7_360.0)


@pytest.mark.case("BPT-07")
def test_at_its_least_charge_the_car_gives_no_more_and_stays() -> None:
    low = car(mode=D, battery=lambda: Battery(soc=20.06), trip=Trip(min_soc=20.0))
    result, measured, _ = steered([-9e3] * 4, wish=low)
    assert result.clean
    assert measured[0] == pytest.approx(-9e3, abs=1.0)
    assert measured[-1] == 0.0
    assert result.soc_after == pytest.approx(20.0, abs=0.02)


@pytest.mark.parametrize(
    ("board_phases", "own", "power"),
    [
        (1, OnBoardCharger(), 11e3 / 3),
        (3, OnBoardCharger(phases=1, power=7_360.0, current=32.0), 7_360.0),
        (1, OnBoardCharger(phases=1, power=3_680.0), 3_680.0),
    ],
)
@pytest.mark.parametrize("mode", ControlMode)
def test_single_phases(mode: ControlMode, board_phases: int, own: OnBoardCharger, power: Watt) -> None:
    board = replace(AC_BOARD, ac=AcAbilities(phases=board_phases))
    seen: list[float] = []

    def look(pair: Pair) -> None:
        def saw(event: Seen) -> None:
            if isinstance(event, Exchanged) and isinstance(event.message, AC_ChargeLoopRes):
                ac = pair.actuator.reading.ac
                assert ac is not None
                assert ac.value.active[1:] == (0.0, 0.0)
                seen.append(ac.value.active.l1)

        pair.car.subscribe(saw)

    result = run_pair(outlet(board=board, phases=board_phases), car(mode=mode, loops=30, onboard=lambda: own), prepare=look)
    assert result.clean
    assert seen[-2] == pytest.approx(power, abs=10.0)  # limits are told down to 10 W


@pytest.mark.case("PWR-14")
@pytest.mark.parametrize("mode", ControlMode)
def test_when_the_pilot_changes(mode: ControlMode) -> None:
    spy = Spy()
    assert run_pair(outlet(), car(mode=mode, loops=30), prepare=spy).clean
    start, stop = (at for at, message in spy.asked if isinstance(message, PowerDeliveryReq))
    changes: list[tuple[Second, Pilot]] = []
    for at, setpoint in spy.applied:
        if not changes or changes[-1][1] is not setpoint.pilot:
            changes.append((at, setpoint.pilot))
    assert [pilot for _, pilot in changes] == [Pilot.B, Pilot.C, Pilot.B]
    assert 0.0 <= changes[1][0] - start <= 0.25
    assert 0.0 <= changes[2][0] - stop <= 0.25


def test_no_power_flows_when_the_contactor_opens() -> None:
    flowing: list[float] = []

    def prepare(pair: Pair) -> None:
        class Watched(Relay):
            def demand(self, closed: bool) -> None:
                if self.conducting and not closed:
                    flowing.append(abs(pair.actuator.reading.power))
                super().demand(closed)

        pair.outlet.plant.contactor = Watched()  # type: ignore[union-attr]

    assert run_pair(outlet(), car(loops=30), prepare=prepare).clean
    assert flowing
    assert max(flowing) < 230.0


@pytest.mark.case("PWR-13")
@pytest.mark.parametrize("mode", ControlMode)
def test_a_charger_whose_contactor_does_not_close(mode: ControlMode) -> None:
    spy = Spy()

    def prepare(pair: Pair) -> None:
        pair.outlet.plant.faults.contactor_stuck_open = True
        spy(pair)

    result = run_pair(outlet(), car(mode=mode, loops=30), prepare=prepare)
    assert not result.car.clean
    assert "FAILED_ContactorError" in result.car.why
    assert spy.applied[-1][1].pilot is Pilot.B
    assert (result.charged, result.loops) == (0.0, 0)
    assert run_pair(outlet(), car(mode=mode, loops=30)).clean


@pytest.mark.case("CLP-02")
@pytest.mark.parametrize("mode", ControlMode)
def test_a_thousand_turns_each_asked_in_time(mode: ControlMode) -> None:
    spy = Spy()
    result = run_pair(outlet(), car(mode=mode, loops=1000), prepare=spy)
    assert (result.clean, result.loops) == (True, 1000)
    answered = [at for at, message in spy.answered if isinstance(message, AC_ChargeLoopRes)]
    asked = [at for at, message in spy.asked if isinstance(message, AC_ChargeLoopReq)][1:]
    assert max(after - before for before, after in zip(answered, asked, strict=False)) <= 0.25 + 1e-6
    balanced(result)


def test_mains_that_fail_take_the_power_away() -> None:
    power: list[Watt] = []

    def prepare(pair: Pair) -> None:
        loop = asyncio.get_running_loop()

        def fail() -> None:
            pair.outlet.plant.faults.grid_lost = True

        loop.call_later(5.0, fail)
        loop.call_later(5.2, lambda: power.append(pair.car.snapshot().reading.power))

    result = run_pair(outlet(budget=Budget(22e3, 22e3, -8e3)), car(mode=D), prepare=prepare)
    assert power == [0.0]
    assert result.loops < 40
    assert result.discharged == pytest.approx(8e3 * 5 / HOUR, rel=0.25)
