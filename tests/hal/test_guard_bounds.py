"""`hal.guard`: whatever comes in, what goes out is inside. The discharge truth table and the properties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.power import Command, Limits, Pilot, Setpoint
from iso15118.value import replace
from tests.hal.bench import Bench, at

pytestmark = pytest.mark.long

FLAGS = ("bidirectional", "allowed", "limit", "power", "fresh", "healthy", "live", "pilot", "contactor")


@pytest.mark.parametrize("row", list(product([False, True], repeat=len(FLAGS))), ids=lambda row: "".join("01"[flag] for flag in row))
def test_discharge_only_in_the_one_all_true_row(row: tuple[bool, ...]) -> None:
    """Every combination, each condition lost while discharging: 0 A commanded within 100 ms, of all rows but one."""
    flag = dict(zip(FLAGS, row, strict=True))
    bench = discharging()
    bench.guard.discharge_allowed = flag["allowed"]
    if not flag["limit"] or not flag["power"]:
        rated = bench.outlet.supply.rated
        limits = replace(
            rated.limits,
            discharge_current=125.0 if flag["limit"] else 0.0,
            discharge_power=50e3 if flag["power"] else 0.0,
        )
        bench.outlet.supply.rated = replace(rated, limits=limits)
    if not flag["healthy"]:
        bench.guard.trip(DeviceFault.EMERGENCY_STOP)
    if not flag["pilot"]:
        bench.faults.pilot = Pilot.B
    bench.faults.telemetry_frozen = not flag["fresh"]
    wanted = replace(at(-50), bidirectional=flag["bidirectional"], contactor=flag["contactor"])
    if not flag["live"] or not flag["fresh"]:  # both are a matter of 300 ms; the other conditions are sent meanwhile
        bench.run(0.3, wanted if flag["live"] else None)
    bench.run(0.1, wanted if flag["live"] else None)
    assert bench.demanded == (-50 if all(row) else 0)


def discharging() -> Bench:
    bench = Bench().join()
    bench.charge(-50, 1.0)
    return bench


def test_a_charge_set_point_never_discharges_however_the_limits_fall() -> None:
    """An external limit of zero is zero, not a wish to give back."""
    bench = Bench().join()
    bench.charge(50)
    bench.faults.supply_derating = 0.0
    bench.charge(50, 0.1)
    assert bench.demanded == 0
    assert bench.charge(50, 1.0).reading.discharged.value == 0


def test_a_discharge_that_is_not_allowed_becomes_no_trickle() -> None:
    bench = Bench(discharge_allowed=False).join()
    bench.run(0.5, replace(at(-50), trickle=2.0))
    assert (bench.demanded, bench.outlet.plant.bus.supply.trickle) == (0, 0)


def test_a_limit_that_falls_is_obeyed_in_the_next_turn() -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.faults.supply_derating = 0.4
    bench.tell(at(100))
    bench.step()
    assert bench.demanded == pytest.approx(0.4 * 125)
    bench.charge(100, 0.2)
    assert bench.current == pytest.approx(0.4 * 125)


def test_own_limits_are_below_the_boards() -> None:
    bench = Bench()
    limits = Limits(200, 420, 20, 6000, 10, 6000)
    bench.guard = Guard(bench.outlet, limits, ramp=10, discharge_allowed=True)
    bench.number = 0
    bench.join()
    bench.charge(100, 3)
    assert bench.demanded == pytest.approx(6000 / bench.seen[-1].reading.voltage.value, rel=1e-3)
    bench.charge(-100, 3)
    assert bench.demanded == -10


def test_flipping_direction_in_every_loop_moves_no_contactor_and_breaks_no_ramp() -> None:
    bench = Bench().join()
    bench.charge(0, 0.1)
    operations = bench.outlet.plant.bus.contactor.operations
    last = 0.0
    for loop in range(200):
        bench.tell(at(50 if loop % 2 else -50))
        for _ in range(25):
            bench.step()
            assert abs(bench.demanded) <= abs(last) + 100 * 0.01 + 1e-9
            assert bench.demanded * last >= 0
            last = bench.demanded
    assert bench.outlet.plant.bus.contactor.operations == operations
    assert not bench.guard.faults


@dataclass(frozen=True)
class Leg:
    """What arrives, and for how long nothing else does."""

    setpoint: Setpoint
    number: int
    turns: int
    allowed: bool
    derating: float


VALUE = st.one_of(st.floats(), st.floats(-600, 600), st.sampled_from([0.0, 1e12, -1e12]))
LEGS = st.builds(
    Leg,
    setpoint=st.builds(
        Setpoint,
        voltage=st.one_of(VALUE, st.floats(300, 480)),
        current=VALUE,
        trickle=VALUE,
        contactor=st.sampled_from([True, True, True, False]),
        lock=st.booleans(),
        insulation_test=st.booleans(),
        bidirectional=st.sampled_from([True, True, False]),
    ),
    number=st.sampled_from([1, 1, 1, 5, 0, -3]),
    turns=st.integers(1, 12),
    allowed=st.sampled_from([True, True, False]),
    derating=st.sampled_from([1.0, 1.0, 0.5, 0.0]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LEGS, min_size=1, max_size=25))
def test_the_demand_is_always_within_limits_interlock_and_ramp(legs: list[Leg]) -> None:
    bench = Bench().join()
    supply, board = bench.outlet.plant.bus.supply, Board()
    last = supply.current
    for leg in legs:
        bench.guard.discharge_allowed = leg.allowed
        bench.faults.supply_derating = leg.derating
        bench.number += leg.number
        taken = bench.guard.command(Command(bench.number, 0.3, leg.setpoint), bench.now)
        setpoint = leg.setpoint if taken else None
        for _ in range(leg.turns):
            telemetry = bench.step()
            current, voltage = supply.current, telemetry.reading.voltage.value
            limits = board.limits
            assert -limits.discharge_current * leg.derating <= current <= limits.charge_current * leg.derating
            assert abs(current) * voltage <= limits.charge_power * leg.derating + 1e-6
            assert supply.voltage == 0 or limits.min_voltage <= supply.voltage <= limits.max_voltage
            assert 0 <= supply.trickle <= 2
            assert abs(current) <= abs(last) + board.ramp * 0.01 + 1e-9
            assert current * last >= 0
            if current < 0:
                assert leg.allowed
                assert setpoint is None or setpoint.bidirectional
            if telemetry.faults or not bench.closed:
                assert current == 0
            last = current


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-150, 150), st.integers(1, 15)), min_size=1, max_size=8))
def test_honest_commands_raise_no_fault(legs: list[tuple[float, int]]) -> None:
    bench = Bench().join()
    for current, tenths in legs:
        bench.charge(current, tenths / 10)
    bench.charge(legs[-1][0], 3.0)
    assert not bench.guard.faults
    assert bench.demanded == pytest.approx(bench.current)


def test_standing_still_between_turns_does_not_jump_the_ramp() -> None:
    bench = Bench().join()
    bench.charge(0, 0.1)
    bench.turn += 20
    bench.tell(at(100))
    bench.step()
    assert bench.demanded <= 100 * 0.1


@pytest.mark.parametrize("current", [50.0, -50.0])
def test_a_clock_that_goes_back_moves_nothing_until_it_has_caught_up(current: float) -> None:
    bench = Bench().join()
    bench.charge(current)
    bench.tell(at(2 * current))
    bench.turn -= 10
    for _ in range(10):
        bench.step()
        assert bench.demanded == current
    bench.step()
    assert abs(bench.demanded) > abs(current)
