"""What the on-board charger is told: the newest of all limits, the charger's word, the schedule and the ramp."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.power import VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session.evcc.ac_parameters import read_mains
from iso15118.session.evcc.onboard import IDLE, told, window
from iso15118.session.evcc.plan import Chosen
from iso15118.session.services import ControlMode, ServiceID
from iso15118.session.steps import Steps
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace
from tests.session.evcc.bench import EPOCH, ONBOARD, evse_mains, in_mode, on_mains, schedule_tuple, snapshot

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
ROOMY = Chosen.of(schedule_tuple(1, (86_400, 90_000.0)))
EVSE = read_mains(evse_mains(), 3, 3)
WORLD = snapshot(reading=on_mains())


def looping(mode: ControlMode = D, *, bidirectional: bool = True, active: float | PerPhase | None = None, **changes: Any) -> Any:
    """A session in the loop; `active` W is what the charger asks for."""
    known = changes.pop("mains", EVSE)
    asked = PerPhase.even(active, 3) if isinstance(active, int | float) else active
    fields = {"mains": replace(known, active=asked), "phase": Phase.CHARGE_LOOP, "chosen": ROOMY, "reference": EPOCH, "delivering": True}
    return in_mode(ServiceID.AC_BPT if bidirectional else ServiceID.AC, mode, **fields | changes)


def power(session: Any, world: Any = WORLD) -> float:
    return told(session, world).active.total


# Dynamic mode: the charger's word.


@pytest.mark.case("CLP-13", "BPT-03")
@pytest.mark.parametrize("asked", [9e3, 5e3, 0.0, -3e3, -11e3])
def test_the_power_asked_for_is_taken_at_once(asked: float) -> None:
    assert power(looping(active=asked)) == pytest.approx(asked)


@pytest.mark.case("CLP-14")
@pytest.mark.parametrize(
    ("asked", "own", "taken"),
    [
        (22e3, {}, 11e3),
        (22e3, {"charge_power": 7e3}, 7e3),
        (22e3, {"charge_current": 10.0}, 6.9e3),
        (-22e3, {}, -11e3),
        (-22e3, {"discharge_power": 2e3}, -2e3),
        (-22e3, {"discharge_power": 0.0}, 0.0),
        (4e3, {}, 0.0),  # less than 6 A in three phases
        (4.14e3, {}, 4.14e3),
        (4e3, {"charge_power": 3e3}, 3e3),  # the battery takes no more, and that is then the least
    ],
)
def test_beyond_our_own_limits_we_stay_inside(asked: float, own: dict[str, float], taken: float) -> None:
    onboard = replace(ONBOARD, limits=replace(ONBOARD.limits, **own))
    assert power(looping(active=asked), replace(WORLD, onboard=onboard)) == pytest.approx(taken)


def test_nor_beyond_what_the_charger_announced() -> None:
    low = read_mains(evse_mains(evse_maximum_charge_power=8e3, evse_maximum_discharge_power=-2e3), 3, 3)
    assert power(looping(active=10e3, mains=low)) == pytest.approx(8e3)
    assert power(looping(active=-10e3, mains=low)) == pytest.approx(-2e3)
    assert power(looping(active=900.0, mains=replace(EVSE, least=5e3))) == 0.0


def test_without_a_bidirectional_service_nothing_is_given() -> None:
    assert power(looping(bidirectional=False, active=-5e3)) == 0.0
    assert power(looping(S, bidirectional=False), replace(WORLD, target_power=-5e3)) == 0.0


def test_phase_by_phase() -> None:
    uneven = PerPhase(3e3, 2e3, 5e3)
    assert told(looping(active=uneven), WORLD).active == pytest.approx((3e3, 2e3, 3680.0))
    single = read_mains(evse_mains(), 3, 1)
    assert told(looping(active=9e3, mains=single), WORLD).active == PerPhase(3e3)
    assert told(looping(active=PerPhase(9e3), mains=single), WORLD).active == PerPhase(3680.0)


def test_before_the_charger_has_spoken_nothing_is_taken() -> None:
    assert told(looping(), WORLD) == IDLE


@pytest.mark.parametrize(
    ("active", "asked", "turned"),
    [(0.0, 3e3, 3e3), (0.0, 9e3, 5e3), (6e3, -3e3, -3e3), (11e3, 3e3, 3 * (3680.0**2 - (11e3 / 3) ** 2) ** 0.5)],
)
def test_reactive_power_has_the_room_that_is_left(active: float, asked: float, turned: float) -> None:
    session = looping(active=active, mains=replace(EVSE, reactive=PerPhase.even(asked, 3)))
    assert told(session, WORLD).reactive.total == pytest.approx(turned)
    single = replace(read_mains(evse_mains(), 3, 1), reactive=PerPhase.even(asked, 3))
    assert told(looping(active=active, mains=single), WORLD).reactive[1:] == (0.0, 0.0)


# When nothing flows.


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.CHARGE_LOOP])
def test_only_in_the_loop(phase: Phase) -> None:
    assert told(looping(active=9e3, phase=phase), WORLD) == IDLE
    assert told(looping(active=9e3), WORLD) != IDLE


@pytest.mark.parametrize("changes", [{"stop": "driver"}, {"renegotiating": True}, {"phase": Phase.ENDED}])
def test_on_the_way_out_nothing_is_taken(changes: dict[str, Any]) -> None:
    assert told(looping(active=9e3, **changes), WORLD) == IDLE


@pytest.mark.parametrize(
    "reading",
    [
        on_mains(voltage=NO_PHASE),
        on_mains(voltage=PerPhase(230.0, 230.0, 100.0)),
        on_mains(voltage=PerPhase(180.0, 180.0, 180.0)),
        on_mains(at=-1.1),
        replace(on_mains(), ac=None),
    ],
)
def test_without_mains_measured_nothing_is_taken(reading: Any) -> None:
    assert told(looping(active=9e3), replace(WORLD, reading=reading)) == IDLE
    assert told(looping(S), replace(WORLD, reading=reading)) == IDLE


def test_unused_phases_need_no_mains() -> None:
    single = read_mains(evse_mains(), 1, 1)
    world = replace(WORLD, reading=on_mains(voltage=PerPhase(230.0)))
    assert power(looping(active=PerPhase(2e3), mains=single), world) == 2e3


# Scheduled mode: our own wish under a schedule.


@pytest.mark.parametrize(("wish", "taken"), [(9e3, 9e3), (22e3, 11e3), (0.0, 0.0), (-5e3, -5e3), (-30e3, -11e3)])
def test_our_own_wish(wish: float, taken: float) -> None:
    assert power(looping(S), replace(WORLD, target_power=wish)) == pytest.approx(taken)


def test_the_schedule_binds_slot_by_slot() -> None:
    chosen = Chosen.of(schedule_tuple(1, (60, 8_000.0), (60, 0.0), (60, 5_000.0), back=((180, -2_000.0),)))
    taken = [power(looping(S, chosen=chosen), replace(WORLD, now=at, reading=on_mains(at=at))) for at in (1.0, 61.0, 121.0, 200.0)]
    assert taken == pytest.approx([8e3, 0.0, 5e3, 0.0])
    back = replace(WORLD, target_power=-9e3)
    given = [power(looping(S, chosen=chosen), replace(back, now=at, reading=on_mains(at=at))) for at in (1.0, 200.0)]
    assert given == pytest.approx([-2e3, 0.0])


def test_our_profile_binds_and_may_give_back() -> None:
    profile = Steps(EPOCH, (60_000_000, 120_000_000), (6e3, -3e3))
    taken = [power(looping(S, profile=profile), replace(WORLD, now=at, reading=on_mains(at=at))) for at in (1.0, 61.0, 121.0)]
    assert taken == pytest.approx([6e3, -3e3, 0.0])


def test_a_schedule_of_uneven_phases_binds_each() -> None:
    profile = Steps(EPOCH, (60_000_000,), (9e3,), (PerPhase(5e3, 2e3, 2e3),))
    assert told(looping(S, profile=profile), WORLD).active == PerPhase(3e3, 2e3, 2e3)


@pytest.mark.parametrize(
    ("wish", "asked", "taken"),
    [(9e3, 5e3, 5e3), (9e3, 20e3, 9e3), (9e3, 0.0, 0.0), (9e3, -4e3, -4e3), (-9e3, -4e3, -4e3), (-9e3, 5e3, 5e3), (-9e3, -20e3, -9e3)],
)
def test_the_charger_may_cut_it_short(wish: float, asked: float, taken: float) -> None:
    """A grid in need: [V2G20-1826]."""
    assert power(looping(S, active=asked), replace(WORLD, target_power=wish)) == pytest.approx(taken)


def test_an_emergency_gives_no_more_than_a_schedule_allows() -> None:
    chosen = Chosen.of(schedule_tuple(1, (600, 8_000.0), back=((600, -1_000.0),)))
    assert power(looping(S, active=-9e3, chosen=chosen)) == pytest.approx(-1e3)


def test_before_a_schedule_is_chosen_there_is_no_target() -> None:
    with pytest.raises(LocalError, match="before a schedule"):
        told(looping(S, chosen=None), WORLD)


# The charger's ramp.

RAMP = replace(EVSE, ramp=2_000.0)


def ramping(wish: float, ticks: int, *, before: float = 0.0, mains: Any = RAMP, **changes: Any) -> list[float]:
    """The powers told at each tick of 0.1 s."""
    session = looping(S, mains=mains, **changes)
    session = replace(session, setpoint=VehicleSetpoint(target=replace(IDLE, active=PerPhase.even(before, 3))), set_at=0.0)
    seen = []
    for tick in range(1, ticks + 1):
        now = 50.0 + tick * 0.1
        target = told(session, replace(WORLD, now=now, reading=on_mains(at=now), target_power=wish))
        session = replace(session, setpoint=VehicleSetpoint(target=target), set_at=now)
        seen.append(target.active.total)
    return seen


def test_set_points_of_ours_change_along_the_ramp() -> None:
    assert ramping(9e3, 4, before=8e3) == pytest.approx([8.2e3, 8.4e3, 8.6e3, 8.8e3])
    assert ramping(5e3, 3, before=8e3) == pytest.approx([7.8e3, 7.6e3, 7.4e3])
    assert ramping(9e3, 6, before=8e3)[-1] == pytest.approx(9e3)
    assert ramping(-9e3, 2, before=300.0) == pytest.approx([0.0, -200.0])


def test_the_way_up_begins_at_the_least_that_can_flow() -> None:
    assert ramping(9e3, 3) == pytest.approx([4140.0, 4340.0, 4540.0])
    assert ramping(3e3, 3) == [0.0, 0.0, 0.0]


def test_the_charger_may_override_its_ramp() -> None:
    assert ramping(9e3, 2, before=8e3, active=5e3) == pytest.approx([5e3, 5e3])
    assert power(looping(active=9e3, mains=RAMP)) == pytest.approx(9e3)


def test_no_limit_is_exceeded_for_the_sake_of_a_ramp() -> None:
    low = replace(RAMP, charge=PerPhase.even(6e3, 3))
    assert ramping(9e3, 1, before=9e3, mains=low) == pytest.approx([6e3])
    assert ramping(9e3, 1, before=9e3, chosen=Chosen.of(schedule_tuple(1, (600, 5_000.0)))) == pytest.approx([5e3])


def test_the_window_of_our_side() -> None:
    own = window(looping(), WORLD, 3)
    assert (own.charge, own.discharge, own.least) == (11e3, 11e3, 4140.0)
    assert window(looping(bidirectional=False), WORLD, 3).discharge == 0.0
    single = window(looping(), WORLD, 1)
    assert (single.charge, single.least) == (3680.0, 1380.0)
    with pytest.raises(LocalError, match="without an on-board charger"):
        window(looping(), replace(WORLD, onboard=replace(ONBOARD, ac=None)), 3)
