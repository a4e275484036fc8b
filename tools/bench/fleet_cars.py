"""The process of the cars, for `fleet` and `board`: simulated cars as they are sold, each on a connection of its own.

    python -m tools.bench.fleet_cars PACE SECONDS PORT...

Says as JSON how long the charger took for each answer in the loop, as the cars saw it (so with what their own process adds), and what
went wrong with any of the sessions.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from itertools import islice

from iso15118.sequence.timers import STANDARD
from iso15118.service.car import Car, CarConfig, Driver
from iso15118.service.log import Log
from iso15118.service.warmup import warm_up
from iso15118.session import evcc
from iso15118.session.services import ControlMode
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import Trip

STAGGER = 0.03
"""s between the arrivals of two cars."""
CALM = 3.0
"""s in which all cars are in the loop, before it counts."""
PATIENCE = 60.0
"""s for all cars to come to the loop."""


def _car(number: int, pace: float) -> Car:
    """Every other car is steered by the charger. Its battery is large enough for the whole stay."""
    session = evcc.Config(control_modes=(list(ControlMode)[number % 2],), times=STANDARD._replace(pace=pace))
    config = CarConfig(name=f"car {number}", session=session, battery=lambda: Battery(1e6, 30.0), trip=Trip(target_soc=90.0))
    return Car(config, log=Log())


async def _stay(pace: float, seconds: float, ports: list[int]) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    warm_up(loop)
    cars = [_car(number, pace) for number in range(len(ports))]
    drivers: list[Driver] = []
    for car, port in zip(cars, ports, strict=True):
        driver = car.converse()
        await loop.create_connection(lambda driver=driver: driver, "::1", port)  # type: ignore[misc]
        drivers.append(driver)
        await asyncio.sleep(STAGGER)
    for _ in range(int(PATIENCE / 0.1)):
        if all(car.loops for car in cars) or any(driver.over for driver in drivers):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(CALM)
    gc.collect()
    gc.freeze()
    before = [len(driver.waits) for driver in drivers]
    await asyncio.sleep(seconds)
    waits = [wait for driver, begun in zip(drivers, before, strict=True) for wait in islice(driver.waits, begun, None)]
    wrong = [f"{driver.name}: ended early: {driver.session.closing}" for driver in drivers if driver.over]
    for driver in drivers:
        driver.stop("the stay is over")
    ends = await asyncio.gather(*(driver.ended for driver in drivers))
    wrong += [f"{driver.name}: {end.why}" for driver, end in zip(drivers, ends, strict=True) if not end.clean]
    return {"waits": waits, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_stay(float(sys.argv[1]), float(sys.argv[2]), [int(port) for port in sys.argv[3:]]))))
