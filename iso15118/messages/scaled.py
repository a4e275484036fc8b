"""Numbers as 16 bits x a power of ten, in decimal: 230.1 is 2301 tenths, never a binary fraction near it.

What RationalNumber and PhysicalValue have in common; they differ in how far the exponent goes.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from iso15118.errors import LocalError

_REACH: Final = 128
_CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[])
_UNIT: Final = {exponent: Decimal((0, (1,), exponent)) for exponent in range(-_REACH, _REACH)}
_TEN: Final = tuple(10**exponent for exponent in range(_REACH + 1))


def scaled(number: float | int | Decimal, finest: int, coarsest: int) -> tuple[int, int]:
    """Exponent and value: the exponent within the bounds and nearest to 0, the value rounded half to even to what 16 bits hold.

    A float means the shortest decimal that it prints as. Raises LocalError on what is not finite or above 32767 x 10**coarsest.
    """
    exact = Decimal(float.__repr__(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise LocalError(f"{exact:.5g} cannot be sent: it is not a finite number")
    exponent = max(exact.adjusted() - 4, finest)
    value = _units(exact, exponent) if exponent <= coarsest else 2**15
    if not -(2**15) <= value < 2**15:
        exponent += 1
        if exponent > coarsest:
            raise LocalError(f"{exact:.5g} cannot be sent: it is too large")
        value = _units(exact, exponent)
    if value == 0:
        exponent = 0
    while exponent < 0 and value % 10 == 0:
        value //= 10
        exponent += 1
    return exponent, value


def _units(exact: Decimal, exponent: int) -> int:
    return int(exact.quantize(_UNIT[exponent], context=_CONTEXT).scaleb(-exponent, context=_CONTEXT))


def nearest(value: int, exponent: int) -> float:
    """The float nearest to value x 10**exponent."""
    return value / _TEN[-exponent] if exponent < 0 else float(value * _TEN[exponent])
