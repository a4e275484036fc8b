"""Register maps: the words of worked examples, and files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from iso15118.errors import LocalError
from iso15118.hal.modbus.registers import TYPES, Point, load

ROOT = Path(__file__).parents[3]
OTHER = {
    "u16": ModbusClientMixin.DATATYPE.UINT16,
    "i16": ModbusClientMixin.DATATYPE.INT16,
    "u32": ModbusClientMixin.DATATYPE.UINT32,
    "i32": ModbusClientMixin.DATATYPE.INT32,
    "u64": ModbusClientMixin.DATATYPE.UINT64,
    "i64": ModbusClientMixin.DATATYPE.INT64,
    "f32": ModbusClientMixin.DATATYPE.FLOAT32,
}


@pytest.mark.parametrize(
    ("point", "words", "value"),
    [
        (Point(0x34, type="f32"), (0xC5E6, 0x0000), -7360.0),  # SDM630, total power: 01 04 04 C5 E6 00 00 26 BF
        (Point(0x00, type="f32"), (0x4366, 0x8000), 230.5),  # SDM230, voltage: 01 04 04 43 66 80 00 6F DF
        (Point(0x48, type="f32", scale=1000.0), (0x449A, 0x5225), pytest.approx(1_234_567.0, abs=0.1)),
        (Point(0x00, type="i32", order="little", scale=0.1), (0x0901, 0x0000), pytest.approx(230.5)),  # EM340, voltage
        (Point(0x28, type="i32", order="little", scale=0.1), (0xE080, 0xFFFE), pytest.approx(-7360.0)),  # 01 04 04 E0 80 FF FE 0D DC
        (Point(0x500, type="i64", order="little"), (0xD687, 0x0012, 0, 0), 1_234_567.0),
        (Point(0x400, type="i32", order="little", scale=1000.0, void=0x7FFF), (0xFFFF, 0x7FFF), None),
        (Point(0, type="f32"), (0x7FC0, 0x0000), None),  # not a number
        (Point(0, type="u16"), (65_535,), 65_535.0),
    ],
)
def test_the_words_of_worked_examples(point: Point, words: tuple[int, ...], value: float | None) -> None:
    assert point.value(words) == value


@given(st.sampled_from(sorted(TYPES)), st.sampled_from(["big", "little"]), st.integers(-(2**15), 2**15 - 1))
def test_as_another_library_writes_them(kind: str, order: str, number: int) -> None:
    value = abs(number) if kind.startswith("u") else number
    words = ModbusClientMixin.convert_to_registers(value, OTHER[kind], word_order=order)  # type: ignore[arg-type]
    point = Point(0, type=kind, order=order)
    assert point.count == len(words)
    assert point.value(words) == value


@pytest.mark.parametrize("folder", ["acrel_djsf1352_rn", "carlo_gavazzi_em340", "eastron_sdm630"])
def test_the_maps_that_come_with_the_package(folder: str) -> None:
    found = load(ROOT / "hw" / folder / "map.toml", ("charged", "discharged"))
    assert {"charged", "discharged"} <= set(found.points)


GOOD = 'name = "x"\n[points.a]\naddress = 1\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "name or points"),
        ("x =", "not TOML"),
        (GOOD + "bits = 3\n", "points.a: bits; allowed: address"),
        (GOOD.replace("1", "-1"), "points.a.address: -1; allowed: 0..0xFFFF"),
        (GOOD.replace("address = 1", "function = 4"), "points.a.address: None"),
        (GOOD + "function = 6\n", "points.a.function: 6; allowed: 3 or 4"),
        (GOOD + "type = 'f16'\n", "points.a.type"),
        (GOOD + "order = 'middle'\n", "points.a.order"),
        (GOOD + "scale = 0\n", "points.a.scale"),
        (GOOD + "void = 70000\n", "points.a.void"),
        (GOOD + "plus = { address = -2 }\n", "points.a.plus.address"),
        (GOOD + "[other]\n", "other; allowed: name"),
        (GOOD, "points.b: missing; allowed: all of b"),
    ],
)
def test_a_map_that_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(LocalError, match=told.replace(".", r"\.")):
        load(tmp_path / "map.toml", ("b",))


def test_a_map_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be read"):
        load(tmp_path / "map.toml", ())
