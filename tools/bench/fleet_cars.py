"""The process of the cars, for `fleet` and `board`: simulated cars as they are sold, each on a connection of its own.

    python -m tools.bench.fleet_cars cars FOLDER PACE SECONDS PORT...
    python -m tools.bench.fleet_cars echo FOLDER PACE SECONDS PORT REQUEST RESPONSE CONNECTIONS

FOLDER holds certificates, and all go over TLS; or it is "-".

Says a line when all of them are in the charge loop and it counts, then as JSON how long the charger took for each answer, as the cars saw
it (so with what their own process adds), and what went wrong with any of the sessions. With `echo` there are no cars: as many
connections give so many octets and wait for so many, at the same pace.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter

from iso15118.sequence.timers import STANDARD
from iso15118.service.car import Car, CarConfig, Driver
from iso15118.service.log import Log
from iso15118.service.loops import run
from iso15118.service.sweeping import settle
from iso15118.service.tls.choose import engine
from iso15118.service.tls.engine import Outcome
from iso15118.service.tls.link import TlsLink, handshakes
from iso15118.service.tls.store import credentials
from iso15118.service.warmup import warm_up
from iso15118.session import evcc
from iso15118.session.services import ControlMode
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import Trip
from tools.bench.server import bare_tls

STAGGER = 0.1
"""s between the arrivals of two cars."""
CALM = 3.0
"""s in which all cars are in the loop, before it counts."""
PATIENCE = 60.0
"""s for all cars to come to the loop."""


def _begins() -> None:
    settle()
    print("begun", flush=True)


def _car(number: int, pace: float) -> Car:
    """Every other car is steered by the charger. Its battery is large enough for the whole stay."""
    session = evcc.Config(control_modes=(list(ControlMode)[number % 2],), times=STANDARD._replace(pace=pace))
    config = CarConfig(name=f"car {number}", session=session, battery=lambda: Battery(1e6, 30.0), trip=Trip(target_soc=90.0))
    return Car(config, log=Log())


def _links(folder: Path | None) -> Callable[[Driver], asyncio.Protocol]:
    """What stands between the socket and a car. One whose handshake fails is lost, and so is its session."""
    if folder is None:
        return lambda driver: driver
    context = engine().context(credentials(folder, "vehicle"), server=False)

    def through(driver: Driver, outcome: Outcome) -> Driver | None:
        if outcome.error:
            driver.drop(outcome.error)
            return None
        return driver

    return lambda driver: TlsLink(context.session(), partial(through, driver), pool=handshakes(), client=True)


async def _stay(pace: float, seconds: float, ports: list[int], folder: Path | None) -> dict[str, object]:
    loop, between = asyncio.get_running_loop(), _links(folder)
    warm_up(loop)
    cars = [_car(number, pace) for number in range(len(ports))]
    drivers: list[Driver] = []
    for car, port in zip(cars, ports, strict=True):
        driver = car.converse()
        await loop.create_connection(partial(between, driver), "::1", port)
        drivers.append(driver)
        await asyncio.sleep(STAGGER)
    for _ in range(int(PATIENCE / 0.1)):
        if all(car.loops for car in cars) or any(driver.over for driver in drivers):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(CALM)
    _begins()
    before = [len(driver.pace.waits) for driver in drivers]
    await asyncio.sleep(seconds)
    waits = [wait for driver, begun in zip(drivers, before, strict=True) for wait in islice(driver.pace.waits, begun, None)]
    print("over", flush=True)
    wrong = [f"{driver.name}: ended early: {driver.session.closing}" for driver in drivers if driver.over]
    for driver in drivers:
        driver.stop("the stay is over")
    ends = await asyncio.gather(*(driver.ended for driver in drivers))
    wrong += [f"{driver.name}: {end.why}" for driver, end in zip(drivers, ends, strict=True) if not end.clean]
    return {"waits": waits, "wrong": wrong}


class _Line(asyncio.Protocol):
    """A connection to the echo: asks, waits for the answer, rests, asks again."""

    def __init__(self, pace: float, request: int, response: int) -> None:
        self.waits: list[float] = []
        self._pace = pace
        self._request = bytes(request)
        self._left = self._response = response
        self._asked = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(len(self._request).to_bytes(4, "big") + self._response.to_bytes(4, "big"))
            self._ask()

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left <= 0:
            self.waits.append(perf_counter() - self._asked)
            self._left = self._response
            asyncio.get_running_loop().call_later(self._pace, self._ask)

    def _ask(self) -> None:
        if self._transport is not None:
            self._transport.write(self._request)
            self._asked = perf_counter()


async def _echo(
    pace: float, seconds: float, port: int, request: int, response: int, connections: int, folder: Path | None
) -> dict[str, object]:
    loop, lines, secure = asyncio.get_running_loop(), [], bare_tls(folder, "vehicle")
    for _ in range(connections):
        lines.append((await loop.create_connection(lambda: _Line(pace, request, response), "::1", port, ssl=secure))[1])
        await asyncio.sleep(pace / connections)
    _begins()
    for line in lines:
        line.waits.clear()
    await asyncio.sleep(seconds)
    print("over", flush=True)
    return {"waits": [wait for line in lines for wait in line.waits], "wrong": []}


def main(kind: str, folder: Path | None, pace: float, seconds: float, *numbers: int) -> None:
    """Prints what came of it."""
    # Cars run on what their program runs on; the echo is asked by a bare loop.
    if kind == "cars":
        told = run(_stay(pace, seconds, list(numbers), folder))
    else:
        told = asyncio.run(_echo(pace, seconds, *numbers, folder=folder))  # type: ignore[misc]
    print(json.dumps(told))


if __name__ == "__main__":
    kind, place, pace, seconds, *numbers = sys.argv[1:]
    main(kind, None if place == "-" else Path(place), float(pace), float(seconds), *map(int, numbers))
