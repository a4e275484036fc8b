"""Numbers to PhysicalValue and back, in both editions: exact where it can be, nearest where not, refused where nothing fits."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iso15118.errors import LocalError
from iso15118.exi.check import check
from iso15118.messages.din import common as din
from iso15118.messages.iso2 import common as iso2
from iso15118.messages.physical import number, physical

LARGEST = 32767 * 10**3
SMALLEST = -32768 * 10**3

shorts = st.integers(-(2**15), 2**15 - 1)
multipliers = st.integers(-3, 3)
editions = st.sampled_from([iso2, din])


def said(it: Any) -> Fraction:
    """What a PhysicalValue says, exactly."""
    return it.value * Fraction(10) ** it.multiplier


@pytest.mark.parametrize(
    ("given_number", "multiplier", "value"),
    [
        (0, 0, 0),
        (-0.0, 0, 0),
        (400, 0, 400),
        (400.0, 0, 400),
        (230.1, -1, 2301),
        (-230.1, -1, -2301),
        (0.25, -2, 25),
        (0.001, -3, 1),
        (0.0005, 0, 0),
        (0.0015, -3, 2),
        (0.1 + 0.2, -1, 3),
        (1 / 3, -3, 333),
        (395.4321, -1, 3954),
        (32.767, -3, 32767),
        (32.768, -2, 3277),
        (32767, 0, 32767),
        (32768, 1, 3277),
        (-32768, 0, -32768),
        (-32769, 1, -3277),
        (150_000, 1, 15000),
        (1_000_000, 2, 10000),
        (350_000.5, 2, 3500),
        (Decimal("12.345"), -3, 12345),
        (LARGEST, 3, 32767),
        (LARGEST + 499, 3, 32767),
        (SMALLEST - 500, 3, -32768),
        (True, 0, 1),
    ],
)
@pytest.mark.parametrize("edition", [iso2, din])
def test_examples(edition: Any, given_number: float | int | Decimal, multiplier: int, value: int) -> None:
    it = physical(edition.PhysicalValue, given_number, edition.UnitSymbol.V)
    assert it == edition.PhysicalValue(multiplier=multiplier, unit=edition.UnitSymbol.V, value=value)


@pytest.mark.parametrize("given_number", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_what_is_no_finite_number_is_refused(given_number: float | Decimal) -> None:
    with pytest.raises(LocalError, match="not a finite number"):
        physical(iso2.PhysicalValue, given_number, iso2.UnitSymbol.A)


@pytest.mark.parametrize("given_number", [LARGEST + 500, SMALLEST - 501, 1e9, -1e300, 10**5000], ids=lambda n: f"{Decimal(n):.9g}")
def test_what_is_too_large_is_refused(given_number: float | int) -> None:
    with pytest.raises(LocalError, match="cannot be sent: it is too large"):
        physical(din.PhysicalValue, given_number, din.UnitSymbol.W)


def test_din_may_leave_the_unit_to_the_element() -> None:
    assert physical(din.PhysicalValue, 12.5, None) == din.PhysicalValue(multiplier=-1, value=125)


@given(editions, shorts, multipliers)
def test_what_was_received_is_said_again_exactly(edition: Any, value: int, multiplier: int) -> None:
    received = edition.PhysicalValue(multiplier=multiplier, unit=edition.UnitSymbol.Wh, value=value)
    again = physical(edition.PhysicalValue, number(received), edition.UnitSymbol.Wh)
    assert said(again) == said(received)
    assert again.unit is received.unit
    assert abs(again.multiplier) <= abs(multiplier)


@given(shorts, multipliers)
def test_number_is_the_nearest_float(value: int, multiplier: int) -> None:
    assert number(iso2.PhysicalValue(multiplier=multiplier, unit=iso2.UnitSymbol.A, value=value)) == float(f"{value}e{multiplier}")


@given(editions, st.decimals(SMALLEST, LARGEST, allow_nan=False) | st.integers(SMALLEST, LARGEST) | st.floats(SMALLEST, LARGEST))
@example(iso2, Decimal("9999.95"))
@example(iso2, Decimal("32767.5"))
@example(din, Decimal("-32768.5"))
@example(din, Decimal("3276.75"))
@example(iso2, Decimal("0.00049"))
def test_nearest_with_the_most_digits_and_the_multiplier_nearest_to_zero(edition: Any, given_number: float | int | Decimal) -> None:
    exact = Decimal(repr(given_number)) if isinstance(given_number, float) else Decimal(given_number)
    it = physical(edition.PhysicalValue, given_number, edition.UnitSymbol.W)
    check(it)
    assert abs(said(it) - Fraction(exact)) <= Fraction(10) ** it.multiplier / 2 or it.value == 0
    if it.value == 0:
        assert it.multiplier == 0
        assert abs(exact) <= Decimal("0.0005")
    elif it.multiplier < 0:
        assert it.value % 10
    else:
        finer = int((exact / Decimal(10) ** (it.multiplier - 1)).to_integral_value(ROUND_HALF_EVEN))
        assert not -(2**15) <= finer < 2**15 or (it.multiplier == 0 and finer % 10 == 0)


def test_a_number_asked_for_again_is_the_same_object_and_never_that_of_another_edition() -> None:
    ours, theirs = (physical(edition.PhysicalValue, 123.4, edition.UnitSymbol.V) for edition in (iso2, din))
    assert ours is physical(iso2.PhysicalValue, 123.4, iso2.UnitSymbol.V)
    assert type(ours) is iso2.PhysicalValue
    assert type(theirs) is din.PhysicalValue
