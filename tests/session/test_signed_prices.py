"""`session.signed_prices`: which prices have an Id, and a response without any."""

from __future__ import annotations

from typing import Any

from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.schedule import Dynamic_SEResControlMode, Scheduled_SEResControlMode, ScheduleExchangeRes
from iso15118.session.prices import price_schedule
from iso15118.session.services import Pricing
from iso15118.session.signed_prices import named, signed_elements, without_prices
from iso15118.tariff import Level, Rule, Stack, Tariff
from tests.session.evcc.bench import HEADER, schedule, schedule_tuple

COSTS = Tariff(stacks=(Stack(3600.0, (Rule(0.3),)),), levels=(Level(3600.0, 1),))


def price(pricing: Pricing) -> Any:
    return price_schedule(COSTS, pricing, anchor=0, id=1, span=3600, points=12)


def response(mode: Any) -> Any:
    return ScheduleExchangeRes(header=HEADER, response_code=ResponseCode.OK, evse_processing=Processing.Finished, control_mode=mode)


def scheduled(*pricings: Pricing) -> Any:
    """A tuple each, priced both ways."""

    def tuple_of(number: int, pricing: Pricing) -> Any:
        both = {name: schedule((3600, 1000.0)).but(price_schedule=price(pricing)) for name in ("charging_schedule", "discharging_schedule")}
        return schedule_tuple(number, (3600, 1000.0)).but(**both)

    return Scheduled_SEResControlMode(schedule_tuple=tuple(tuple_of(i, pricing) for i, pricing in enumerate(pricings, 1)))


def test_every_price_in_a_currency_has_an_id_of_its_own() -> None:
    ids = [element.id for element in signed_elements(response(named(scheduled(Pricing.ABSOLUTE, Pricing.ABSOLUTE))))]
    assert ids == ["price1", "price1back", "price2", "price2back"]
    assert [element.id for element in signed_elements(response(named(Dynamic_SEResControlMode(price_schedule=price(Pricing.ABSOLUTE)))))]


def test_levels_and_prices_without_id_are_not_signed() -> None:
    assert signed_elements(response(named(scheduled(Pricing.LEVELS)))) == ()
    assert signed_elements(response(scheduled(Pricing.ABSOLUTE))) == ()
    assert signed_elements(response(named(Dynamic_SEResControlMode()))) == ()


def test_without_prices_everything_else_stands() -> None:
    made = response(scheduled(Pricing.ABSOLUTE, Pricing.LEVELS))
    bare = without_prices(made)
    for before, after in zip(made.control_mode.schedule_tuple, bare.control_mode.schedule_tuple, strict=True):
        for name in ("charging_schedule", "discharging_schedule"):
            assert getattr(after, name) == getattr(before, name).but(price_schedule=None)
    dynamic = Dynamic_SEResControlMode(price_schedule=price(Pricing.ABSOLUTE), departure_time=60)
    assert without_prices(response(dynamic)).control_mode == dynamic.but(price_schedule=None)
