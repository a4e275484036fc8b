"""Numbers to RationalNumber and back: exact where 16 bits allow, nearest where not, refused where nothing fits."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iso15118.errors import LocalError
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.rational import number, rational

LARGEST = 32767 * 10**127
SMALLEST = -32768 * 10**127

shorts = st.integers(-(2**15), 2**15 - 1)
bytes_ = st.integers(-128, 127)


def said(it: RationalNumber) -> Fraction:
    """What a RationalNumber says, exactly."""
    return it.value * Fraction(10) ** it.exponent


@pytest.mark.parametrize(
    ("given_number", "exponent", "value"),
    [
        (0, 0, 0),
        (-0.0, 0, 0),
        (5, 0, 5),
        (400.0, 0, 400),
        (230.1, -1, 2301),
        (-230.1, -1, -2301),
        (0.25, -2, 25),
        (32767, 0, 32767),
        (32768, 1, 3277),
        (-32768, 0, -32768),
        (-32769, 1, -3277),
        (11_000, 0, 11000),
        (150_000, 1, 15000),
        (150_000.5, 1, 15000),
        (1e6, 2, 10000),
        (0.1 + 0.2, -1, 3),
        (395.4321, -1, 3954),
        (1 / 3, -4, 3333),
        (20000.5, 0, 20000),
        (20001.5, 0, 20002),
        (Decimal("0.00012345"), -8, 12345),
        (Decimal("1E+3"), 0, 1000),
        (1e-300, 0, 0),
        (LARGEST, 127, 32767),
        (SMALLEST, 127, -32768),
        (True, 0, 1),
    ],
)
def test_examples(given_number: float | int | Decimal, exponent: int, value: int) -> None:
    assert rational(given_number) == RationalNumber(exponent=exponent, value=value)


@pytest.mark.parametrize("given_number", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_what_is_no_finite_number_is_refused(given_number: float | Decimal) -> None:
    with pytest.raises(LocalError, match="not a finite number"):
        rational(given_number)


@pytest.mark.parametrize("given_number", [1e300, -1e132, LARGEST + 10**127, 10**5000], ids=lambda n: f"{Decimal(n):.3g}")
def test_what_is_too_large_is_refused(given_number: float | int) -> None:
    with pytest.raises(LocalError, match="too large"):
        rational(given_number)


@given(shorts, bytes_)
def test_what_was_received_is_said_again_exactly(value: int, exponent: int) -> None:
    received = RationalNumber(exponent=exponent, value=value)
    again = rational(number(received))
    assert said(again) == said(received)
    assert abs(again.exponent) <= abs(exponent)


@given(shorts, bytes_)
def test_number_is_the_nearest_float(value: int, exponent: int) -> None:
    assert number(RationalNumber(exponent=exponent, value=value)) == float(f"{value}e{exponent}")


@given(st.decimals(SMALLEST, LARGEST, allow_nan=False) | st.integers(SMALLEST, LARGEST) | st.floats(-1e131, 1e131))
@example(Decimal("9999.95"))
@example(Decimal("99999.5"))
@example(Decimal("32767.5"))
@example(Decimal("-32768.5"))
@example(Decimal("3276.75"))
def test_nearest_with_the_most_digits_that_fit_and_the_exponent_nearest_to_zero(given_number: float | int | Decimal) -> None:
    exact = Decimal(repr(given_number)) if isinstance(given_number, float) else Decimal(given_number)
    it = rational(given_number)
    assert -(2**15) <= it.value < 2**15
    assert -128 <= it.exponent <= 127
    if it.exponent == 0:
        assert it.value == 0 or abs(said(it) - Fraction(exact)) <= Fraction(1, 2)
    elif it.exponent < 0:
        assert it.value % 10
        assert abs(said(it) - Fraction(exact)) <= Fraction(10) ** it.exponent / 2
    else:
        assert abs(said(it) - Fraction(exact)) <= Fraction(10) ** it.exponent / 2
        finer = int((exact / Decimal(10) ** (it.exponent - 1)).to_integral_value(ROUND_HALF_EVEN))
        assert not -(2**15) <= finer < 2**15


@given(shorts, st.integers(-3, 3))
def test_a_type_changes_nothing(value: int, exponent: int) -> None:
    exact = Decimal(value).scaleb(exponent)
    assert rational(exact) == rational(float(exact))
    if exact == int(exact):
        assert rational(int(exact)) == rational(exact)


def test_a_number_asked_for_again_is_the_same_object() -> None:
    assert rational(123.4) is rational(123.4)
