"""Figures as the car says them: rounded so that no limit grows, energies in order. Neighbour: `messages.v20.rational`, the wire form."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor, isfinite
from typing import Final, NamedTuple

from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.rational import rational
from iso15118.units import Ampere, Volt, Watt, WattHour

HAIR: Final = 1e-6
"""A tenth that misses its whole by binary fractions is that whole."""
ZERO: Final = rational(0)


def _finite(value: float) -> float:
    if not isfinite(value):
        raise LocalError(f"{value} cannot be said")
    return value


def tenth(value: Volt | Ampere) -> RationalNumber:
    """A measurement, to 0.1."""
    return rational(round(_finite(value), 1))


def at_most(value: Volt | Ampere) -> RationalNumber:
    """An upper limit, down to 0.1."""
    return rational(floor(_finite(value) * 10 + HAIR) / 10)


def at_least(value: Volt | Ampere) -> RationalNumber:
    """A lower limit, up to 0.1."""
    return rational(ceil(_finite(value) * 10 - HAIR) / 10)


def power_at_most(value: Watt) -> RationalNumber:
    """An upper limit of power, down to 10 W (above 327 kW to 100 W, above 3.27 MW to 1 kW: what 16 bits hold)."""
    _finite(value)
    step = 10 if value < 327_670 else 100 if value < 3_276_700 else 1000
    return rational(floor(value / step + HAIR) * step)


class Energies(NamedTuple):
    """A need in the wire's words: from now, + to be charged; minimum <= target <= maximum, the V2X pair between them or absent."""

    target: RationalNumber
    maximum: RationalNumber
    minimum: RationalNumber
    v2x_maximum: RationalNumber | None
    v2x_minimum: RationalNumber | None


def energies(need: Need) -> Energies:
    """The energies of `need`, to 10 Wh, brought into the order that holds at any moment [V2G20-2681] [V2G20-2682]."""
    maximum = max(need.max_energy, need.target_energy)
    minimum = min(need.min_energy, need.target_energy)
    high, low = need.v2x_max_energy, need.v2x_min_energy
    if high is None or low is None:
        return Energies(_energy(need.target_energy), _energy(maximum), _energy(minimum), None, None)
    low = min(max(low, minimum), maximum)
    high = min(max(high, low), maximum)
    return Energies(_energy(need.target_energy), _energy(maximum), _energy(minimum), _energy(high), _energy(low))


def _energy(value: WattHour) -> RationalNumber:
    return _tens(round(_finite(value) / 10))


@lru_cache(maxsize=65536)
def _tens(tens: int) -> RationalNumber:
    # Energies change with every turn of the charge loop, so each is made without a detour.
    if -32768 <= tens <= 32767 and tens:
        return RationalNumber(exponent=1, value=tens)
    return rational(tens * 10)


def percent(value: float) -> int:
    """A state of charge as a whole number of 0..100."""
    return min(max(floor(_finite(value) + HAIR), 0), 100)
