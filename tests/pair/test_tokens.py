"""A card at the outlet's reader: before the car, while it waits, one that nobody knows, a reader that fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iso15118.hal.protocols import Monitors
from iso15118.sequence.phases import Phase
from iso15118.service.evse_config import EvseConfig
from iso15118.service.virtual import run
from iso15118.testing import car, station

CONFIG = EvseConfig(authorised_after=None, tokens=frozenset({"04A2"}))


class Reader:
    def __init__(self) -> None:
        self.shown: list[str] = []

    def read(self) -> str | None:
        if "broken" in self.shown:
            raise OSError("no reader")
        return self.shown.pop(0) if self.shown else None


def with_reader(charger: Any) -> Reader:
    reader = Reader()
    watching = charger.evse.actuator._guard._monitoring
    watching._monitors = Monitors(**{**watching._monitors._asdict(), "reader": reader})
    return reader


async def _played(before: list[str], waited: float, later: list[str]) -> Phase:
    """Where the session stands some time later."""
    async with station(services=["DC"], config=CONFIG) as charger:
        reader = with_reader(charger)
        reader.shown += before
        await asyncio.sleep(waited)
        async with car(charger, services=["DC"], loops=1000):
            await asyncio.sleep(2.0)
            reader.shown += later
            await asyncio.sleep(8.0)
            assert charger.evse.conversation is not None
            phase: Phase = charger.evse.conversation.session.phase
            return phase


@pytest.mark.parametrize(
    ("before", "waited", "later", "goes_on"),
    [
        ([], 0.0, [], False),
        ([], 0.0, ["04A2"], True),
        (["04A2"], 30.0, [], True),
        (["04A2"], 70.0, [], False),
        ([], 0.0, ["04FF"], False),
        ([], 0.0, ["04FF", "04A2"], True),
        ([], 0.0, ["broken", "04A2"], False),
    ],
)
def test_a_token(before: list[str], waited: float, later: list[str], goes_on: bool) -> None:
    assert (run(_played(before, waited, later)) is Phase.CHARGE_LOOP) is goes_on
