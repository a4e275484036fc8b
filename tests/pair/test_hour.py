"""One hour of the charge loop at its pace of 0.25 s, real octets both ways, in virtual time: every exchange is there, none is late."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult
from iso15118.service.seen import Direction, Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.session.services import ControlMode
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import Trip

pytestmark = pytest.mark.long

EXCHANGES = 14_400


@pytest.mark.timeout(180)
def test_an_hour() -> None:
    asked: list[float] = []
    answered: list[float] = []
    octets = {Direction.IN: 0, Direction.OUT: 0}

    def watch(seen: Seen) -> None:
        if isinstance(seen, Exchanged):
            octets[seen.direction] += len(seen.raw)
            if isinstance(seen.message, DC_ChargeLoopReq):
                asked.append(seen.at)
            elif isinstance(seen.message, DC_ChargeLoopRes):
                answered.append(seen.at)

    async def main() -> PairResult:
        car = CarConfig(
            session=evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=EXCHANGES),
            battery=lambda: Battery(capacity=100_000.0, soc=20.0),
            trip=Trip(target_soc=100.0, departure=7200.0),
        )
        pair = Pair(EvseConfig(), car, period=0.05)
        pair.evse.subscribe(watch)
        return await pair.run()

    result = run(main())
    assert result.clean
    assert result.loops == len(asked) == len(answered) == EXCHANGES
    assert answered[-1] - answered[0] == pytest.approx(0.25 * (EXCHANGES - 1), abs=1.0)
    assert max(b - a for a, b in zip(asked, answered, strict=True)) < 0.25
    assert min(octets.values()) > 50 * EXCHANGES
    assert result.charged == pytest.approx(result.stored + result.lost, rel=0.01)
