"""Days with real sessions: what is recorded is what batteries and meters have seen."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.sim.battery import Battery
from iso15118.study.live import percent, played
from iso15118.study.metrics import row, satisfied
from iso15118.study.scenarios import Scenario
from iso15118.study.showcase import BEGIN, END, TARGET, showcase
from iso15118.value import replace


def short(cars: int = 3, hours: float = 5.0) -> Scenario:
    """The first cars of a day that ends early."""
    told = showcase(1)
    end = BEGIN + hours * 3600.0
    stays = (replace(stay, departure=min(stay.departure, end), declared=min(stay.declared, end)) for stay in told.stays[:cars])
    return replace(told, stays=tuple(stays), steps=int(hours * 4))


def test_three_cars_of_a_morning() -> None:
    told = short()
    live = played(told, "cheapest")
    record = live.record
    assert live.unclean == []
    assert len(record.grid) == told.steps
    assert {stay.user for stay in record.outcomes} == {stay.user for stay in told.stays}
    assert all(map(satisfied, record.outcomes))
    for stay in record.outcomes:
        taken = sum(record.evses[stay.evse]) * record.step / 3600.0
        assert stay.ended - stay.stored == pytest.approx(taken * stay.efficiency, rel=0.06, abs=150.0)
    figures = row(told, record)
    assert figures["violation_kwh"] == 0.0
    assert live.highest <= (told.site.root.import_limit or 0.0)
    flows = zip(record.grid, record.load, record.pv, *record.evses.values(), strict=True)
    assert all(grid == pytest.approx(load - pv + sum(cars), abs=300.0) for grid, load, pv, *cars in flows)


def test_the_showcase_is_whole() -> None:
    told = showcase(1)
    assert (told.start, told.end) == (BEGIN, END)
    assert len(told.stays) == len(told.site.evses) == 10
    assert all(BEGIN <= stay.arrival < stay.departure <= END and stay.stored < stay.target == TARGET for stay in told.stays)
    assert 0 < sum(stay.discharge > 0.0 for stay in told.stays) < 10


@pytest.mark.parametrize("energy", [0.0, 1e3, 30e3, 59e3])
def test_states_of_charge_by_energy(energy: float) -> None:
    battery = Battery(60e3)
    assert battery.stored_at(percent(battery, energy)) == pytest.approx(energy, abs=1.0)


def test_a_policy_that_breaks_limits_is_refused() -> None:
    with pytest.raises(LocalError, match="policy unmanaged"):
        played(short(1, 1.0), "unmanaged")
