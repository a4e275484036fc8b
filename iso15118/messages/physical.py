"""Numbers to the PhysicalValue of ISO 15118-2 or DIN 70121 and back, in decimal (`messages.scaled`). For -20: `v20.rational`.

On the path of the charge loop, so the latest conversions are remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

from iso15118.messages.scaled import nearest, scaled

FINEST: Final = -3
COARSEST: Final = 3
"""What a multiplier can say."""

U = TypeVar("U", contravariant=True)
P = TypeVar("P", covariant=True)


class Kind(Protocol[U, P]):
    """An edition's PhysicalValue, which takes that edition's units."""

    def __call__(self, *, multiplier: int, unit: U, value: int) -> P: ...


class Physical(Protocol):
    """What the PhysicalValues of the editions have in common."""

    @property
    def multiplier(self) -> int: ...
    @property
    def value(self) -> int: ...


def physical(kind: Kind[U, P], number: float | int | Decimal, unit: U) -> P:
    """The edition's PhysicalValue that says `number`: the multiplier nearest to 0, the value rounded half to even to what 16 bits hold.

    Nothing finer than thousandths can be said: they are rounded to. A float means the shortest decimal that it prints as. Raises LocalError
    on what is not finite or above 32767 thousands.
    """
    hashable: Any = kind
    made: P = _physical(hashable, number, unit)
    return made


@lru_cache(maxsize=4096, typed=True)
def _physical(kind: Callable[..., object], number: float | int | Decimal, unit: object) -> Any:
    multiplier, value = scaled(number, FINEST, COARSEST)
    return kind(multiplier=multiplier, unit=unit, value=value)


def number(physical: Physical) -> float:
    """The float nearest to what a PhysicalValue says, in its own unit."""
    return nearest(physical.value, physical.multiplier)
