"""Cars that misbehave at random, judged by a checker that knows nothing of the charger; and the checker, judged by chargers that are wrong.

Here a few hundred walks; `make walks` makes ten thousand.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iso15118.power import Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.session import secc
from iso15118.session.commands import Apply, Command
from iso15118.session.events import Closed, Elapsed, Event
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace
from tools.walks import checker
from tools.walks.__main__ import KINDS
from tools.walks.checker import Moment, judge
from tools.walks.walk import Result, walk

pytestmark = pytest.mark.long

Step = Callable[[Session, Event, SeccSnapshot], tuple[Session, tuple[Command, ...]]]
WALKS = 15
"""Of each service and mode."""


@pytest.mark.parametrize(("kind", "mode"), KINDS, ids=lambda value: value.name)
def test_no_walk_breaks_a_rule(kind: Any, mode: Any) -> None:
    results = [walk(f"{kind.name} {number}", kind, mode) for number in range(WALKS)]
    assert [result.violations for result in results if result.violations] == []
    enough = 5 if kind.transfer is Transfer.AC else 15  # A; a pre-charge of direct current may be 2
    assert any(result.most > enough for result in results), "no walk has charged: nothing was at stake"
    assert Phase.CHARGE_LOOP in frozenset().union(*(result.phases for result in results))


def test_a_walk_can_be_walked_again() -> None:
    kind, mode = KINDS[0]
    assert walk("again", kind, mode) == walk("again", kind, mode)


def test_the_checker_knows_nothing_of_the_charger() -> None:
    tree = ast.parse(Path(checker.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "collections.abc", "typing", "iso15118.power"}
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Import)] == []


# Chargers that are wrong, and what the checker finds of it.


def _changed(change: Callable[[Setpoint], Setpoint]) -> Step:
    """A charger whose every set-point is changed on its way to metal."""

    def step(session: Session, event: Event, snapshot: SeccSnapshot) -> tuple[Session, tuple[Command, ...]]:
        session, commands = secc.step(session, event, snapshot)
        return session, tuple(
            Apply(change(c.setpoint)) if isinstance(c, Apply) and isinstance(c.setpoint, Setpoint) else c for c in commands
        )

    return step


def _deaf(session: Session, event: Event, snapshot: SeccSnapshot) -> tuple[Session, tuple[Command, ...]]:
    """A charger without timers, which is not told either that the connection is gone."""
    return (session, ()) if isinstance(event, Elapsed | Closed) else secc.step(session, event, snapshot)


def _trusting(session: Session, event: Event, snapshot: SeccSnapshot) -> tuple[Session, tuple[Command, ...]]:
    """A charger that asks nobody whether the car may charge."""
    return secc.step(session, event, replace(snapshot, authorisation=secc.core.Authorisation.ACCEPTED))


def _greedy(setpoint: Setpoint) -> Setpoint:
    return replace(setpoint, current=setpoint.current * 3)


def _forward_only(setpoint: Setpoint) -> Setpoint:
    return replace(setpoint, current=-abs(setpoint.current), bidirectional=True, voltage=200.0) if setpoint.current else setpoint


def _too_high(setpoint: Setpoint) -> Setpoint:
    return replace(setpoint, voltage=500.0) if setpoint.voltage and not setpoint.insulation_test else setpoint


@pytest.mark.parametrize(
    ("step", "rules"),
    [
        pytest.param(_deaf, {"power after half a second of silence"}, id="no timers"),
        pytest.param(_trusting, {"energised though never authorised", "power without authorisation"}, id="no authorisation"),
        pytest.param(_changed(_greedy), {"charge current above what board or car allow"}, id="three times the current"),
        pytest.param(_changed(_forward_only), {"discharge that was not selected or not permitted"}, id="the wrong direction"),
        pytest.param(_changed(_too_high), {"voltage above what board or car allow"}, id="no ceiling"),
    ],
)
def test_the_checker_finds_a_charger_that_is_wrong(step: Step, rules: set[str]) -> None:
    results: list[Result] = []
    for number in range(240):
        kind, mode = KINDS[number % len(KINDS)]
        results.append(walk(f"walk {number}", kind, mode, step=step))
        if rules <= {violation.rule for result in results for violation in result.violations}:
            return
    raise AssertionError(f"only found { ({violation.rule for result in results for violation in result.violations}) }")


FINE = Moment(
    at=10.0,
    closed=True,
    demand=20.0,
    ceiling=450.0,
    current=20.0,
    voltage=400.0,
    locked=True,
    authorised=True,
    bidirectional=True,
    permitted=True,
    max_voltage=480.0,
    max_charge=100.0,
    max_discharge=60.0,
    heard=9.8,
    emergency=False,
    connected=True,
)
REST = FINE._replace(at=10.02, closed=False, demand=0.0, ceiling=0.0, current=0.0, voltage=0.0)


def later(moment: Moment, seconds: float, **changes: Any) -> Moment:
    return moment._replace(at=moment.at + seconds, heard=moment.heard + seconds, **changes)


@pytest.mark.parametrize(
    ("moments", "rule"),
    [
        ([FINE._replace(authorised=False)], "energised though never authorised"),
        ([FINE, later(FINE, 0.1, authorised=False), later(FINE, 0.7, authorised=False)], "power without authorisation"),
        ([REST, later(REST, 0.1, demand=1.0, ceiling=400.0)], "current with the contactor open"),
        ([FINE, later(REST, 0.02)], "contactor opened under load"),
        ([FINE._replace(demand=-20.0, permitted=False)], "discharge that was not selected or not permitted"),
        ([FINE._replace(demand=-20.0, bidirectional=False)], "discharge that was not selected or not permitted"),
        (
            [FINE._replace(at=10 + at, heard=10 + at, demand=0.0, current=-20.0, bidirectional=False) for at in (0.0, 0.1, 0.2)],
            "discharge measured that was not selected or not permitted",
        ),
        ([FINE._replace(ceiling=490.0)], "voltage above what board or car allow"),
        ([FINE._replace(demand=101.0)], "charge current above what board or car allow"),
        ([FINE, later(FINE, 0.1, max_charge=10.0), later(FINE, 0.8, max_charge=10.0)], "charge current above what board or car allow"),
        ([FINE._replace(demand=-61.0)], "discharge current above what board or car allow"),
        ([FINE._replace(heard=8.9)], "power after half a second of silence"),
        ([FINE._replace(heard=-51.0, demand=0.0, current=0.0)], "energised after a minute of silence"),
        ([later(FINE, at, emergency=True) for at in (0.0, 1.0, 1.6)], "power after a fault"),
        ([later(FINE, at, connected=False) for at in (0.0, 0.4, 0.6)], "power after the end"),
        ([later(FINE, at, connected=False, demand=0.0, current=0.0) for at in (0.0, 0.4, 0.6)], "energised after the end"),
        ([FINE, later(FINE, 0.02, locked=False)], "connector free at a dangerous voltage"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_rule_can_be_broken(moments: list[Moment], rule: str) -> None:
    assert rule in {violation.rule for violation in judge(moments)}


def test_what_is_fine_breaks_none() -> None:
    ramp = [later(FINE, 0.02 * turn, demand=20.0 + 2 * turn, current=18.0 + 2 * turn) for turn in range(20)]
    rest = [ramp[-1]._replace(at=10.5, demand=0.0, current=0.0, ceiling=0.0), later(REST, 1.0)]
    assert judge([*ramp, *rest, later(REST, 2.0, locked=False, authorised=False, connected=False)]) == []
