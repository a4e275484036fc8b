"""Contract ids (eMAID): country, provider, instance and a check digit that is computed and told, but refuses nobody."""

from __future__ import annotations

import re
from typing import Final

from iso15118.errors import LocalError
from iso15118.value import Value

_FORM: Final = re.compile(r"([A-Z]{2})([0-9A-Z]{3})([0-9A-Z]{9})([0-9A-Z])?")
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_P2: Final = ((0, 1), (1, 1))
_P3: Final = ((0, 1), (1, 2))


class Emaid(Value):
    """A contract id in its parts; `check` is empty where none was written."""

    country: str
    provider: str
    instance: str
    check: str = ""

    def __str__(self) -> str:
        return f"{self.country}{self.provider}{self.instance}{self.check}"

    @property
    def issuer(self) -> str:
        """Country and provider: whose contract it is."""
        return f"{self.country}{self.provider}"

    @property
    def key(self) -> str:
        """What two writings of one contract have in common: no separators, no check digit."""
        return f"{self.country}{self.provider}{self.instance}"

    @property
    def doubtful(self) -> bool:
        """True where a check digit is written, and another one would be right."""
        return bool(self.check) and self.check != check_digit(self.key)


def read_emaid(text: str) -> Emaid:
    """The contract id in `text`, with or without separators, in either case. Raises LocalError where it is none."""
    found = _FORM.fullmatch(text.upper().replace("-", ""))
    if found is None or len(text) > 20:
        raise LocalError(f"{text!r:.60} is no contract id; allowed: such as DE-ABC-123456789 with or without a check digit")
    return Emaid(found[1], found[2], found[3], found[4] or "")


def check_digit(key: str) -> str:
    """Of the 14 characters before it.

    A character is a vector over two fields of 2 and 3 elements; the sum of all, each times a power of the field's matrix, is zero.
    """
    weights = [_sum(f"{key}{letter}") for letter in _LETTERS]
    return _LETTERS[weights.index((0, 0, 0, 0))]


def _sum(text: str) -> tuple[int, int, int, int]:
    totals = [0, 0, 0, 0]
    power2 = power3 = ((1, 0), (0, 1))
    for letter in text:
        power2, power3 = _times(power2, _P2, 2), _times(power3, _P3, 3)
        high, low = divmod(_LETTERS.index(letter), 9)
        for at, digits, power in ((0, divmod(high, 2), power2), (2, divmod(low, 3), power3)):
            for column in (0, 1):
                totals[at + column] += digits[0] * power[0][column] + digits[1] * power[1][column]
    return totals[0] % 2, totals[1] % 2, totals[2] % 3, totals[3] % 3


def _times(a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...], modulus: int) -> tuple[tuple[int, int], tuple[int, int]]:
    rows = [[sum(a[i][k] * b[k][j] for k in (0, 1)) % modulus for j in (0, 1)] for i in (0, 1)]
    return (rows[0][0], rows[0][1]), (rows[1][0], rows[1][1])
