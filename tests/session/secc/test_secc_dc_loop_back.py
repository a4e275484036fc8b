"""`session.secc.dc_loop`: energy that comes back, only where everything allows it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from iso15118.energy import Budget, Plan, Slot
from iso15118.errors import DeviceFault
from iso15118.messages.v20.common import ResponseCode
from iso15118.power import Setpoint
from iso15118.session.events import Sent, Tick
from tests.session.asked import EPOCH
from tests.session.playbook import WIDE, after, given
from tests.session.secc.test_secc_dc_loop import BPT, DC, DYNAMIC, PLENTY, ask, decided, flags, loop, numbers, turned

TRUTHS = ("bidirectional", "car", "budget", "board", "fresh", "energy", "well")


@pytest.mark.parametrize("truths", list(product([True, False], repeat=len(TRUTHS))), ids=lambda row: "".join("01"[t] for t in row))
def test_energy_comes_back_only_if_all_is_true(truths: tuple[bool, ...]) -> None:
    """The discharge permission: one row of 128."""
    bidirectional, car, budget, board, fresh, energy, well = truths
    service = BPT if bidirectional else DC
    play = loop(service, DYNAMIC, budget=Budget(charge=20e3, discharge=8e3 if budget else 0.0, target=-8e3))
    play >> given(limits=WIDE if board else WIDE.charging_only(), faults=frozenset() if well else frozenset({DeviceFault.METER}))
    play >> after(0.0 if fresh else 0.31, fresh=fresh)
    changes: dict[str, Any] = {} if energy else {"ev_minimum_energy_request": 0}
    if not car and bidirectional:
        changes["ev_maximum_discharge_current"] = 0
    setpoint = decided(play >> ask(service, DYNAMIC, **changes))
    wanted = -20.0 if all(truths) else 0.0
    if not bidirectional:
        assert setpoint.bidirectional is False
    assert setpoint.current == wanted
    (play.skip() >> Sent()).skip() >> Tick()
    assert decided(play).current == wanted


def test_the_truth_table_for_a_scheduled_car() -> None:
    play = loop()
    assert turned(play, ask(ev_target_current=-20))[0].current == -20
    for changes in ({"ev_maximum_discharge_current": 0}, {"ev_maximum_discharge_power": 0}):
        assert turned(loop(), ask(ev_target_current=-20, **changes))[0].current == 0
    for world in ({"budget": Budget(charge=20e3)}, {"limits": WIDE.charging_only()}, {"clock": (EPOCH + 10**6) * 10**6}):
        assert turned(loop() >> given(**world), ask(ev_target_current=-20))[0].current == 0


# Both directions.


@pytest.mark.case("BPT-04")
def test_a_negative_target_without_a_bidirectional_service() -> None:
    """BPT-04."""
    setpoint, answer = turned(loop(DC), ask(DC, ev_target_current=-20))
    assert (setpoint.current, setpoint.bidirectional) == (0, False)
    assert answer.response_code is ResponseCode.OK


@pytest.mark.case("BPT-05")
def test_a_discharge_above_the_limit_is_clamped() -> None:
    """BPT-05: to ours, with the flag; to the car's own power, without."""
    planned = (Plan(EPOCH, (Slot(86_400, 100e3, 100e3),)),)
    setpoint, answer = turned(loop(budget=PLENTY, plans=planned), ask(ev_target_current=-60))
    assert setpoint.current == -50
    assert flags(answer)[:2] != (False, False)
    setpoint, answer = turned(loop(budget=PLENTY, plans=planned), ask(ev_target_current=-40, ev_maximum_discharge_power=12e3))
    assert setpoint.current == -30
    assert flags(answer) == (False, False, False)


@pytest.mark.case("BPT-01")
def test_through_zero_and_back() -> None:
    """BPT-01: no fault, and the discharge floor is the higher of both minimum voltages."""
    play = loop()
    for current in (20, 5, 0, -5, -20, -5, 0, 5, 20):
        setpoint, answer = turned(play, ask(ev_target_current=current))
        assert setpoint == Setpoint(450.0 if current >= 0 else 200.0, float(current), contactor=True, lock=True, bidirectional=True)
        assert answer.response_code is ResponseCode.OK


@pytest.mark.case("BPT-06")
@pytest.mark.parametrize(
    ("changes", "current"),
    [
        pytest.param({}, -20, id="room to give"),
        pytest.param({"ev_minimum_energy_request": 0}, 0, id="at its minimum"),
        pytest.param({"ev_minimum_energy_request": 1}, 50.0, id="below its minimum: charged now"),
        pytest.param({"ev_maximum_v2x_energy_request": 5e3, "ev_minimum_v2x_energy_request": -1e3}, -20, id="in the cycling range"),
        pytest.param({"ev_maximum_v2x_energy_request": 5e3, "ev_minimum_v2x_energy_request": 0}, 0, id="at its end"),
        pytest.param({"ev_maximum_v2x_energy_request": 5e3, "ev_minimum_v2x_energy_request": 1e3}, 0, id="below it"),
    ],
)
def test_the_cars_energy_window(changes: dict[str, Any], current: float) -> None:
    play = loop(BPT, DYNAMIC, budget=Budget(charge=20e3, discharge=20e3, target=-8e3))
    assert turned(play, ask(BPT, DYNAMIC, **changes))[0].current == current


def test_a_full_car_takes_nothing_more() -> None:
    play = loop(BPT, DYNAMIC)
    assert turned(play, ask(BPT, DYNAMIC))[0].current == 55
    assert turned(play, ask(BPT, DYNAMIC, ev_target_energy_request=0, ev_maximum_energy_request=0))[0].current == 0


@pytest.mark.case("BPT-02")
@pytest.mark.parametrize(("target", "charge", "back"), [(None, 20e3, 8e3), (6e3, 6e3, 0), (-6e3, 0, 6e3), (0.0, 0, 0), (50e3, 20e3, 0)])
def test_in_dynamic_mode_the_limits_are_the_set_point(target: float | None, charge: float, back: float) -> None:
    """BPT-02: the car fills the window that is left open."""
    play = loop(BPT, DYNAMIC, budget=Budget(charge=20e3, discharge=8e3, target=target))
    setpoint, answer = turned(play, ask(BPT, DYNAMIC))
    told = numbers(answer.control_mode)
    assert (told["evse_maximum_charge_power"], told["evse_maximum_discharge_power"]) == (charge, back)
    assert told["evse_minimum_charge_power"] <= told["evse_maximum_charge_power"]
    assert told["evse_minimum_discharge_power"] <= told["evse_maximum_discharge_power"]
    assert setpoint.current * 400 == pytest.approx(charge if target is None or target > 0 else -back)
