"""`session.value_added`: what goes beside energy, to and from its wire form."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.session.value_added import (
    Intended,
    ParkingStatusType,
    Settings,
    ValueAddedService,
    Variant,
    internet,
    parking_status,
)

ALL_KINDS = Variant(9, (("Flag", True), ("Number", -5), ("Share", 0.25), ("Text", "blue")))


def test_internet_has_the_standards_four_variants() -> None:
    made = internet(("https", "ftp", "http"), free=False)
    assert (made.id, made.free) == (65, False)
    assert [(one.id, *(value for _, value in one.settings)) for one in made.variants] == [
        (1, "ftp", 20),
        (2, "ftp", 21),
        (3, "http", 80),
        (4, "https", 443),
    ]
    assert [one.id for one in internet(("https",)).variants] == [4]


def test_parking_status_has_a_variant_for_each_purpose_and_way() -> None:
    made = parking_status((Intended.CHECK_OUT, Intended.CHECK_IN), (ParkingStatusType.AUTO_EXTERNAL, ParkingStatusType.MANUAL_EXTERNAL))
    assert made.id == 66
    assert [(one.id, *(value for _, value in one.settings)) for one in made.variants] == [(1, 2, 2), (2, 2, 4), (3, 1, 2), (4, 1, 4)]


@pytest.mark.parametrize("variant", [ALL_KINDS, *internet().variants, *parking_status().variants])
def test_there_and_back(variant: Variant) -> None:
    assert Variant.from_wire(variant.to_wire()) == variant


def test_each_kind_of_value_has_its_element() -> None:
    flag, whole, share, text = ALL_KINDS.to_wire().parameter
    assert (flag.bool_value, whole.int_value, share.rational_number, text.finite_string) == (True, -5, rational(0.25), "blue")


@pytest.mark.parametrize("value", [{"byte_value": 2}, {"short_value": 2}, {"int_value": 2}, {"rational_number": rational(2)}])
def test_numbers_of_any_type(value: dict[str, object]) -> None:
    told = WireParameterSet(parameter_set_id=1, parameter=(Parameter(name="IntendedService", **value),))  # type: ignore[arg-type]
    assert Variant.from_wire(told).has((("IntendedService", 2),))


@pytest.mark.parametrize(
    ("wanted", "has"),
    [((), True), ((("Text", "blue"),), True), ((("Number", -5), ("Flag", True)), True), ((("Text", "red"),), False), ((("X", 1),), False)],
)
def test_a_variant_has_what_is_wanted(wanted: Settings, has: bool) -> None:
    assert ALL_KINDS.has(wanted) is has


@pytest.mark.parametrize(
    ("id", "variants", "told"),
    [
        (6, (ALL_KINDS,), "cannot have the id 6"),
        (65_536, (ALL_KINDS,), "cannot have the id 65536"),
        (1000, (), "0 variants"),
        (1000, (ALL_KINDS, ALL_KINDS), "2 variants"),
        (1000, tuple(Variant(i, ALL_KINDS.settings) for i in range(33)), "33 variants"),
        (1000, (Variant(1, ()),), "1 to 32 parameters"),
        (1000, (Variant(1, tuple((f"P{i}", i) for i in range(33))),), "1 to 32 parameters"),
    ],
)
def test_what_cannot_be_said(id: int, variants: tuple[Variant, ...], told: str) -> None:
    with pytest.raises(LocalError, match=told):
        ValueAddedService(id, variants)
