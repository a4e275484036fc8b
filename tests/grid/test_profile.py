"""`grid.profile`: the shipped grid codes, and files that are none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.grid.profile import FORMS, load, profile, shipped

GOOD = """name = "a code"
nominal_frequency = 50.0
[over_frequency_watt]
where = ["inverter", "python"]
source = "somewhere"
confidence = "K"
start = { value = 50.2, unit = "Hz", low = 50.2, high = 52.0 }
droop = { value = 0.05, unit = "1", source = "elsewhere", confidence = "T" }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "code.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_three_profiles_are_shipped() -> None:
    assert shipped() == ("en50549_1", "ieee1547_cat_b_iii", "vde_ar_n_4105")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_number_has_range_source_and_confidence(name: str) -> None:
    code = profile(name)
    numbers = [number for function in code.functions.values() for number in function.numbers.values()]
    assert len(numbers) > 60
    assert all(number.low <= number.value <= number.high and number.source and number.confidence for number in numbers)
    assert code.functions.keys() >= FORMS.keys() - {"watt_var", "watt_cos_phi", "ramp"}


@pytest.mark.parametrize("name", shipped())
def test_no_trip_and_no_ride_through_runs_in_python(name: str) -> None:
    guards = {key: it for key, it in profile(name).functions.items() if key.startswith(("trip", "ride"))}
    assert len(guards) == 7
    assert not [key for key, it in guards.items() if "python" in it.where]


def test_source_and_confidence_are_the_functions_unless_the_number_has_its_own(tmp_path: Path) -> None:
    function = load(written(tmp_path, GOOD)).functions["over_frequency_watt"]
    start, droop = function.numbers["start"], function.numbers["droop"]
    assert (start.source, start.confidence, droop.source, droop.confidence) == ("somewhere", "K", "elsewhere", "T")
    assert (start.low, start.high, droop.low, droop.high) == (50.2, 52.0, 0.05, 0.05)
    assert function["droop"] == 0.05
    assert function.where == ("inverter", "python")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"a code"', "3", "name: 3; allowed: a text"),
        ("= 50.0", "= true", "nominal_frequency: True; allowed: a finite number"),
        ("[over_frequency_watt]", "[over_frequency]", "over_frequency: unknown; allowed: name, nominal_frequency, over_frequency_watt"),
        ('"python"]', '"cloud"]', "over_frequency_watt.where: ['inverter', 'cloud']; allowed: a list of inverter, car, python"),
        ('"python"]', "{ a = 1 }]", "over_frequency_watt.where: .*; allowed: a list of inverter, car, python"),
        ("value = 50.2", "value = 50.1", "over_frequency_watt.start.value: 50.1; allowed: 50.2 to 52"),
        ("value = 50.2", "value = nan", "over_frequency_watt.start.value: nan; allowed: a finite number"),
        ('unit = "Hz"', 'unit = "V"', "over_frequency_watt.start.unit: 'V'; allowed: 'Hz'"),
        ("start =", "begin =", "over_frequency_watt.begin: unknown; allowed: where, source"),
        ("low = 50.2,", "lower = 50.2,", "over_frequency_watt.start: .*; allowed: a table of value and unit, and of low, high"),
        ("start = {", "start = 50.2 # {", "over_frequency_watt.start: 50.2; allowed: a table of value and unit"),
        (
            'confidence = "K"',
            'confidence = "sure"',
            "over_frequency_watt.start: source .*, confidence 'sure'; allowed: a source, and K or T",
        ),
        ('source = "somewhere"', "", "over_frequency_watt.start.source: None; allowed: a text"),
        ('confidence = "K"', 'confidence = "K"\nenabled = 1', "over_frequency_watt.enabled: 1; allowed: true or false"),
        ("droop = {", "# {", "over_frequency_watt.droop: missing; needed: droop, start"),
        ("[over_frequency_watt]", "over_frequency_watt = 1\n[start]", "over_frequency_watt: 1; allowed: a table"),
        ('name = "a code"', "name", "not TOML"),
    ],
)
def test_an_error_names_file_and_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert GOOD.count(old)
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(LocalError, match=f"^{re.escape(str(path))}: " + told.replace("[", r"\[").replace("{", r"\{")):
        load(path)


def test_points_rise(tmp_path: Path) -> None:
    point = '{ value = %s, unit = "%s", low = 0.0, high = 2.0 }'
    rows = "\n".join(
        f"{key} = {point % (value, unit)}"
        for key, value, unit in (("v1", 1.1, "Un"), ("p1", 1.0, "Pn"), ("v2", 1.1, "Un"), ("p2", 0.0, "Pn"))
    )
    text = GOOD.replace("[over_frequency_watt]", "[volt_watt]").partition("start")[0] + rows
    with pytest.raises(LocalError, match=r"volt_watt\.v2\.value: 1\.1; allowed: above v1, 1\.1"):
        load(written(tmp_path, text))


def test_a_file_or_a_name_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be read"):
        load(tmp_path / "none.toml")
    with pytest.raises(LocalError, match="grid profile 'none'; allowed: en50549_1"):
        profile("none")
