"""Power over time: what the vehicle needs or offers, what the charger grants.

Durations and departure are in s (departure: from now), time anchors in microseconds. Powers in W, + into the vehicle; energies in Wh from
now, negative: may be given back. A discharging schedule's powers are <= 0, but some peers send magnitudes: read the absolute value.
"""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Message, Name, Occurs
from iso15118.messages.facets import NumericID, Percent, SupportingPoints, UnsignedInt, UnsignedLong
from iso15118.messages.v20.common import Processing, RationalNumber, Request, Response
from iso15118.messages.v20.price import AbsolutePriceSchedule, EVAbsolutePriceSchedule, PriceLevelSchedule


class EVPowerScheduleEntry(Message):
    """For so long, this power; negative is offered to the charger."""

    duration: UnsignedInt
    power: RationalNumber


class EVPowerScheduleEntryList(Message):
    """The vehicle's powers, each following the last."""

    ev_power_schedule_entry: Annotated[tuple[EVPowerScheduleEntry, ...], Occurs(1, 1024)]


class EVPowerSchedule(Message):
    """The power the vehicle offers, from an anchor on."""

    time_anchor: UnsignedLong
    ev_power_schedule_entries: EVPowerScheduleEntryList


class EVEnergyOffer(Message):
    """What the vehicle would give or take, and at what price."""

    ev_power_schedule: EVPowerSchedule
    ev_absolute_price_schedule: EVAbsolutePriceSchedule


class PowerScheduleEntry(Message):
    """For so long, this power: alone the sum of all phases, beside L2 or L3 the power of L1 [V2G20-1817] [V2G20-1818]."""

    duration: UnsignedInt
    power: RationalNumber
    power_l2: Annotated[RationalNumber | None, Name("Power_L2")] = None
    power_l3: Annotated[RationalNumber | None, Name("Power_L3")] = None


class PowerScheduleEntryList(Message):
    """Powers, each following the last."""

    power_schedule_entry: Annotated[tuple[PowerScheduleEntry, ...], Occurs(1, 1024)]


class PowerSchedule(Message):
    """Limits of power from an anchor on, the energy there is (Wh), and how far from its profile the vehicle may stray (W)."""

    time_anchor: UnsignedLong
    available_energy: RationalNumber | None = None
    power_tolerance: RationalNumber | None = None
    power_schedule_entries: PowerScheduleEntryList


class ChargingSchedule(Message):
    """Limits of power in one direction, and what it costs."""

    power_schedule: PowerSchedule
    price_schedule: AbsolutePriceSchedule | PriceLevelSchedule | None = None


class ScheduleTuple(Message):
    """One of the schedules to choose from."""

    schedule_tuple_id: NumericID
    charging_schedule: ChargingSchedule
    discharging_schedule: ChargingSchedule | None = None


class Dynamic_SEReqControlMode(Message):
    """The need of a vehicle that lets the charger steer."""

    departure_time: UnsignedInt
    minimum_soc: Percent | None = None
    target_soc: Percent | None = None
    ev_target_energy_request: RationalNumber
    ev_maximum_energy_request: RationalNumber
    ev_minimum_energy_request: RationalNumber
    ev_maximum_v2x_energy_request: RationalNumber | None = None
    ev_minimum_v2x_energy_request: RationalNumber | None = None


class Scheduled_SEReqControlMode(Message):
    """The need of a vehicle that will choose a schedule, and what it offers in turn."""

    departure_time: UnsignedInt | None = None
    ev_target_energy_request: RationalNumber | None = None
    ev_maximum_energy_request: RationalNumber | None = None
    ev_minimum_energy_request: RationalNumber | None = None
    ev_energy_offer: EVEnergyOffer | None = None


class Dynamic_SEResControlMode(Message):
    """What the charger knows of the driver's wish, and what the energy costs."""

    departure_time: UnsignedInt | None = None
    minimum_soc: Percent | None = None
    target_soc: Percent | None = None
    price_schedule: AbsolutePriceSchedule | PriceLevelSchedule | None = None


class Scheduled_SEResControlMode(Message):
    """The schedules to choose from."""

    schedule_tuple: Annotated[tuple[ScheduleTuple, ...], Occurs(1, 3)]


class ScheduleExchangeReq(Request):
    """The vehicle's need, and how many entries of a schedule it can hold."""

    maximum_supporting_points: SupportingPoints
    control_mode: Dynamic_SEReqControlMode | Scheduled_SEReqControlMode


class ScheduleExchangeRes(Response):
    """The charger's offer; while it is being made, processing is ongoing and the vehicle may be told to pause."""

    evse_processing: Processing
    go_to_pause: bool | None = None
    control_mode: Dynamic_SEResControlMode | Scheduled_SEResControlMode
