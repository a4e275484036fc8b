"""Every point that is used, against the model definitions that pysunspec2 ships, and against the registers that it makes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sunspec2 import mb
from sunspec2.device import Model as Other
from sunspec2.device import get_model_def

from iso15118.errors import LocalError
from iso15118.hal.sunspec.points import FIELDS, KINDS, Model, count

OURS = {
    "int16": "i16",
    "sunssf": "i16",
    "uint16": "u16",
    "enum16": "u16",
    "int32": "i32",
    "uint32": "u32",
    "bitfield32": "u32",
}
POINTS = [(number, name) for number, fields in FIELDS.items() for name in fields]


def definition(number: int) -> dict[str, dict[str, Any]]:
    """Of a model's points, by name, with the offset that follows from the sizes before."""
    found, offset = {}, 0
    for point in get_model_def(number)["group"]["points"]:
        found[point["name"]] = point | {"offset": offset}
        offset += point["size"]
    return found


@pytest.mark.parametrize(("number", "name"), POINTS)
def test_a_point_is_where_and_what_the_definition_says(number: int, name: str) -> None:
    field, point = FIELDS[number][name], definition(number)[name]
    assert field.offset == point["offset"]
    assert field.kind == OURS[point["type"]]
    assert count(field) == point["size"]
    assert field.scale == point.get("sf", "")
    assert KINDS[field.kind][1] == mb.unimpl_value[point["type"]]
    assert field.scale in ("", *FIELDS[number])


def made(number: int, **values: float) -> tuple[Model, Any]:
    """Ours and theirs, with the same registers."""
    other = Other(number)
    for name, value in values.items():
        other.points[name].value = value
    data = other.get_mb()
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    model = Model(number, 40070, len(words) - 2)
    model.take(0, words)
    return model, other


@given(st.sampled_from([701, 704]), st.integers(-10, 10), st.integers(-32_767, 32_767))
def test_values_as_pysunspec2_has_them(number: int, scale: int, raw: int) -> None:
    name, factor = ("W", "W_SF") if number == 701 else ("WSet", "WSet_SF")
    model, other = made(number, **{factor: scale, name: raw})
    assert model.value(name) == pytest.approx(other.points[name].cvalue)
    other.points[name].cvalue = other.points[name].cvalue
    data = other.points[name].get_mb()
    value = raw * 10.0**scale
    assert abs(int.from_bytes(data, "big", signed=True) - signed(model.words_of(name, value))) <= 1  # they round, we go towards 0


def signed(words: list[int]) -> int:
    return int.from_bytes(b"".join(word.to_bytes(2, "big") for word in words), "big", signed=True)


def test_a_set_point_is_never_more_than_was_meant() -> None:
    model, _ = made(704, WSet_SF=2)
    assert signed(model.words_of("WSet", 7_399.0)) == 73
    assert signed(model.words_of("WSet", -7_399.0)) == -73


def test_the_worked_words_of_a_set_point() -> None:
    model, _ = made(704, WSet_SF=0)
    assert model.words_of("WSet", -7_400.0) == [0xFFFF, 0xE318]
    assert model.words_of("WSet", 7_400.0) == [0x0000, 0x1CE8]


@pytest.mark.parametrize("number", FIELDS)
def test_what_is_not_implemented_is_no_value(number: int) -> None:
    model, other = made(number)
    for name in FIELDS[number]:
        assert model.raw(name) is None, name
        assert other.points[name].value is None
        with pytest.raises(LocalError, match=f"model {number}: {name}: not implemented"):
            model.needed(name)


def test_a_scale_factor_that_is_none() -> None:
    model, _ = made(701, W=5, W_SF=0)
    model.take(FIELDS[701]["W_SF"].offset, [99])
    assert model.value("W") is None
    model.take(FIELDS[701]["W_SF"].offset, [0x8000])  # not implemented: 1
    assert model.value("W") == 5.0


@pytest.mark.parametrize("value", [1e12, float("inf"), float("nan"), -2_147_483_648.0])
def test_a_value_that_does_not_fit(value: float) -> None:
    with pytest.raises(LocalError, match="does not fit its registers"):
        made(704, WSet_SF=0)[0].words_of("WSet", value)


def test_a_model_that_is_too_short() -> None:
    with pytest.raises(LocalError, match="model 701: length 20; allowed: 118 or more"):
        Model(701, 40070, 20)
