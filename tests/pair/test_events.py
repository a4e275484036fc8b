"""Every event of the table over every kind of session it can happen in; behind each an honest session on the same metal."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.energy import Authorisation
from iso15118.sim.faults import SimulatedFaults
from iso15118.testing import virtual_time
from tests.pair.events import EVENTS, Event
from tests.pair.kinds import Kind, comer, outlet
from tests.pair.test_matrix import judge

pytestmark = pytest.mark.long

CELLS = [
    pytest.param(event, kind, id=f"{kind}-{event}", marks=pytest.mark.case(*event.cases.split()))
    for event in EVENTS
    for kind in event.kinds()
]


@pytest.mark.parametrize(("event", "kind"), CELLS)
@virtual_time
async def test_an_event(event: Event, kind: Kind) -> None:
    async with outlet(kind) as charger:
        async with comer(charger, kind, loops=40) as driver:
            await charger.exchanged(event.at.replace("*", kind.current))
            event.deed(charger, driver)
            await driver.ended()
            await charger.ended()
            judge(event, charger, driver)
            healthy = SimulatedFaults()
            for name in SimulatedFaults.__slots__:
                setattr(charger.faults, name, getattr(healthy, name))
            assert await charger.rest()
            assert not driver.car.metal.conducting
        await asyncio.sleep(1.0)
        assert charger.evse.actuator.clear(by_person=True)
        charger.evse.authorise(Authorisation.ACCEPTED)
        async with comer(charger, kind) as driver:
            assert (await driver.ended()).clean
            assert (await charger.ended()).clean
        assert charger.safe
