"""`session.secc.offer`: slots drawn out, cut and merged, and never more than planned."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Offer, Slot
from iso15118.session.secc.offer import covering, merged, offered
from iso15118.units import PerPhase
from iso15118.value import replace

plans = st.lists(st.builds(Slot, st.integers(1, 5000).map(float), st.floats(0, 2e4), st.floats(0, 2e4)), min_size=1, max_size=40)
steady = settings(derandomize=True, deadline=None)


def power_at(slots: Any, second: float) -> tuple[float, float]:
    for slot in slots:
        if second < slot.duration:
            return slot.charge, slot.discharge
        second -= slot.duration
    return 0.0, 0.0


@steady
@chance(plans, st.integers(12, 20))
def test_merging_never_grants_more_at_any_moment(slots: list[Slot], points: int) -> None:
    fewer = merged(tuple(slots), points)
    assert len(fewer) == min(points, len(slots))
    assert sum(s.duration for s in fewer) == sum(s.duration for s in slots)
    at = 0.0
    for slot in slots:
        granted, planned = power_at(fewer, at), (slot.charge, slot.discharge)
        assert granted[0] <= planned[0]
        assert granted[1] <= planned[1]
        at += slot.duration


@steady
@chance(plans, st.integers(1, 200_000).map(float))
def test_covering_only_draws_out_the_end(slots: list[Slot], span: float) -> None:
    longer = covering(tuple(slots), span)
    assert sum(s.duration for s in longer) == max(span, sum(s.duration for s in slots))
    assert longer[:-1] == tuple(slots[:-1])
    assert longer[-1] == replace(slots[-1], duration=longer[-1].duration)


@steady
@chance(plans, plans, st.integers(-80_000, 80_000).map(lambda eighths: eighths / 8))
def test_within_the_cars_offer_at_every_moment(slots: list[Slot], theirs: list[Slot], later: float) -> None:
    cut = offered(tuple(slots), 1000.0, Offer(1000.0 + later, tuple(theirs)))
    assert sum(s.duration for s in cut) == pytest.approx(sum(s.duration for s in slots))
    at = 0.0
    for slot in cut:
        assert slot.discharge <= min(power_at(slots, at)[1], power_at(theirs, at - later)[1] if at >= later else 0.0)
        assert slot.charge == power_at(slots, at)[0]
        at += slot.duration


def test_phases_are_merged_to_the_lower_of_each() -> None:
    (one,) = merged((Slot(60, 9e3, phases=PerPhase(4e3, 3e3, 2e3)), Slot(60, 6e3, phases=PerPhase(1e3, 5e3))), 1)
    assert one == Slot(120, 6e3, phases=PerPhase(1e3, 3e3, 0.0))


def test_an_offer_without_any_duration_offers_no_discharge() -> None:
    assert offered((Slot(60.0, 1e3, 2e3),), 0.0, Offer(0.0, ())) == (Slot(60.0, 1e3, 0.0),)
