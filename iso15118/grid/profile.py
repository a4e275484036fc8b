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
    """The keys of a function and their units; what is not in `needed` may be left out."""

    units: Mapping[str, str]
    needed: frozenset[str]
    rising: tuple[str, ...] = ()
    """The x of a curve's points."""


def _form(optional: Mapping[str, str] | None = None, /, **needed: str) -> _Form:
    return _Form({**needed, **(optional or {})}, frozenset(needed))


def _stages(unit: str) -> _Form:
    return _form({"second": unit, "second_time": "s", "mean_10_min": unit}, first=unit, first_time="s")


_LAG: Final = {"three_tau": "s", "open_loop_response_time": "s"}
_V: Final = ("v1", "v2", "v3", "v4")
_VOLT_VAR: Final = {**dict.fromkeys(_V, "Un"), **{f"q{n}": "Qmax" for n in range(1, 5)}}
_ENTER: Final = {"voltage_low": "Un", "voltage_high": "Un", "frequency_low": "Hz", "frequency_high": "Hz", "delay": "s"}
_FROM_STAGE: Final = {f"{what}{n}": unit for n in range(1, 5) for what, unit in (("v", "Un"), ("t", "s"))}

FORMS: Final = {
    "over_frequency_watt": _form(_LAG, start="Hz", droop="1"),
    "under_frequency_watt": _form(_LAG, start="Hz", droop="1"),
    "volt_var": _form({"q_max_small": "Sn", "small_below": "VA", **_LAG}, q_max="Sn", **_VOLT_VAR)._replace(
        rising=("v1", "v2", "v3", "v4")
    ),
    "volt_watt": _form(_LAG, v1="Un", p1="Pn", v2="Un", p2="Pn")._replace(rising=("v1", "v2")),
    "watt_var": _form(_LAG, **{f"p{n}": "Pn" for n in (1, 2, 3)}, **{f"q{n}": "Qmax" for n in (1, 2, 3)}, q_max="Sn")._replace(
        rising=("p1", "p2", "p3")
    ),
    "watt_cos_phi": _form(_LAG, p1="Pn", p2="Pn", cos_phi1="1", cos_phi2="1")._replace(rising=("p1", "p2")),
    "fixed_cos_phi": _form(cos_phi="1"),
    "fixed_q": _form(q="Sn"),
    "trip_over_voltage": _stages("Un"),
    "trip_under_voltage": _stages("Un"),
    "trip_over_frequency": _stages("Hz"),
    "trip_under_frequency": _stages("Hz"),
    "ride_through_under_voltage": _form({k: v for k, v in _FROM_STAGE.items() if k not in ("v1", "t1")}, v1="Un", t1="s"),
    "ride_through_over_voltage": _form({k: v for k, v in _FROM_STAGE.items() if k not in ("v1", "t1")}, v1="Un", t1="s"),
    "ride_through_rocof": _form(rocof="Hz/s"),
    "start": _form({"ramp": "Pn/min", "ramp_time": "s"}, **_ENTER),
    "reconnect": _form({"ramp": "Pn/min", "ramp_time": "s"}, **_ENTER),
    "ramp": _form(rate="Pn/s"),
    "anti_islanding": _form(cease_within="s"),
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
    numbers = {}
    for key, value in table.items():
        if key in _WORDS:
            continue
        if key not in form.units:
            raise LocalError(f"{where}.{key}: unknown; allowed: {', '.join((*_WORDS, *form.units))}")
        numbers[key] = _number(value, form.units[key], table, f"{where}.{key}")
    if missing := sorted(form.needed - numbers.keys()):
        raise LocalError(f"{where}.{missing[0]}: missing; needed: {', '.join(sorted(form.needed))}")
    for before, after in pairwise(sorted(key for key in numbers if key in form.rising)):
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
