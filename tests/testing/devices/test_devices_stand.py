"""A board whose devices are programs: a session both ways over CAN, Modbus and a serial line, and a guard that is stopped in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from iso15118.cli import stand as on_stand
from iso15118.cli.stand import OnStand
from iso15118.energy import Budget
from iso15118.errors import LocalError
from iso15118.hal.board import Board, load
from iso15118.service import loops
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Metal, Pair
from iso15118.session import evcc
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import SimulatedVehicle, Trip
from iso15118.testing.devices.stand import Stand
from iso15118.value import replace

pytestmark = [pytest.mark.long, pytest.mark.waits, pytest.mark.timeout(120)]

FILE = Path(__file__).parents[3] / "hw" / "dc_22kw_bpt" / "board.toml"
POWER = 8e3


@pytest.fixture(autouse=True)
def before_others() -> Iterator[None]:
    """Where it may be, in real time, and so are the programs it starts: metal does not wait for a processor that is busy with other tests.

    Behind ten others a process has been seen to wait for 0.6 s, however nice they were; the guard and its devices bear 0.1 to 0.3 s.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    yield
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def board(**changes: Any) -> Board:
    return replace(load(FILE), ramp=100.0, **changes)


class Kept(OnStand):
    """It remembers its metal."""

    metal: Metal

    def __call__(self, vehicle: SimulatedVehicle) -> Metal:
        self.metal = super().__call__(vehicle)
        return self.metal

    @property
    def world(self) -> Any:
        return self.metal.outlet._bench.world


async def session(kept: Kept, meanwhile: Callable[[Pair, Kept], Any]) -> Pair:
    """A car that would charge for long, and what happens to it."""
    config = EvseConfig(board=kept.board, budget=Budget(POWER, POWER, target=POWER))
    car = CarConfig(
        session=replace(evcc.Config(), services=(ServiceID.DC_BPT,), control_modes=(ControlMode.DYNAMIC,)),
        battery=partial(Battery, soc=48.0),
        trip=Trip(departure=3600.0, target_soc=80.0, min_soc=20.0),
        plan=(Leg(3600.0, POWER),),
    )
    pair = Pair(config, car, metal=kept)
    try:
        run = asyncio.ensure_future(pair.run())
        bus = kept.metal.outlet.plant.bus
        await until(lambda: bus.current > 15.0 or run.done(), 40.0)
        assert not run.done(), run.result()
        await meanwhile(pair, kept)
        await asyncio.wait_for(run, 30.0)
    finally:
        pair.close()
    return pair


async def until(done: Callable[[], bool], within: float) -> float:
    began = time.monotonic()
    while not done():  # of metal there is no event
        assert time.monotonic() - began < within
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def test_in_and_out_over_real_buses_and_a_guard_that_hangs() -> None:
    """The hanging guard is as if a driver never returned: the control board opens by itself, and the charger's loop goes on."""

    async def meanwhile(pair: Pair, kept: Kept) -> None:
        bus = kept.metal.outlet.plant.bus
        pair.evse.set_budget(Budget(POWER, POWER, target=-POWER))
        await until(lambda: bus.current < -15.0, 10.0)
        await until(lambda: pair.actuator.reading.current.age(time.monotonic()) < 0.3, 1.0)
        pair.evse.permit(consent=False)
        await until(lambda: bus.current > -1.0, 1.0)
        pair.evse.permit(consent=True)
        await until(lambda: bus.current < -15.0, 10.0)
        assert kept.metal.outlet.plant.meter.discharged > 0.0
        guard: Any = kept.metal.guard
        held, last = 0.0, time.monotonic()
        os.kill(guard.pid, signal.SIGSTOP)
        at = time.monotonic()
        try:
            while kept.world["contactor.demand"]:
                assert time.monotonic() - at < 2.0
                await asyncio.sleep(0.001)
                now = time.monotonic()
                held, last = max(held, now - last), now
            assert last - at < 0.6 + held, "0.3 s at the control board, and what the machine kept us waiting"
            assert held < 0.3, "a loop that waits for the guard is held until the guard goes on"
            await until(lambda: bool(pair.actuator.faults), 2.0)
        finally:
            os.kill(guard.pid, signal.SIGCONT)

    kept = Kept(board())
    pair = loops.run(session(kept, meanwhile))
    assert pair.evse.conversation is not None
    assert not pair.evse.conversation.ended.result().clean
    assert any("infypower_beg on CAN" in line for line in kept.lines)
    for _, pid in kept.metal.outlet.programs.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.fixture
def vehicle() -> SimulatedVehicle:
    return SimulatedVehicle()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"supply": {"driver": "kettle"}}, "composed.supply: nobody simulates 'kettle'; allowed: controls serial"),
        ({"supply": 3}, "composed.supply: 3; allowed: a table"),
        ({}, r"composed\.\w+: missing; allowed: a table for each device"),
        ({"meter": {"driver": "modbus", "map": "nowhere.toml"}}, "composed.meter: its simulator does not start: [^ ]*nowhere.toml: "),
    ],
)
def test_boards_that_cannot_be_on_a_stand(vehicle: SimulatedVehicle, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(LocalError, match=told):
        Stand(board(settings=settings), vehicle)


def test_a_board_for_the_demo(tmp_path: Path) -> None:
    assert on_stand.load(FILE.parent) == on_stand.load(FILE)
    assert on_stand.power(load(FILE)) == 22e3
    file = tmp_path / "board.toml"
    file.write_text("discharge_allowed = false\n")
    with pytest.raises(LocalError, match="the demo charges and discharges with direct current"):
        on_stand.load(file)
    with pytest.raises(LocalError, match="a stand is for boards of direct current that are put together"):
        Stand(Board(), SimulatedVehicle())
