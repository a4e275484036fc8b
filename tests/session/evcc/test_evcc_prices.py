"""`session.evcc.prices`: what a kWh costs at a moment, from either form of price schedule."""

from __future__ import annotations

import pytest

from iso15118.session.evcc.prices import Prices
from iso15118.session.prices import PriceSchedule, price_schedule
from iso15118.session.services import Pricing
from iso15118.tariff import Algorithm, Rule, Stack, Tariff, Tax
from tests.session.evcc.bench import EPOCH

SECOND = 1_000_000
TARIFF = Tariff((Stack(60, (Rule(0.30), Rule(0.60, 11e3))), Stack(60, (Rule(0.10),))), taxes=(Tax(20.0),))


def told(pricing: Pricing = Pricing.ABSOLUTE, tariff: Tariff = TARIFF, anchor: int = EPOCH) -> PriceSchedule | None:
    return price_schedule(tariff, pricing, anchor=anchor, id=1, span=120, points=12)


def prices(pricing: Pricing = Pricing.ABSOLUTE, tariff: Tariff = TARIFF, anchor: int = EPOCH) -> Prices:
    read = Prices.of(told(pricing, tariff, anchor), EPOCH)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("at", "power", "fee"), [(-5, 5e3, 0.36), (0, 5e3, 0.36), (59, 11e3, 0.72), (60, 11e3, 0.12), (500, 5e3, 0.12), (0, 0.0, 0.36)]
)
def test_a_fee_at_every_moment(at: int, power: float, fee: float) -> None:
    assert prices().fee(EPOCH + at * SECOND, power) == pytest.approx(fee)


def test_a_stacked_price_is_the_mean_of_its_bands() -> None:
    stacked = Tariff(TARIFF.stacks, algorithm=Algorithm.STACKED_ENERGY)
    assert prices(tariff=stacked).fee(EPOCH, 22e3) == pytest.approx(0.45)


def test_levels_rank() -> None:
    levels = prices(Pricing.LEVELS)
    assert not levels.absolute
    assert [levels.fee(EPOCH + at * SECOND, 5e3) for at in (0, 60)] == [1.0, 0.0]


def test_an_anchor_without_a_time_counts_from_when_it_came() -> None:
    assert prices(anchor=0).ends == (EPOCH + 60 * SECOND, EPOCH + 120 * SECOND)


def test_no_price_and_one_that_cannot_be_read() -> None:
    assert Prices.of(None, EPOCH) is None
    odd = told()
    assert odd is not None
    assert Prices.of(odd.but(price_algorithm="urn:somebody"), EPOCH) is None
    assert Prices.of(odd.but(currency="E"), EPOCH) is None
