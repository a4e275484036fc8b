"""`session.secc.metering`: readings of this session only, and what the energy has cost."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20.common import MeterInfo
from iso15118.messages.v20.rational import number
from iso15118.session.secc.metering import receipt
from iso15118.tariff import Rate
from tests.session.playbook import snapshot

METER = MeterInfo(meter_id="M", charged_energy_reading_wh=2_500)


def test_a_receipt_says_what_the_energy_has_cost_and_each_tax() -> None:
    """[V2G20-1919]: 2.5 kWh at 0.40, 19 and 7 percent of it."""
    world = snapshot(rate=Rate(0.4, (19.0, 7.0)))
    given = receipt(world, METER)
    assert given is not None
    assert given.energy_costs is not None
    assert given.time_anchor == world.clock
    assert (number(given.energy_costs.amount), number(given.energy_costs.cost_per_unit)) == (1.0, 0.4)
    assert [(tax.tax_rule_id, number(tax.amount)) for tax in given.tax_costs] == [(1, 0.19), (2, 0.07)]


def test_no_receipt_without_a_price_or_without_a_reading() -> None:
    assert receipt(snapshot(), METER) is None
    assert receipt(snapshot(rate=Rate(0.4)), None) is None


def test_energy_may_be_free_or_paid_for() -> None:
    for price, cost in ((0.0, 0.0), (-0.2, -0.5)):
        given = receipt(snapshot(rate=Rate(price)), METER)
        assert given is not None
        assert given.energy_costs is not None
        assert number(given.energy_costs.amount) == cost
        assert given.tax_costs == ()


def test_a_receipt_has_room_for_ten_taxes() -> None:
    Rate(0.4, (1.0,) * 10)
    with pytest.raises(LocalError, match="11 taxes"):
        Rate(0.4, (1.0,) * 11)
