"""Fixtures for pytest: `pytest_plugins = ["iso15118.testing.plugin"]` in a test module, or in the `conftest.py` at the top.

`station` and `car` are the functions of `iso15118.testing`. Where a test fails, what was said on its bench stands in its report.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import pytest

from iso15118.service.seen import Direction, Ended, Exchanged, Noted, Seen
from iso15118.testing.charger import Charger
from iso15118.testing.charger import station as a_station
from iso15118.testing.driver import Driver
from iso15118.testing.driver import car as a_car

SHOWN: Final = 60
"""Lines of a charger's journal in the report of a failed test: the last ones."""

_BENCH: Final = pytest.StashKey[list[Charger]]()


@pytest.fixture
def station(request: pytest.FixtureRequest) -> Callable[..., AbstractAsyncContextManager[Charger]]:
    """`iso15118.testing.station`."""
    bench = request.node.stash.setdefault(_BENCH, [])

    @asynccontextmanager
    async def remembered(**words: Any) -> AsyncIterator[Charger]:
        async with a_station(**words) as charger:
            bench.append(charger)
            yield charger

    return remembered


@pytest.fixture
def car() -> Callable[..., AbstractAsyncContextManager[Driver]]:
    """`iso15118.testing.car`."""
    return a_car


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the end of each charger's journal."""
    report = yield
    if report.when == "call" and report.failed:
        chargers: list[Charger] = item.stash.get(_BENCH, [])
        for number, charger in enumerate(chargers, 1):
            shown = charger.journal.seen[-SHOWN:]
            report.sections.append((f"what was said at charger {number}", "\n".join(filter(None, map(line, shown)))))
    return report


def line(seen: Seen) -> str:
    """One thing seen, for people; empty for a change of phase, which the messages tell."""
    at = f"{seen.at:10.3f} s  "
    match seen:
        case Exchanged(_, direction, _, message, _):
            code = getattr(message, "response_code", "")
            arrow = "car ->" if direction is Direction.IN else "    <-"
            return f"{at}{arrow} {type(message).__name__} {code}".rstrip()
        case Noted(_, text):
            return f"{at}   ({text})"
        case Ended(_, why, clean, phase):
            return f"{at}   ended {'in order' if clean else f'in {phase}'}: {why}"
        case _:
            return ""
