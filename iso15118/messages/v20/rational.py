"""Numbers to RationalNumber and back, in decimal: 230.1 is 2301 tenths, never a binary fraction near it.

On the path of the charge loop, so the latest conversions are remembered.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

from iso15118.errors import LocalError
from iso15118.messages.v20.common import RationalNumber

FINEST: Final = -128
COARSEST: Final = 127
"""What an exponent of one octet can say."""

_CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[])
_UNIT: Final = {exponent: Decimal((0, (1,), exponent)) for exponent in range(FINEST, COARSEST + 1)}
_TEN: Final = tuple(10**exponent for exponent in range(-FINEST + 1))


def rational(number: float | int | Decimal) -> RationalNumber:
    """The RationalNumber that says `number` with the exponent nearest to 0, rounded half to even to as many digits as 16 bits hold.

    A float means the shortest decimal that it prints as. Raises LocalError on what is not finite or above 32767 x 10**127.
    """
    return _rational(number)


@lru_cache(maxsize=4096, typed=True)
def _rational(number: float | int | Decimal) -> RationalNumber:
    exact = Decimal(float.__repr__(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise LocalError(f"{exact:.5g} cannot be sent: it is not a finite number")
    exponent = max(exact.adjusted() - 4, FINEST)
    value = _units(exact, exponent) if exponent <= COARSEST else 2**15
    if not -(2**15) <= value < 2**15:
        exponent += 1
        if exponent > COARSEST:
            raise LocalError(f"{exact:.5g} cannot be sent: it is too large")
        value = _units(exact, exponent)
    if value == 0:
        exponent = 0
    while exponent < 0 and value % 10 == 0:
        value //= 10
        exponent += 1
    return RationalNumber(exponent=exponent, value=value)


def _units(exact: Decimal, exponent: int) -> int:
    return int(exact.quantize(_UNIT[exponent], context=_CONTEXT).scaleb(-exponent, context=_CONTEXT))


def number(rational: RationalNumber) -> float:
    """The float nearest to what a RationalNumber says."""
    exponent = rational.exponent
    return rational.value / _TEN[-exponent] if exponent < 0 else float(rational.value * _TEN[exponent])
