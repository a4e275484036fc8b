"""docs/safety.md tells the numbers that the code has, and where each is from."""

from __future__ import annotations

import re
from pathlib import Path

from iso15118.errors import DeviceFault, FaultClass
from iso15118.hal import bounds
from iso15118.hal.modbus import verdict
from iso15118.procedures import isolate

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
UNITS = {"s": 1.0, "V": 1.0, "A": 1.0, "W": 1.0, "A/s": 1.0, "Ohm": 1.0, "kOhm": 1e3}


def rows() -> dict[str, tuple[float, str]]:
    """Name -> value in SI units, source."""
    found = {}
    for line in PAGE.splitlines():
        if match := re.match(r"\| ([A-Z_]+) \| ([0-9.]+) (\S+) \| [^|]+ \| ([^|]+) \|", line):
            found[match[1]] = float(match[2]) * UNITS[match[3]], match[4]
    return found


def test_every_number_of_the_guard_stands_there_as_it_is() -> None:
    numbers = {name: value for name, value in vars(bounds).items() if name.isupper() and isinstance(value, float) and name[0] != "_"}
    numbers |= {name: getattr(isolate, name) for name in ("TEST_CURRENT", "SHORT", "LEAST", "LEAST_MCS")}
    numbers |= {name: getattr(verdict, name) for name in ("INSULATION_GRACE", "INSULATION_MOVED")}
    assert {name: value for name, (value, _) in rows().items()} == numbers


def test_every_source_that_is_named_is_told() -> None:
    told = {each for line in PAGE.splitlines() if line.startswith("| N") for each in re.findall(r"N\d+", line.split("|")[1])}
    named = {each for _, source in rows().values() for each in re.findall(r"N\d+", source)}
    in_code = {
        each
        for place in ("hal", "procedures", "sim")
        for path in (ROOT / "iso15118" / place).rglob("*.py")
        for each in re.findall(r"\bN\d{1,2}\b", path.read_text(encoding="utf-8"))
    }
    assert named <= told
    assert in_code <= told


def test_the_classes_are_those_of_the_faults() -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith("| error |")]
    errors = {"insulation": DeviceFault.INSULATION, "meter": DeviceFault.METER, "too hot": DeviceFault.OVER_TEMPERATURE}
    errors["grid lost while energy came back"] = DeviceFault.GRID
    assert {word.strip() for word in line.split("|")[2].split(",")} == set(errors)
    assert {fault for fault in DeviceFault if fault.severity is FaultClass.ERROR} == set(errors.values())
