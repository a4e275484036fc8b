"""Each timer row fires at its time, car against charger in virtual time: one side falls silent, the other ends, to the tick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from iso15118.exi import Message
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20.authorization import AuthorizationReq, AuthorizationSetupReq
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_WeldingDetectionReq,
)
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.service import ServiceDetailReq, ServiceDiscoveryReq, ServiceSelectionReq
from iso15118.messages.v20.session import SessionSetupReq, SessionStopReq
from iso15118.power import Contactor
from iso15118.service import memory
from iso15118.service.actuate import Actuator
from iso15118.service.car import Car, CarConfig, Leg
from iso15118.service.evse import Evse, EvseConfig
from iso15118.service.pair import EPOCH
from iso15118.service.seen import Direction, Ended, Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.commands import Apply, Command, Send
from iso15118.session.events import Event
from iso15118.units import MICROSECONDS

Step = Callable[[Any, Event, Any], tuple[Any, Sequence[Command]]]
REQUESTS = (
    supportedAppProtocolReq,
    SessionSetupReq,
    AuthorizationSetupReq,
    AuthorizationReq,
    ServiceDiscoveryReq,
    ServiceDetailReq,
    ServiceSelectionReq,
    DC_ChargeParameterDiscoveryReq,
    ScheduleExchangeReq,
    DC_CableCheckReq,
    DC_PreChargeReq,
    PowerDeliveryReq,
    DC_ChargeLoopReq,
    DC_WeldingDetectionReq,
    SessionStopReq,
)


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


@pytest.mark.parametrize("request_type", REQUESTS[1:], ids=lambda c: c.__name__)
def test_the_charger_waits_for_a_silent_car(request_type: type[Message]) -> None:
    """60 s after every response, 0.5 s after that of the charge loop [V2G20-441] [V2G20-1502]; then power off, connection closed."""

    async def main() -> tuple[list[Seen], Rig]:
        first = [True]

        def when(message: Message) -> bool:
            # In the loop let one pass: the wait behind a charge-loop response is what is meant.
            if type(message) is request_type and request_type is DC_ChargeLoopReq and first[0]:
                first[0] = False
                return False
            return type(message) is request_type

        rig = Rig(car=mute_from(evcc.step, when))
        charger_saw, _ = await rig.run()
        return charger_saw, rig

    seen, rig = run(main())
    at, response = times_of(seen, Direction.OUT)[-1]
    waited = end_of(seen).at - at
    expected = 0.5 if type(response).__name__ == "DC_ChargeLoopRes" else 60.0
    assert waited == pytest.approx(expected, abs=0.001)
    assert not end_of(seen).clean
    assert rig.outlet.plant.bus.contactor.feedback is Contactor.OPEN
    assert rig.outlet.plant.bus.current == 0


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda c: c.__name__)
def test_the_car_waits_for_a_silent_charger(request_type: type[Message]) -> None:
    """2 s for most messages, 5 s for ServiceDetail, 0.5 s in the charge loop; then its contactor is open and the connection closed."""
    paired = f"{request_type.__name__[:-3]}Res"

    async def main() -> tuple[list[Seen], Rig]:
        rig = Rig(charger=mute_from(secc.step, lambda message: type(message).__name__ == paired))
        _, car_saw = await rig.run()
        return car_saw, rig

    seen, rig = run(main())
    at, request = times_of(seen, Direction.OUT)[-1]
    assert type(request) is request_type
    expected = {ServiceDetailReq: 5.0, DC_ChargeLoopReq: 0.5}.get(request_type, 2.0)
    assert end_of(seen).at - at == pytest.approx(expected, abs=0.001)
    assert not end_of(seen).clean
    assert not rig.car.metal.conducting


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
