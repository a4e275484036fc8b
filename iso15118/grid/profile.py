"""Grid-code profiles as data: each figure with its unit, its allowed range, its source and how sure it is. The files are in `profiles/`.

As the codes count: + is export, reactive power is + where it is given to the grid (over-excited). `curves` turns that round, and makes
the words of `der` of it. Nothing here is a certificate: what a connection needs is said by its grid operator.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Final, NamedTuple

from iso15118.errors import LocalError
from iso15118.value import Value

PLACES: Final = ("inverter", "car", "python")
"""Where a function may run: in our own inverter; in the car's, told by AC_DER_IEC or AC_DER_SAE; in the charge loop, as a support only."""
CONFIDENCES: Final = {"K": "from general knowledge, not read in the paid text", "T": "read in the text"}


class _Form(NamedTuple):
    """The keys of a function and their units."""

    needed: Mapping[str, str]
    optional: Mapping[str, str] = {}
    rising: str = ""
    """The x of a curve's points: x1 below x2 below x3."""


def _points(x: str, x_unit: str, y: str, y_unit: str, count: int) -> dict[str, str]:
    return {f"{name}{n}": unit for n in range(1, count + 1) for name, unit in ((x, x_unit), (y, y_unit))}


_LAG: Final = {"three_tau": "s", "open_loop_response_time": "s"}
_VOLTAGE_TRIP: Final = _Form({"first": "Un", "first_time": "s"}, {"second": "Un", "second_time": "s", "mean_10_min": "Un"})
_FREQUENCY_TRIP: Final = _Form({"first": "Hz", "first_time": "s"}, {"second": "Hz", "second_time": "s"})
_RIDE_THROUGH: Final = _Form(_points("v", "Un", "t", "s", 1), _points("v", "Un", "t", "s", 4))
_ENTER: Final = _Form(
    {"voltage_low": "Un", "voltage_high": "Un", "frequency_low": "Hz", "frequency_high": "Hz", "delay": "s"},
    {"ramp": "Pn/min", "ramp_time": "s"},
)

FORMS: Final = {
    "over_frequency_watt": _Form({"start": "Hz", "droop": "1"}, _LAG),
    "under_frequency_watt": _Form({"start": "Hz", "droop": "1"}, _LAG),
    "volt_var": _Form({"q_max": "Sn", **_points("v", "Un", "q", "Qmax", 4)}, {"q_max_small": "Sn", "small_below": "VA", **_LAG}, "v"),
    "volt_watt": _Form(_points("v", "Un", "p", "Pn", 2), _LAG, "v"),
    "watt_var": _Form({"q_max": "Sn", **_points("p", "Pn", "q", "Qmax", 3)}, _LAG, "p"),
    "watt_cos_phi": _Form(_points("p", "Pn", "cos_phi", "1", 2), _LAG, "p"),
    "fixed_cos_phi": _Form({"cos_phi": "1"}),
    "fixed_q": _Form({"q": "Sn"}),
    "trip_over_voltage": _VOLTAGE_TRIP,
    "trip_under_voltage": _VOLTAGE_TRIP,
    "trip_over_frequency": _FREQUENCY_TRIP,
    "trip_under_frequency": _FREQUENCY_TRIP,
    "ride_through_under_voltage": _RIDE_THROUGH,
    "ride_through_over_voltage": _RIDE_THROUGH,
    "ride_through_rocof": _Form({"rocof": "Hz/s"}),
    "start": _ENTER,
    "reconnect": _ENTER,
    "ramp": _Form({"rate": "Pn/s"}),
    "anti_islanding": _Form({"cease_within": "s"}),
}
"""Every function that a profile may have. Un: nominal, phase to neutral; Sn, Pn: rated apparent and active power; Qmax: `q_max` of Sn."""


class Number(Value):
    """A figure of a grid code. `low` and `high` are equal to it where the code lets nobody choose."""

    value: float
    low: float
    high: float
    unit: str
    source: str
    confidence: str
    """A key of `CONFIDENCES`."""


class Function(Value):
    """One function of a profile. Not `enabled`: the code has it, but it is off until the grid operator asks for it."""

    numbers: Mapping[str, Number]
    where: tuple[str, ...]
    """Some of `PLACES`, the one that counts first."""
    enabled: bool = True
    note: str = ""

    def __getitem__(self, key: str) -> float:
        """The value of a figure. Raises KeyError on one that the profile leaves out."""
        return self.numbers[key].value


