"""Policies by name, and what those without a plan want."""

from __future__ import annotations

import pytest

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.grid.policies import NAMES, Moment, policy
from iso15118.grid.site import Circuit, Evse, Site
from iso15118.grid.visits import Visit

SITE = Site(
    name="s",
    circuits=(Circuit(name="main"),),
    evses=(Evse(name="a", circuit="main"), Evse(name="b", circuit="main"), Evse(name="c", circuit="main", dc=True, efficiency=0.5)),
)
HOUR = 3600.0


def car(evse: str, leaves: float, energy: float, power: float = 11e3, phases: int = 3) -> Visit:
    need = Need(energy, energy, 0.0, charge_power=power)
    return Visit(evse=evse, need=need, arrival=0.0, departure=leaves * HOUR, phases=phases)


def wanted(name: str, *visits: Visit, available: float = 1e6, surplus: float = 0.0) -> dict[str, float]:
    return dict(policy(name).targets(Moment(now=0.0, site=SITE, visits=visits, available=available, surplus=surplus)))


@pytest.mark.parametrize("name", NAMES)
def test_each_has_its_file_and_its_name(name: str) -> None:
    assert policy(name).name == name


def test_only_the_unmanaged_one_knows_no_limits() -> None:
    assert [name for name in NAMES if not policy(name).limited] == ["unmanaged"]
    assert wanted("unmanaged", car("a", 8, 5e3), car("b", 2, 5e3, phases=1), available=0.0) == {"a": 11e3, "b": 7360.0}


def test_a_full_car_wants_nothing() -> None:
    assert wanted("unmanaged", car("a", 8, 0.0)) == {"a": 0.0}


@pytest.mark.parametrize("name", ["equal_share", "serve_first"])
def test_who_gets_what_is_the_allocators(name: str) -> None:
    assert wanted(name, car("a", 8, 5e3)) == {}
    assert policy(name).fills


def test_the_earliest_deadline_goes_first() -> None:
    assert wanted("earliest_deadline", car("a", 8, 5e3), car("b", 2, 5e3), available=15e3) == {"b": 11e3, "a": 4e3}


def test_room_is_the_mains_and_targets_are_the_cars() -> None:
    assert wanted("earliest_deadline", car("c", 1, 50e3), car("b", 2, 5e3), available=24e3) == {"c": 11e3, "b": 2e3}


def test_the_least_laxity_goes_first() -> None:
    """The later departure has less time to lose."""
    assert wanted("least_laxity", car("a", 8, 80e3), car("b", 2, 5e3), available=15e3) == {"a": 11e3, "b": 4e3}


@pytest.mark.parametrize(
    ("surplus", "found"),
    [(10e3, {"a": 5e3, "b": 5e3}), (14e3, {"a": 10.3e3, "b": 3.7e3}), (-2e3, {"a": 0.0, "b": 0.0}), (50e3, {"a": 11e3, "b": 3.7e3})],
)
def test_the_sun_is_shared_as_far_as_each_can_take_it(surplus: float, found: dict[str, float]) -> None:
    small = 5e3 if surplus == 10e3 else 3.7e3
    assert wanted("solar_first", car("a", 8, 5e3), car("b", 8, 5e3, small), surplus=surplus) == pytest.approx(found)


def test_who_would_not_be_ready_does_not_wait_for_the_sun() -> None:
    assert wanted("solar_first", car("a", 1, 11e3), car("b", 8, 5e3), surplus=2e3) == {"a": 11e3, "b": 0.0}


def test_an_unknown_one_is_answered_with_those_there_are() -> None:
    with pytest.raises(LocalError, match=r"no policy 'fastest'; there are: unmanaged, equal_share"):
        policy("fastest")
