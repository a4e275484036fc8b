"""Metal under a whole session, where the guard's own tests have no car: short circuit, load dump, directions that flip, heat."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.messages.v20.dc import DC_ChargeLoopRes
from iso15118.messages.v20.rational import number
from iso15118.sequence.phases import Phase
from iso15118.service.evse_config import EvseConfig
from iso15118.service.seen import Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.testing import car, station

BOARD = Board(ramp=400.0)
dc = partial(station, services=["DC_BPT"], control_modes=["dynamic"])
driven = partial(car, control_modes=["dynamic"], services=["DC_BPT"], loops=1000)


def flowing(power: float) -> EvseConfig:
    return EvseConfig(board=BOARD, budget=Budget(abs(power), abs(power), target=power))


async def until(bus: Any, current: float) -> None:
    while abs(bus.current) < current:  # noqa: ASYNC110  # of metal there is no event
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("ohm", [1.0, 50.0, 110.0])
def test_a_short_circuit_in_the_cable_ends_the_cable_check(ohm: float) -> None:
    async def play() -> tuple[float, float, Any]:
        async with dc(config=flowing(10e3)) as charger, driven(charger) as driver:
            charger.faults.short_circuit = ohm
            bus: Any = charger.outlet.plant.bus  # type: ignore[union-attr]
            seen: list[float] = []
            ended = asyncio.ensure_future(driver.ended())
            while not ended.done():
                seen.append(abs(bus.current))
                await asyncio.sleep(0.05)
            await asyncio.sleep(2.5)
            return max(seen), bus.output_voltage, charger.journal

    most, voltage, journal = run(play())
    assert 0.5 < most < 5.0
    assert voltage < 60.0
    assert any(f"short circuit: {ohm:.0f} ohm" in note for note in [*journal.notes, *(end.why for end in journal.ends)])
    assert journal.ends[-1].phase is Phase.CABLE_CHECK


def test_a_load_that_is_dropped_lets_the_voltage_rise_by_a_tenth_at_most() -> None:
    """The car's contactor opens at full current: the supply must not go above 110 % of what was asked for."""

    async def play() -> tuple[float, float]:
        async with dc(config=flowing(40e3)) as charger, driven(charger):
            bus: Any = charger.outlet.plant.bus  # type: ignore[union-attr]
            await until(bus, 50.0)
            asked = charger.evse.conversation.session.ask.limits.max_voltage  # type: ignore[union-attr]
            charger.faults.vehicle_stuck_open = True
            highest = 0.0
            for _ in range(300):
                await asyncio.sleep(0.01)
                highest = max(highest, bus.output_voltage)
            return highest, asked

    highest, asked = run(play())
    assert highest <= 1.1 * asked


def test_directions_that_flip_with_every_turn_move_no_contactor() -> None:
    """A thousand flips."""

    async def play() -> tuple[int, float, int, float]:
        async with dc(config=flowing(10e3)) as charger, driven(charger, loops=1100):
            bus: Any = charger.outlet.plant.bus  # type: ignore[union-attr]
            await until(bus, 5.0)
            operations, flips, ups, last = bus.contactor.operations, 0, 0, 10e3

            def turn(seen: Seen) -> None:
                nonlocal flips, last
                if isinstance(seen, Exchanged) and isinstance(seen.message, DC_ChargeLoopRes) and flips < 1000:
                    last, flips = -last, flips + 1
                    asyncio.get_running_loop().call_soon(charger.evse.set_budget, Budget(10e3, 10e3, target=last))

            charger.evse.subscribe(turn)
            before, steepest = bus.supply.current, 0.0
            while flips < 1000:
                await asyncio.sleep(0.02)
                now = bus.supply.current
                assert now * before >= 0.0 or now == 0.0, "through zero"
                steepest = max(steepest, abs(now) - abs(before))
                ups += now * before == 0.0 and now != 0.0
                before = now
            return bus.contactor.operations - operations, steepest, ups, flips

    operations, steepest, ups, flips = run(play())
    assert flips == 1000
    assert operations == 0
    assert steepest <= BOARD.ramp * 0.03
    assert ups > 500, "it did flow both ways"


def test_heat_is_told_to_the_car_and_it_goes_on_with_less() -> None:
    async def play() -> tuple[list[float], bool]:
        async with dc(config=flowing(40e3)) as charger, driven(charger, loops=200) as driver:
            bus: Any = charger.outlet.plant.bus  # type: ignore[union-attr]
            told: list[float] = []
            charger.evse.subscribe(
                lambda seen: (
                    told.append(number(seen.message.control_mode.evse_maximum_charge_current))
                    if isinstance(seen, Exchanged) and isinstance(seen.message, DC_ChargeLoopRes)
                    else None
                )
            )
            await until(bus, 50.0)
            charger.faults.celsius = 85.0
            result = await driver.ended()
            return told, result.clean

    told, clean = run(play())
    assert clean
    assert min(told) < max(told) * 0.6


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"stop_pressed": True}, DeviceFault.EMERGENCY_STOP),
        ({"door_open": True}, DeviceFault.ENCLOSURE),
        ({"celsius": 99.0}, DeviceFault.OVER_TEMPERATURE),
    ],
)
def test_people_and_heat(broken: dict[str, Any], fault: DeviceFault) -> None:
    """The car hears of it, too."""

    async def play() -> tuple[bool, frozenset[DeviceFault]]:
        async with dc(config=flowing(20e3)) as charger, driven(charger) as driver:
            await until(charger.outlet.plant.bus, 20.0)  # type: ignore[union-attr]
            for name, value in broken.items():
                setattr(charger.faults, name, value)
            result = await driver.ended()
            return result.clean, charger.evse.actuator.faults

    assert run(play()) == (False, frozenset({fault}))
