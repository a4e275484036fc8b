"""The functions of an inverter as AC_DER_SAE counts them, in SupportedModes and EnabledModes.

The bits are those of DERControlType of IEEE 2030.5, which SAE J3072 builds on; the amendment's own assignment was not at hand, so that
nothing is refused for a bit.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Final

from iso15118.der.words import DerOrder


class DerModes(IntFlag):
    """Functions by their bit."""

    CHARGE = 1 << 0
    DISCHARGE = 1 << 1
    FIXED_POWER_FACTOR_ABSORBING = 1 << 4
    FIXED_POWER_FACTOR_INJECTING = 1 << 5
    FIXED_VAR = 1 << 6
    FREQUENCY_DROOP = 1 << 8
    HIGH_FREQUENCY_MUST_TRIP = 1 << 11
    HIGH_VOLTAGE_MUST_TRIP = 1 << 14
    LOW_FREQUENCY_MUST_TRIP = 1 << 16
    LOW_VOLTAGE_MUST_TRIP = 1 << 19
    MAXIMUM_LIMIT_WATT = 1 << 20
    VOLT_VAR = 1 << 23
    VOLT_WATT = 1 << 24
    WATT_VAR = 1 << 26


EVERY_MODE: Final = DerModes(sum(DerModes))
_ALWAYS: Final = (
    DerModes.CHARGE
    | DerModes.HIGH_FREQUENCY_MUST_TRIP
    | DerModes.HIGH_VOLTAGE_MUST_TRIP
    | DerModes.LOW_FREQUENCY_MUST_TRIP
    | DerModes.LOW_VOLTAGE_MUST_TRIP
)


def enabled(order: DerOrder | None) -> DerModes:
    """The functions that work under `order`; without permission to be in service, or without a grid code, it is a load."""
    if order is None or not order.permitted:
        return DerModes.CHARGE
    code, dso = order.code, order.dso
    held = {
        DerModes.FREQUENCY_DROOP: code.over_frequency_watt is not None or code.under_frequency_watt is not None,
        DerModes.VOLT_WATT: code.volt_watt is not None,
        DerModes.VOLT_VAR: code.volt_var is not None,
        DerModes.WATT_VAR: code.watt_var is not None,
        DerModes.FIXED_VAR: dso.reactive is not None,
        DerModes.FIXED_POWER_FACTOR_ABSORBING: dso.cos_phi is not None and dso.under_excited,
        DerModes.FIXED_POWER_FACTOR_INJECTING: dso.cos_phi is not None and not dso.under_excited,
        DerModes.MAXIMUM_LIMIT_WATT: dso.discharge_power is not None,
    }
    return _ALWAYS | DerModes.DISCHARGE | DerModes(sum(mode for mode, here in held.items() if here))
