"""Numbers to RationalNumber and back, in decimal (`messages.scaled`).

On the path of the charge loop, so the latest conversions are remembered.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from iso15118.messages.scaled import nearest, scaled
from iso15118.messages.v20.common import RationalNumber

FINEST: Final = -128
COARSEST: Final = 127
"""What an exponent of one octet can say."""


def rational(number: float | int | Decimal) -> RationalNumber:
    """The RationalNumber that says `number` with the exponent nearest to 0, rounded half to even to as many digits as 16 bits hold.

    A float means the shortest decimal that it prints as. Raises LocalError on what is not finite or above 32767 x 10**127.
    """
    return _rational(number)


@lru_cache(maxsize=4096, typed=True)
def _rational(number: float | int | Decimal) -> RationalNumber:
    exponent, value = scaled(number, FINEST, COARSEST)
    return RationalNumber(exponent=exponent, value=value)


def number(rational: RationalNumber) -> float:
    """The float nearest to what a RationalNumber says."""
    return nearest(rational.value, rational.exponent)
