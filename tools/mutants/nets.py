"""What looks for a mutant, the quick ones first. A net answers what it has found, or nothing.

Three are checkers, which know the product by its metal alone: the set-point law, the fault matrix, the walks. The fourth is the tests. All
of it runs in the process in which the mutant has been planted.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BROKEN: Final = (
    "output contactor falls open",
    "insulation fault",
    "meter failed",
    "supply dead",
    "supply derated to a fifth",
    "current a half more than asked for",
    "voltage a half more than asked for, which a battery does not let happen",
    "all measurements frozen",
    "pilot A: the plug is out",
    "pilot B",
    "supply: demand raises",
    "supply: measures no numbers",
    "supply: abilities of another kind",
    "contactor: feedback raises",
    "contactor: voltage from the future",
    "lock: says that it is open",
    "emergency stop",
    "operator stops",
    "site grants nothing any more",
    "the car's connection lost",
)
"""Faults of the matrix: one of each kind."""
EARLY: Final = ("output contactor falls open", "insulation fault", "pilot B")
"""Those that are played before energy flows as well."""
TURNS: Final = 10_000
"""Of the set-point law, for each of two seeds."""
LEAST: Final = 300
"""Turns among them in which something flows, each way."""
WALKS: Final = 48
"""Of all services and modes; where a mutant is in what only alternating current needs, of its services alone."""
TESTS: Final = {
    "hal.": ("tests/hal/test_bounds.py", "tests/hal/test_guard.py", "tests/hal/test_guard_devices.py", "tests/hal/test_guard_monitors.py"),
    "hal.ac_guard": ("tests/hal/test_ac_guard.py", "tests/hal/test_phase_switch.py"),
    "procedures.": ("tests/procedures", "tests/session/test_sense.py"),
}
"""The tests of these modules come first for a mutant of theirs, then the others of this table, then `AROUND`."""
ALL: Final = (*TESTS["hal.ac_guard"], *TESTS["hal."], *TESTS["procedures."])
AROUND: Final = (
    "tests/hal/test_guard_bounds.py",
    "tests/hal/test_phase_switch.py",
    "tests/test_safety_page.py",
    "tests/session/secc/test_secc_core.py",
    "tests/session/secc/test_secc_core_ac.py",
    "tests/session/secc/test_secc_dc_loop.py",
    "tests/session/secc/test_secc_dc_loop_back.py",
    "tests/session/secc/test_secc_ac_loop.py",
    "tests/session/secc/test_secc_ac_loop_ends.py",
    "tests/session/secc/test_secc_allowance.py",
    "tests/session/secc/test_secc_delivery.py",
    "tests/session/secc/test_secc_standby.py",
    "tests/session/secc/test_secc_mobility.py",
    "tests/pair/test_both_ways.py",
    "tests/pair/test_authorised.py",
)
"""Those that take long, and those that use guard and procedures without being about them."""


def law(module: str) -> str:
    """The set-point law over random turns; and something has to flow."""
    from tools.setpoints.run import Bench

    if module.startswith("procedures.") or module == "hal.ac_guard":
        return ""  # it drives a guard of direct current, and nothing else
    for seed in (1, 2):
        bench = Bench(seed)
        for _ in range(0, TURNS, 1000):
            bench.run(1000)
            if bench.law.violations:
                return bench.law.violations[0].rule
        if min(bench.flowed) < LEAST:
            return "nothing flows"
    return ""


def faults(module: str) -> str:
    """A session without a fault, then `EARLY` in the cable check and `BROKEN` while energy flows, charging and discharging."""
    from iso15118.sequence.phases import Phase
    from tools.faults.catalogue import BREAKAGES, Breakage, Severity, plant
    from tools.faults.play import cell

    if module in ("hal.ac_guard", "procedures.relay"):
        return ""  # it is played by direct current
    named = {each.name: each for each in BREAKAGES}
    whole = Breakage("nothing at all", Severity.WARNING, plant())
    early = [(named[name], Phase.CABLE_CHECK) for name in EARLY]
    for breakage, phase in ((whole, Phase.CHARGE_LOOP), *early, *((named[name], Phase.CHARGE_LOOP) for name in BROKEN)):
        if any(cell(breakage, phase, discharging).problem(breakage) for discharging in (False, True)):
            return breakage.name
    return ""


def walks(module: str) -> str:
    """Misbehaving cars at random, by every service; both ways something has to flow."""
    from tools.walks.__main__ import KINDS, walked

    alternating = module in ("hal.ac_guard", "procedures.relay")
    kinds = [number for number, (kind, _) in enumerate(KINDS) if kind.name.startswith("AC") or not alternating]
    numbers = [turn + number for turn in range(0, WALKS * len(KINDS) // len(kinds), len(KINDS)) for number in kinds]
    most, least = 0.0, 0.0
    for number in numbers:
        result = walked(number)[1]
        if result.violations:
            return result.violations[0].rule
        most, least = max(most, result.most), min(least, result.least)
    return "" if most > 5.0 and least < -5.0 else "nothing flows"


def tests(module: str) -> str:
    """The tests of guard and procedures, those of this module first, and some of what uses them."""
    own = TESTS.get(module) or TESTS.get(module.partition(".")[0] + ".", ())
    for paths in (own, [path for path in ALL if path not in own], AROUND):  # what is not run need not be collected
        if paths and (failed := _failed(paths)):
            return failed
    return ""


def _failed(paths: Sequence[str]) -> str:
    """The first of these tests that fails; empty: none."""
    first = _First()
    arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=20", "--hypothesis-seed=0", f"--rootdir={ROOT}"]
    code = pytest.main([*arguments, *(str(ROOT / path) for path in paths)], plugins=[first])
    if code != pytest.ExitCode.OK and not first.name:
        raise RuntimeError(f"the tests could not be run: {code!r}")
    return first.name


class _First:
    """The first test that failed, or the module that could not even be read."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid.removeprefix("tests/").partition("[")[0]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid.removeprefix("tests/")


NETS: Final[dict[str, Callable[[str], str]]] = {"law": law, "faults": faults, "walks": walks, "tests": tests}
CHECKERS: Final = ("law", "faults", "walks")


def search(name: str, module: str) -> str:
    """What the net of this name finds. It is also found where the net falls over it."""
    logging.disable(logging.NOTSET if name == "tests" else logging.CRITICAL)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        try:
            return NETS[name](module)
        except Exception as error:
            if name == "tests":
                raise
            return f"it raises {type(error).__name__}"
