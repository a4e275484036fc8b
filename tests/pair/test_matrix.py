"""Every row of the matrix over every kind of session it is meant for; behind each an honest session on the same metal."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.power import Pilot
from iso15118.service.seen import Direction
from iso15118.testing import Charger, Driver, virtual_time
from tests.pair.events import Event
from tests.pair.kinds import Kind, comer, outlet
from tests.pair.matrix import ROWS
from tests.pair.rows import Borne, Ends, Leaves, Refused, Row

pytestmark = pytest.mark.long

CELLS = [
    pytest.param(row, kind, id=f"{kind}-{row}", marks=pytest.mark.case(*row.cases.split()))
    for turn, row in enumerate(ROWS)
    for kind in row.kinds(turn)
]


def judge(row: Row | Event, charger: Charger, driver: Driver) -> None:
    """Raises AssertionError where the session did not come out as the row says."""
    honest, other = (driver, charger) if row.by_charger else (charger, driver)
    [ended] = honest.journal.ends
    match row.outcome:
        case Refused(code, answer):
            last: Any = charger.journal.messages(direction=Direction.OUT)[-1].message
            asked = type(charger.journal.messages(direction=Direction.IN)[-1].message).__name__
            assert (type(last).__name__, last.response_code) == ((answer or asked)[:-3] + "Res", code)
            assert not ended.clean
        case Ends(why, after, at_once):
            assert why in ended.why
            assert not ended.clean
            if after is not None:
                assert ended.at - honest.journal.messages(direction=Direction.OUT)[-1].at == pytest.approx(after, abs=0.001)
            assert not at_once or charger.reading.pilot.value is Pilot.B
            assert not at_once or ended.at == honest.journal.messages(direction=Direction.IN)[-1].at
        case Leaves(code):
            [stop] = [each.message for each in driver.journal.messages("SessionStopReq")]
            assert getattr(stop, "ev_termination_code", None) == code
            assert (ended.clean, other.journal.ends[0].clean) == (True, True)
        case Borne(note, code):
            assert ended.clean, ended
            assert not note or any(note in each for each in honest.journal.notes), honest.journal.notes
            answers = {getattr(each.message, "response_code", "") for each in charger.journal.messages(direction=Direction.OUT)}
            assert not code or code in answers


@pytest.mark.parametrize(("row", "kind"), CELLS)
@virtual_time
async def test_a_misdeed(row: Row, kind: Kind) -> None:
    deeds = row.deeds_on(kind)
    async with outlet(kind, deeds if row.by_charger else ()) as charger:
        async with comer(charger, kind, () if row.by_charger else deeds, loops=4) as driver:
            await driver.ended()
            await charger.ended()
            assert await charger.rest()
            assert not driver.car.metal.conducting
            assert any("misbehaves" in note for side in (charger, driver) for note in side.journal.notes)
            judge(row, charger, driver)
        assert charger.pair is not None
        charger.pair.charger_wiring = None
        async with comer(charger, kind) as driver:
            assert (await driver.ended()).clean
            assert (await charger.ended()).clean
        assert charger.safe
