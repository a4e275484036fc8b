"""`messages.v20.phases`: one element or three."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.phases import said, superfluous, told
from iso15118.messages.v20.rational import rational
from iso15118.units import PerPhase
from tests.session.asked import ac_limits

MOST = "ev_maximum_charge_power"


@pytest.mark.parametrize(
    ("phases", "changes", "power"),
    [
        (1, {MOST: 7360}, PerPhase(7360)),
        (3, {MOST: 11_040}, PerPhase(3680, 3680, 3680)),
        (3, {MOST: 7000, f"{MOST}_l2": 0, f"{MOST}_l3": 0}, PerPhase(7000)),
        (3, {MOST: 1000, f"{MOST}_l3": 3000}, PerPhase(1000, 0, 3000)),
    ],
)
def test_what_the_elements_say(phases: int, changes: dict[str, float], power: PerPhase) -> None:
    assert told(ac_limits(**changes), MOST, phases) == power


def test_an_absent_element_says_nothing() -> None:
    assert told(ac_limits().but(**{MOST: None}), MOST, 3) is None


def test_phases_that_a_single_phase_has_not() -> None:
    assert superfluous(ac_limits()) == ()
    assert superfluous(ac_limits(**{f"{MOST}_l2": 1})) == (f"{MOST}_l2",)


@pytest.mark.parametrize(
    ("power", "phases", "elements"),
    [
        (PerPhase(3680), 1, {"x": 3680}),
        (PerPhase(-1000.2, -1000, -1000), 3, {"x": -3000}),
        (PerPhase(1000, 2000, 0), 3, {"x": 1000, "x_l2": 2000, "x_l3": 0}),
    ],
)
def test_one_element_where_one_is_enough(power: PerPhase, phases: int, elements: dict[str, float]) -> None:
    assert said("x", power, phases) == {name: rational(value) for name, value in elements.items()}
