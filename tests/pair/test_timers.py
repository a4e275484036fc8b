"""Each timer row fires at its time, car against charger in virtual time: one side falls silent, the other ends, to the tick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from iso15118.exi import Message
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.dc import (
    DC_PreChargeReq,
)
from iso15118.service import memory
from iso15118.service.actuate import Actuator
from iso15118.service.car import Car, CarConfig, Leg
from iso15118.service.evse import Evse
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import EPOCH
from iso15118.service.seen import Direction, Ended, Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.commands import Apply, Command, Send
from iso15118.session.events import Event
from iso15118.units import MICROSECONDS

Step = Callable[[Any, Event, Any], tuple[Any, Sequence[Command]]]


def mute_from(step: Step, when: Callable[[Message], bool]) -> Step:
    """`step`, but from the first message on that `when` holds for, nothing is said, armed or closed any more: metal is held as it is."""
    silent = False

    def muted(session: Any, event: Event, snapshot: Any) -> tuple[Any, Sequence[Command]]:
        nonlocal silent
        session, commands = step(session, event, snapshot)
        said = [c for c in commands if isinstance(c, Send)]
        silent = silent or any(when(c.message) for c in said)
        return session, tuple(c for c in commands if not silent or isinstance(c, Apply))

    return muted


class Rig:
    """A pair whose sides may be replaced, with what each has seen."""

    def __init__(self, *, charger: Step = secc.step, car: Step = evcc.step, evse: EvseConfig | None = None) -> None:
        loop = asyncio.get_running_loop()

        def clock() -> int:
            return EPOCH + int(loop.time() * MICROSECONDS)

        config = evse or EvseConfig()
        self.car = Car(CarConfig(plan=(Leg(3.0, 20_000.0),)), detached=False, step=car, clock=clock)
        self.outlet = outlet(config.board, self.car.metal)
        self.actuator = Actuator(Guard(self.outlet, discharge_allowed=True))
        self.evse = Evse(config, self.actuator, step=charger, clock=clock)

    async def run(self) -> tuple[list[Seen], list[Seen]]:
        charger_saw: list[Seen] = []
        car_saw: list[Seen] = []
        self.actuator.start()
        charger, car = self.evse.converse(), self.car.converse()
        charger.subscribe(charger_saw.append)
        car.subscribe(car_saw.append)
        memory.connect(charger, car)
        await asyncio.gather(charger.ended, car.ended)
        await asyncio.sleep(3.0)
        self.actuator.stop()
        return charger_saw, car_saw


def times_of(seen: list[Seen], direction: Direction) -> list[tuple[float, Message]]:
    return [(s.at, s.message) for s in seen if isinstance(s, Exchanged) and s.direction is direction]


def end_of(seen: list[Seen]) -> Ended:
    [end] = [s for s in seen if isinstance(s, Ended)]
    return end


def test_a_charger_nobody_speaks_to_closes_after_60_s() -> None:
    async def main() -> list[Seen]:
        charger_saw, _ = await Rig(car=mute_from(evcc.step, lambda message: True)).run()
        return charger_saw

    assert end_of(run(main())).at == pytest.approx(60.0, abs=0.001)


@pytest.mark.case("AUT-06", "AUT-17")
def test_nobody_authorises() -> None:
    """The charger says FAILED at its limit for a person, 180 s; every answer before comes at once and says that it waits."""

    async def main() -> list[Seen]:
        charger_saw, _ = await Rig(evse=EvseConfig(authorised_after=None)).run()
        return charger_saw

    seen = run(main())
    asked = [at for at, message in times_of(seen, Direction.IN) if isinstance(message, AuthorizationReq)]
    at, last = times_of(seen, Direction.OUT)[-1]
    assert asked[-1] - asked[0] == pytest.approx(180.0, abs=0.4)
    assert getattr(last, "response_code", None) == "FAILED"
    assert end_of(seen).at - at < 0.2


@pytest.mark.case("PRE-04")
def test_a_precharge_that_never_matches() -> None:
    """The car gives up 10 s after its first pre-charge request, and its contactor has never closed."""

    async def main() -> tuple[list[Seen], bool]:
        rig = Rig()
        closed = []
        rig.outlet.plant.faults.voltage_gain = 0.5
        loop = asyncio.get_running_loop()

        def look() -> None:
            closed.append(rig.car.metal.conducting)
            if loop.time() < 40:
                loop.call_later(0.05, look)

        look()
        _, car_saw = await rig.run()
        return car_saw, any(closed)

    seen, closed = run(main())
    began = next(at for at, message in times_of(seen, Direction.OUT) if isinstance(message, DC_PreChargeReq))
    assert end_of(seen).at - began == pytest.approx(10.0, abs=0.3)
    assert not closed
