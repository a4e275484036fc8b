"""Whole sessions by price, by profile, by proposal: a charger that offers schedules against a car that plans by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from iso15118.energy import Budget, Mobility, Offer, Plan, Slot
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import EPOCH, Pair, PairResult, run_pair
from iso15118.service.seen import Noted, PhaseChanged, Seen
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, Pricing, ServiceID, Variants, service_of
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import Trip
from iso15118.tariff import Rule, Stack, Tariff
from iso15118.value import replace

pytestmark = pytest.mark.long

CHEAPEST = evcc.Config(control_modes=(ControlMode.SCHEDULED,), pricing=(Pricing.ABSOLUTE,), schedule_choice=evcc.ScheduleChoice.CHEAPEST)

SCHEDULED = evcc.Config(control_modes=(ControlMode.SCHEDULED,))


def outlet(*plans: Plan, pricing: Pricing = Pricing.ABSOLUTE, **words: Any) -> EvseConfig:
    offered = tuple(service_of(s, variants=Variants(pricing=(pricing,))) for s in (ServiceID.DC_BPT, ServiceID.DC))
    return EvseConfig(session=secc.Config(services=offered, watch=secc.Watch(settle=2.0, correction=5.0)), schedules=plans, **words)


def small(soc: float = 50.0) -> Any:
    """A battery of 1 kWh: what it lacks is charged in seconds."""
    return partial(Battery, 1000.0, soc)


def fees(*slots: tuple[float, float]) -> Tariff:
    return Tariff(tuple(Stack(seconds, (Rule(fee),)) for seconds, fee in slots))


class Watched:
    """A pair, and what was told of it."""

    def __init__(self, *then: Callable[[Pair], None]) -> None:
        self.notes: list[str] = []
        self.phases: list[Phase] = []
        self.powers: list[tuple[float, float]] = []
        """Time since the loop began, W; once a second."""
        self.then = then

    def __call__(self, pair: Pair) -> None:
        self.pair = pair
        pair.evse.subscribe(self.saw)

    def saw(self, seen: Seen) -> None:
        if isinstance(seen, Noted) and not seen.text.startswith("connection gone"):
            self.notes.append(seen.text)
        if isinstance(seen, PhaseChanged):
            self.phases.append(seen.after)
            if seen.after is Phase.CHARGE_LOOP:
                for each in self.then:
                    each(self.pair)
                self.measure(asyncio.get_running_loop().time())

    def measure(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        self.powers.append((loop.time() - began, self.pair.actuator.reading.power))
        if len(self.powers) < 200:
            loop.call_later(1.0, self.measure, began)


def later(seconds: float, what: Callable[[Pair], None]) -> Callable[[Pair], None]:
    """From the beginning of the loop on."""
    return lambda pair: asyncio.get_running_loop().call_later(seconds, what, pair) and None


@pytest.mark.case("SCH-12")
@pytest.mark.parametrize("pricing", [Pricing.ABSOLUTE, Pricing.LEVELS])
def test_a_car_waits_for_the_cheap_slot(pricing: Pricing) -> None:
    """60 s dear, then cheap: it stays connected at zero power, then takes what it wants, then leaves."""
    plan = Plan(0.0, (Slot(3600, 20e3, 10e3),), tolerance=1500.0, tariff=fees((60, 0.5), (3540, 0.1)))
    seen = Watched()
    wish = replace(CHEAPEST, pricing=(pricing,))
    result = run_pair(outlet(plan, pricing=pricing), CarConfig(session=wish, battery=small(), trip=Trip(target_soc=60.0)), prepare=seen)
    assert result.clean
    assert result.soc_after == pytest.approx(60.0, abs=1.0)
    waited = [power for at, power in seen.powers if at < 50]
    assert max(map(abs, waited)) < 100
    assert max(power for _, power in seen.powers) > 5e3
    assert seen.notes == []


def test_a_car_earns_in_the_dear_slot() -> None:
    """Dear now, cheap in 40 s: it gives back what it can, then refills and is full as wished."""
    plan = Plan(0.0, (Slot(3600, 20e3, 10e3),), tariff=fees((40, 0.5), (3560, 0.1)), back_tariff=fees((40, -0.6), (3560, -0.05)))
    wish = replace(CHEAPEST, give_back=True)
    seen = Watched()
    car = CarConfig(session=wish, battery=small(60.0), trip=Trip(target_soc=60.0, min_soc=55.0))
    result = run_pair(outlet(plan), car, prepare=seen)
    assert result.clean
    assert result.discharged > 20.0
    assert result.soc_after == pytest.approx(60.0, abs=1.5)


def test_of_two_schedules_the_cheaper_one() -> None:
    dear, cheap = (Plan(0.0, (Slot(3600, 20e3, 10e3),), tariff=fees((3600, fee))) for fee in (0.5, 0.2))
    seen = Watched()
    run_pair(outlet(dear, cheap), CarConfig(session=CHEAPEST, battery=small(), trip=Trip(target_soc=52.0)), prepare=seen)
    assert seen.pair.charger.session.chosen.id == 2
    assert seen.pair.driver.session.chosen.prices.fee(0, 1e3) == pytest.approx(0.2)


@pytest.mark.case("SCH-14")
@pytest.mark.parametrize("choice", evcc.ScheduleChoice)
def test_a_gap_in_the_schedule_is_waited_through(choice: evcc.ScheduleChoice) -> None:
    """10 s of power, 20 s of none, then power again: connected all the time, nothing flows in the gap, the wish is fulfilled."""
    plan = Plan(0.0, (Slot(12, 5e3), Slot(20, 0.0), Slot(3600, 5e3)))
    seen = Watched()
    wish = replace(SCHEDULED, schedule_choice=choice)
    result = run_pair(
        outlet(plan, pricing=Pricing.NONE), CarConfig(session=wish, battery=small(), trip=Trip(target_soc=53.5)), prepare=seen
    )
    assert result.clean
    assert result.soc_after == pytest.approx(53.5, abs=0.3)
    powers = [power for _, power in seen.powers]
    idle = [i for i, power in enumerate(powers) if abs(power) < 100]
    assert max(powers[: idle[5]]) > 4e3
    assert max(powers[idle[15] :]) > 4e3
    assert seen.phases.count(Phase.CHARGE_LOOP) == 1


TOLERANT = Plan(0.0, (Slot(3600, 20e3, 10e3),), tolerance=2000.0)


@pytest.mark.case("CLP-17")
def test_a_car_that_leaves_its_profile_is_warned_and_then_cut_off() -> None:
    seen = Watched()
    result = run_pair(outlet(TOLERANT), CarConfig(session=SCHEDULED, plan=(Leg(10.0, 20e3), Leg(60.0, 5e3))), prepare=seen)
    assert not result.clean
    warned = [note for note in seen.notes if "does not keep its power profile" in note]
    assert len(warned) == 1
    assert "FAILED_EVPowerProfileViolation" in seen.notes[-1]
    over = max(at for at, power in seen.powers if abs(power) > 500)
    assert over == pytest.approx(10.0 + 5.0, abs=1.5)


@pytest.mark.case("CLP-18")
def test_a_car_that_comes_back_to_its_profile_goes_on() -> None:
    seen = Watched()
    legs = (Leg(10.0, 20e3), Leg(4.0, 5e3), Leg(20.0, 20e3))
    result = run_pair(outlet(TOLERANT), CarConfig(session=SCHEDULED, plan=legs), prepare=seen)
    assert result.clean
    assert sum("does not keep its power profile" in note for note in seen.notes) == 1


def test_a_car_that_keeps_its_profile_is_not_warned() -> None:
    seen = Watched()
    result = run_pair(outlet(TOLERANT), CarConfig(session=SCHEDULED, plan=(Leg(30.0, 20e3),)), prepare=seen)
    assert (result.clean, seen.notes) == (True, [])


@pytest.mark.case("SCH-09")
def test_no_more_back_than_the_car_has_offered() -> None:
    offer = Offer(0.0, (Slot(86_400, 0.0, 4e3),), (Stack(86_400, (Rule(-0.2),)),))
    plan = Plan(0.0, (Slot(3600, 20e3, 10e3),))
    seen = Watched()
    car = CarConfig(session=replace(SCHEDULED, energy_offer=offer), plan=(Leg(15.0, -9e3),))
    result = run_pair(outlet(plan), car, prepare=seen)
    assert result.clean
    assert 3e3 < -min(power for _, power in seen.powers) < 4.1e3
    told = seen.pair.evse.offer
    assert told is not None
    assert (told.slots, told.stacks) == (offer.slots, offer.stacks)


@pytest.mark.case("SCH-05")
def test_a_planner_that_needs_its_time() -> None:
    """Ongoing until the plan is there."""

    def plan(happened: Seen) -> None:
        if isinstance(happened, PhaseChanged) and happened.after is Phase.AUTHORIZATION_SETUP:
            evse = seen.pair.evse
            evse.set_plans(None)
            asyncio.get_running_loop().call_later(20.0, evse.set_plans, (Plan(EPOCH / 1e6, (Slot(3600, 9e3),)),))

    def prepare(pair: Pair) -> None:
        seen(pair)
        pair.evse.subscribe(plan)

    seen = Watched()
    result = run_pair(outlet(), CarConfig(session=SCHEDULED, plan=(Leg(5.0, 20e3),)), prepare=prepare)
    assert result.clean
    assert result.duration > 20.0
    assert max(power for _, power in seen.powers) < 9.2e3


def dynamic(needs: int = 2, **words: Any) -> EvseConfig:
    offered = service_of(ServiceID.DC_BPT, (ControlMode.DYNAMIC,), Variants(mobility_needs=(needs,)))
    return EvseConfig(session=secc.Config(services=(offered,)), **words)


DYNAMIC = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=120)


@pytest.mark.case("CLP-16")
def test_proposed_needs_are_reflected() -> None:
    """From the start, and when they change in the loop: acknowledged at once, so that nobody is told of it."""
    new = Mobility(EPOCH / 1e6 + 900.0, 30, 70, reaction=5.0)
    seen = Watched(later(10.0, lambda pair: pair.evse.propose(new)))
    result = run_pair(dynamic(proposal=Mobility(600.0, 25, 80)), CarConfig(session=DYNAMIC), prepare=seen)
    assert (result.clean, seen.notes) == (True, [])
    told, proposed = seen.pair.driver.session.told, seen.pair.charger.session.proposed
    assert (told.minimum_soc, told.target_soc) == (30, 70)
    assert proposed is not None
    assert (proposed.mobility, proposed.settled) == (new, True)


def test_a_car_that_knows_its_needs_is_told_none() -> None:
    seen = Watched()
    result = run_pair(dynamic(needs=1, proposal=Mobility(600.0, 25, 80)), CarConfig(session=DYNAMIC), prepare=seen)
    assert result.clean
    assert seen.pair.driver.session.told == evcc.state.NOTHING_TOLD


@pytest.mark.case("BPT-06")
def test_a_battery_at_the_floor_of_its_cycling_range_gives_no_more() -> None:
    """The site wants 10 kW back all the time; 1 kWh from 45 % on, cycled down to 40 %."""
    car = CarConfig(session=replace(DYNAMIC, loops=240), battery=small(45.0), trip=Trip(min_soc=10.0, v2x_min_soc=40.0, v2x_max_soc=80.0))
    seen = Watched()
    result = run_pair(dynamic(budget=Budget(10e3, 10e3, target=-10e3)), car, prepare=seen)
    assert result.clean
    assert result.discharged > 30
    assert result.soc_after == pytest.approx(40.0, abs=1.0)
    assert abs(seen.powers[-1][1]) < 100


@pytest.mark.case("BPT-10")
def test_what_the_driver_needs_is_charged_though_the_site_wants_energy_back() -> None:
    """Departure near, energy below the minimum: the minimum energy is positive, and the charger charges."""
    car = CarConfig(session=DYNAMIC, battery=small(10.0), trip=Trip(departure=60.0, min_soc=15.0))
    result = run_pair(dynamic(budget=Budget(10e3, 10e3, target=-10e3)), car)
    assert result.clean
    assert result.soc_after == pytest.approx(15.0, abs=1.0)
    assert result.charged > 40


def energies(result: PairResult) -> tuple[float, float]:
    return result.charged, result.discharged


def test_a_session_by_price_is_the_same_each_time() -> None:
    plan = Plan(0.0, (Slot(3600, 20e3, 10e3),), tariff=fees((30, 0.5), (3570, 0.1)))
    car = CarConfig(session=CHEAPEST, battery=small(), trip=Trip(target_soc=52.0))
    first, second = (run_pair(outlet(plan), car) for _ in range(2))
    assert energies(first) == energies(second)
