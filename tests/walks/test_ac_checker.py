"""The checker of alternating current, judged by chargers that are wrong and by moments that break one rule each."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iso15118.power import AcTarget, Setpoint
from iso15118.session import secc
from iso15118.session.commands import Apply
from iso15118.session.events import Closed, Elapsed
from iso15118.session.services import ControlMode, ServiceID
from iso15118.units import PerPhase
from iso15118.value import replace
from tools.walks import ac_checker
from tools.walks.ac_checker import AcChecker, AcMoment
from tools.walks.walk import Result, walk

pytestmark = pytest.mark.long

KINDS = [(kind, mode) for kind in (ServiceID.AC, ServiceID.AC_BPT) for mode in ControlMode]


def test_it_knows_nothing_of_the_charger() -> None:
    tree = ast.parse(Path(ac_checker.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "typing", "tools.walks.checker"}
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Import)] == []


def _changed(change: Callable[[Setpoint], Setpoint]) -> Any:
    def step(session: Any, event: Any, snapshot: Any) -> Any:
        session, commands = secc.step(session, event, snapshot)
        return session, tuple(Apply(change(c.setpoint)) if isinstance(c, Apply) else c for c in commands)

    return step


def _deaf(session: Any, event: Any, snapshot: Any) -> Any:
    """A charger without timers, which is not told either that the connection is gone."""
    return (session, ()) if isinstance(event, Elapsed | Closed) else secc.step(session, event, snapshot)


def _trusting(session: Any, event: Any, snapshot: Any) -> Any:
    """A charger that asks nobody whether the car may charge."""
    return secc.step(session, event, replace(snapshot, authorisation=secc.core.Authorisation.ACCEPTED))


def _sleepy(session: Any, event: Any, snapshot: Any) -> Any:
    """A charger that believes the best of its limits."""
    return secc.step(session, event, replace(snapshot, budget=replace(snapshot.budget, charge=1e6, target=None)))


def _always(setpoint: Setpoint) -> Setpoint:
    return Setpoint(contactor=True, lock=True, bidirectional=True, target=setpoint.target)


def _greedy(setpoint: Setpoint) -> Setpoint:
    return setpoint if setpoint.target is None else replace(setpoint, target=AcTarget(PerPhase.even(22e3, 3)))


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        pytest.param(_deaf, "closed after half a second of silence", id="no timers"),
        pytest.param(_trusting, "closed without authorisation", id="no authorisation"),
        pytest.param(_sleepy, "told above the limits", id="no budget"),
        pytest.param(_changed(_always), "closed though the vehicle had not asked for power", id="always closed"),
        pytest.param(_changed(_greedy), "offered above the limits", id="all it has"),
    ],
)
def test_a_charger_that_is_wrong_is_found(step: Any, rule: str) -> None:
    results: list[Result] = []
    for number in range(160):
        kind, mode = KINDS[number % len(KINDS)]
        results.append(walk(f"walk {number}", kind, mode, step=step))
        if rule in {violation.rule for violation in results[-1].violations}:
            return
    raise AssertionError(f"only found { ({violation.rule for result in results for violation in result.violations}) }")


FINE = AcMoment(
    at=10.0,
    closed=True,
    active=(3e3, 3e3, 3e3),
    offered=(3e3, 3e3, 3e3),
    said=(3e3, 3e3, 3e3),
    pilot="C",
    locked=True,
    grid=True,
    residual=False,
    fault=False,
    broken=False,
    welded=False,
    authorised=True,
    bidirectional=True,
    permitted=True,
    most_phase=7360.0,
    most_charge=11e3,
    most_discharge=10e3,
    heard=9.9,
    looping=True,
    started=True,
    stopped=False,
    standby=False,
    connected=True,
)
OFF = FINE._replace(closed=False, active=(0.0, 0.0, 0.0), offered=None, said=None)


def rules(moments: list[AcMoment]) -> set[str]:
    checker = AcChecker()
    for moment in moments:
        checker.see(moment)
    return {violation.rule for violation in checker.violations}


def over(seconds: float, moment: AcMoment) -> list[AcMoment]:
    """`moment` for so long, behind one in which all is fine; the vehicle goes on talking."""
    return [FINE, *(moment._replace(at=10.02 + turn * 0.02, heard=moment.heard + turn * 0.02) for turn in range(round(seconds / 0.02)))]


@pytest.mark.parametrize(
    ("moments", "rule"),
    [
        ([*over(0.3, OFF._replace(authorised=False)), FINE._replace(at=10.4, authorised=False)], "closed without authorisation"),
        ([OFF, FINE._replace(started=False)], "closed though the vehicle had not asked for power"),
        ([*over(0.2, OFF._replace(grid=False)), FINE._replace(at=10.3, heard=10.2)], "closed again after the grid was lost"),
        ([OFF, FINE._replace(locked=False)], "closed onto a free connector"),
        ([OFF._replace(pilot="B"), FINE._replace(pilot="B")], "closed with the pilot not in C or D"),
        ([*over(0.5, OFF._replace(fault=True)), FINE._replace(at=10.6, heard=10.5, fault=True)], "closed with a fault"),
        ([FINE._replace(locked=False)], "connector free at the mains"),
        (over(20.5, FINE._replace(authorised=False, active=(0.0, 0.0, 0.0))), "kept closed without authorisation"),
        (over(6.0, FINE._replace(authorised=False)), "power without authorisation"),
        (over(0.8, FINE._replace(authorised=False)), "offered without authorisation"),
        (over(0.3, FINE._replace(pilot="B")), "closed after the pilot had left C and D"),
        (over(0.5, FINE._replace(grid=False)), "closed after the grid was lost"),
        (over(0.4, FINE._replace(residual=True)), "closed after residual current"),
        (over(0.4, FINE._replace(fault=True)), "closed after a fault"),
        (over(2.0, FINE._replace(broken=True)), "closed with broken metal"),
        ([FINE._replace(heard=9.2)], "closed after half a second of silence"),
        ([FINE._replace(heard=-51.0, looping=False)], "closed after a minute of silence"),
        (over(1.8, FINE._replace(stopped=True)), "closed after the stop"),
        (over(0.4, FINE._replace(connected=False)), "closed after the end"),
        ([OFF, OFF._replace(active=(10.0, 0.0, 0.0))], "power with the contactor open"),
        (over(0.2, OFF._replace(offered=(1e3, 0.0, 0.0))), "offered with the contactor open"),
        (over(1.2, FINE._replace(active=(-1e3,) * 3, permitted=False)), "power out of a vehicle that must not give"),
        (over(1.2, FINE._replace(active=(-1e3,) * 3, bidirectional=False)), "power out of a vehicle that must not give"),
        (over(1.2, FINE._replace(standby=True)), "power in standby"),
        (over(6.0, FINE._replace(active=(5e3,) * 3)), "more than allowed"),
        (over(1.5, FINE._replace(active=(9e3, 0.0, 0.0))), "more than a phase carries"),
        ([FINE._replace(offered=(-1e3, 0.0, 0.0), permitted=False)], "discharge offered that was not selected or not permitted"),
        ([FINE._replace(said=(-1e3, 0.0, 0.0), bidirectional=False)], "discharge told that was not selected"),
        (over(0.8, FINE._replace(offered=(5e3,) * 3)), "offered above the limits"),
        ([FINE._replace(said=(5e3,) * 3)], "told above the limits"),
        ([FINE._replace(said=(8e3, 0.0, 0.0))], "told more than a phase carries"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_can_be_broken(moments: list[AcMoment], rule: str) -> None:
    assert rule in rules(moments)


def test_what_is_fine_breaks_none() -> None:
    assert rules([OFF, *over(1.0, FINE), OFF._replace(at=12.0, locked=False, authorised=False, connected=False, pilot="A")]) == set()
