"""What a chosen schedule allows at a moment, and a profile that keeps within every slot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iso15118.messages.v20.rational import number, rational
from iso15118.session.evcc.plan import Chosen
from iso15118.session.steps import Steps
from tests.session.evcc.bench import EPOCH, schedule, schedule_tuple

SECOND = 1_000_000
ENTRIES = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 30_000).map(float)), min_size=1, max_size=20)


def test_a_power_at_every_moment() -> None:
    steps = Steps.of(schedule((60, 1000.0), (60, 0.0), (60, 3000.0)).power_schedule, magnitude=False)
    found = [steps.at(EPOCH + at * SECOND) for at in (-1, 0, 59, 60, 119, 120, 179, 180)]
    assert found == [1000.0, 1000.0, 1000.0, 0.0, 0.0, 3000.0, 3000.0, 0.0]


def test_discharge_by_magnitude_charge_by_sign() -> None:
    assert Steps.of(schedule((60, -500.0)).power_schedule, magnitude=True).powers == (500.0,)
    assert Steps.of(schedule((60, 500.0)).power_schedule, magnitude=True).powers == (500.0,)
    assert Steps.of(schedule((60, -500.0)).power_schedule, magnitude=False).powers == (0.0,)


def test_an_anchor_in_seconds_or_milliseconds() -> None:
    for divisor in (1, 1000, 1_000_000):
        told = schedule((60, 1.0), anchor=EPOCH // divisor).power_schedule
        assert Steps.of(told, magnitude=False).anchor == EPOCH


def test_the_energy_allowed() -> None:
    assert Steps.of(schedule((60, 1000.0), (30, 2000.0)).power_schedule, magnitude=False).energy == 120_000.0 * SECOND


def test_without_a_discharging_schedule() -> None:
    assert Chosen.of(schedule_tuple(1, (60, 1.0))).discharge is None
    back = Chosen.of(schedule_tuple(1, (60, 1.0), back=((60, -2.0),))).discharge
    assert back is not None
    assert back.powers == (2.0,)


@given(ENTRIES, st.floats(0, 60_000))
def test_a_profile_keeps_within_each_slot(entries: list[tuple[int, float]], most: float) -> None:
    chosen = Chosen.of(schedule_tuple(3, *entries))
    profile = chosen.profile(most).ev_power_profile_entry
    kept = [entry for entry in entries if entry[0]]
    assert [e.duration for e in profile] == ([d for d, _ in kept] or [1])
    for entry, (_, allowed) in zip(profile, kept or [(1, 0.0)], strict=True):
        assert 0 <= number(entry.power) <= min(allowed, most) + 0.01


def test_a_slot_below_the_maximum_is_taken_whole() -> None:
    profile = Chosen.of(schedule_tuple(1, (60, 11_000.0), (60, 60_000.0))).profile(50_004.0)
    assert [number(e.power) for e in profile.ev_power_profile_entry] == [11_000.0, 50_000.0]


def test_a_schedule_without_a_time_counts_from_when_it_came() -> None:
    told = schedule((3600, 10_000.0), anchor=0).power_schedule
    steps = Steps.of(told, EPOCH, magnitude=False)
    assert (steps.at(EPOCH), steps.at(EPOCH + 3599 * SECOND), steps.at(EPOCH + 3600 * SECOND)) == (10_000.0, 10_000.0, 0.0)


def test_a_tolerance_is_noticed() -> None:
    plain = schedule_tuple(1, (60, 1.0))
    power = plain.charging_schedule.power_schedule.but(power_tolerance=rational(2000))
    tolerant = plain.but(charging_schedule=plain.charging_schedule.but(power_schedule=power))
    assert (Chosen.of(plain).tolerance, Chosen.of(tolerant).tolerance) == (False, True)