class Profile(Value):
    """A grid code."""

    name: str
    nominal_frequency: float
    """Hz."""
    functions: Mapping[str, Function]


def shipped() -> tuple[str, ...]:
    """The names of the profiles that come with this package."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def profile(name: str) -> Profile:
    """A profile that comes with this package. Raises LocalError on a name that is none of them."""
    if name not in shipped():
        raise LocalError(f"grid profile {name!r}; allowed: {', '.join(shipped())}")
    return load(_FOLDER / f"{name}.toml")


def load(path: Path) -> Profile:
    """The profile in a TOML file. Raises LocalError: file, key, what is allowed."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: not TOML: {error}") from None
    return read(table, str(path))


def read(table: Mapping[str, object], file: str) -> Profile:
    """The profile in a table; `file` is named in errors. Raises LocalError: file, key, what is allowed."""
    name = _text(table.get("name"), f"{file}: name")
    frequency = _finite(table.get("nominal_frequency"), f"{file}: nominal_frequency")
    functions = {}
    for key, value in table.items():
        if key in ("name", "nominal_frequency"):
            continue
        if key not in FORMS:
            raise LocalError(f"{file}: {key}: unknown; allowed: name, nominal_frequency, {', '.join(FORMS)}")
        functions[key] = _function(value, FORMS[key], f"{file}: {key}")
    return Profile(name, frequency, functions)


_FOLDER: Final = Path(__file__).parent / "profiles"
_WORDS: Final = ("where", "source", "confidence", "enabled", "note")


def _function(table: object, form: _Form, where: str) -> Function:
    if not isinstance(table, dict):
        raise LocalError(f"{where}: {table!r}; allowed: a table")
    places = table.get("where")
    if not isinstance(places, list) or not places or any(place not in PLACES for place in places):
        raise LocalError(f"{where}.where: {places!r}; allowed: a list of {', '.join(PLACES)}")
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise LocalError(f"{where}.enabled: {enabled!r}; allowed: true or false")
    units, numbers = {**form.needed, **form.optional}, {}
    for key, value in table.items():
        if key in _WORDS:
            continue
        if key not in units:
            raise LocalError(f"{where}.{key}: unknown; allowed: {', '.join((*_WORDS, *units))}")
        numbers[key] = _number(value, units[key], table, f"{where}.{key}")
    if missing := sorted(form.needed.keys() - numbers.keys()):
        raise LocalError(f"{where}.{missing[0]}: missing; needed: {', '.join(sorted(form.needed))}")
    for before, after in pairwise(sorted(key for key in numbers if form.rising and key[:-1] == form.rising)):
        if not numbers[before].value < numbers[after].value:
            raise LocalError(f"{where}.{after}.value: {numbers[after].value:g}; allowed: above {before}, {numbers[before].value:g}")
    return Function(numbers, tuple(places), enabled, _text(table.get("note", ""), f"{where}.note"))


def _number(table: object, unit: str, around: Mapping[str, object], where: str) -> Number:
    keys = ("value", "unit", "low", "high", "source", "confidence")
    if not isinstance(table, dict) or not {"value", "unit"} <= table.keys() <= set(keys):
        raise LocalError(f"{where}: {table!r}; allowed: a table of value and unit, and of {', '.join(keys[2:])}")
    if table["unit"] != unit:
        raise LocalError(f"{where}.unit: {table['unit']!r}; allowed: {unit!r}")
    value = _finite(table["value"], f"{where}.value")
    low, high = (_finite(table.get(key, value), f"{where}.{key}") for key in ("low", "high"))
    if not low <= value <= high:
        raise LocalError(f"{where}.value: {value:g}; allowed: {low:g} to {high:g}")
    source = _text(table.get("source", around.get("source")), f"{where}.source")
    confidence = _text(table.get("confidence", around.get("confidence")), f"{where}.confidence")
    if not source or confidence not in CONFIDENCES:
        raise LocalError(f"{where}: source {source!r}, confidence {confidence!r}; allowed: a source, and {' or '.join(CONFIDENCES)}")
    return Number(value, low, high, unit, source, confidence)


def _finite(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise LocalError(f"{where}: {value!r}; allowed: a finite number")
    return float(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise LocalError(f"{where}: {value!r}; allowed: a text")
    return value
