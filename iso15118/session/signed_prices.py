"""Price schedules that are signed: their Ids, and a response without those whose signature is not good.

Whoever issues the contract signs them, with the key of the authority that has signed the contract: the car has its certificate in the
contract's chain. Both roles use the same few functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from iso15118.messages.v20.price import AbsolutePriceSchedule
from iso15118.messages.v20.schedule import (
    ChargingSchedule,
    Dynamic_SEResControlMode,
    Scheduled_SEResControlMode,
    ScheduleExchangeRes,
    ScheduleTuple,
)
from iso15118.session.prices import PriceSchedule

M = TypeVar("M", Scheduled_SEResControlMode, Dynamic_SEResControlMode)


def named(mode: M) -> M:
    """The same, each price schedule in a currency with an Id of its own, by which a signature refers to it."""
    if isinstance(mode, Dynamic_SEResControlMode):
        return mode.but(price_schedule=_with_id(mode.price_schedule, "price"))
    return mode.but(schedule_tuple=tuple(_tuple(each, f"price{i}") for i, each in enumerate(mode.schedule_tuple, 1)))


def signed_elements(response: ScheduleExchangeRes) -> tuple[AbsolutePriceSchedule, ...]:
    """The price schedules in a currency that have an Id, in their order: what a signature of this response is over."""
    return tuple(price for price in _prices(response) if isinstance(price, AbsolutePriceSchedule) and price.id is not None)


def without_prices(response: ScheduleExchangeRes) -> ScheduleExchangeRes:
    """The same, and nothing costs anything that is known."""
    mode = response.control_mode
    if isinstance(mode, Dynamic_SEResControlMode):
        return response.but(control_mode=mode.but(price_schedule=None))
    return response.but(control_mode=mode.but(schedule_tuple=tuple(_free(each) for each in mode.schedule_tuple)))


def _tuple(each: ScheduleTuple, id: str) -> ScheduleTuple:
    back = each.discharging_schedule
    return each.but(
        charging_schedule=_schedule(each.charging_schedule, id),
        discharging_schedule=None if back is None else _schedule(back, f"{id}back"),
    )


def _schedule(schedule: ChargingSchedule, id: str) -> ChargingSchedule:
    return schedule.but(price_schedule=_with_id(schedule.price_schedule, id))


def _with_id(price: PriceSchedule | None, id: str) -> PriceSchedule | None:
    return price.but(id=id) if isinstance(price, AbsolutePriceSchedule) else price


def _free(each: ScheduleTuple) -> ScheduleTuple:
    back = each.discharging_schedule
    return each.but(
        charging_schedule=each.charging_schedule.but(price_schedule=None),
        discharging_schedule=None if back is None else back.but(price_schedule=None),
    )


def _prices(response: ScheduleExchangeRes) -> Iterator[PriceSchedule | None]:
    mode = response.control_mode
    if isinstance(mode, Dynamic_SEResControlMode):
        yield mode.price_schedule
        return
    for each in mode.schedule_tuple:
        yield each.charging_schedule.price_schedule
        if each.discharging_schedule is not None:
            yield each.discharging_schedule.price_schedule
