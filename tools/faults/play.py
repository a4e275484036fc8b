"""One cell of the matrix: a session, a phase of it, a fault in it, and what becomes of metal."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from iso15118.energy import Budget
from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.messages.v20.common import ChargeLoopRes
from iso15118.sequence.phases import Phase
from iso15118.service.evse_config import EvseConfig
from iso15118.service.seen import Exchanged, PhaseChanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.testing import Charger, Driver, car, station
from tools.faults.catalogue import LIMITS, Breakage, Severity

PHASES: Final = (
    Phase.SESSION_SETUP,
    Phase.AUTHORIZATION_SETUP,
    Phase.AUTHORIZATION,
    Phase.SERVICE_DISCOVERY,
    Phase.SERVICE_DETAIL,
    Phase.SERVICE_SELECTION,
    Phase.CHARGE_PARAMETERS,
    Phase.SCHEDULE_EXCHANGE,
    Phase.CABLE_CHECK,
    Phase.PRE_CHARGE,
    Phase.POWER_DELIVERY,
    Phase.CHARGE_LOOP,
    Phase.STANDBY,
    Phase.WELDING_DETECTION,
    Phase.SESSION_STOP,
)
POWER: Final = 15e3
"""W, either way."""
FLOWING: Final = 8
"""Exchanges of the charge loop before it breaks: the current is there."""
LOOPS: Final = 20
WATCHED: Final = 80.0
"""s behind it."""
LOOK: Final = 0.010
BOARD: Final = Board(ramp=400.0)
DEAD, TOUCHABLE = 5.0, 60.0


class Cell(NamedTuple):
    """What came of it. Times in s to the last moment at which it was not yet so, 0: it was so all the time. They count from the fault
    where a current flowed then, else from the moment at which the guard found it: what breaks at rest is found when it is needed.
    """

    current: float
    contactor: float
    voltage: float
    latched: frozenset[DeviceFault]
    clean: bool
    """The session ended in order."""
    flowed: bool
    """There was a current when it broke."""
    told: bool
    """Somebody heard of it: the session ended, a note, or a response with a code."""

    def problem(self, breakage: Breakage) -> str:
        """Why it is not as it has to be; empty: it is."""
        if breakage.severity is Severity.WARNING:
            return "" if self.clean or not self.flowed else "the session did not end in order"
        late = breakage.found_after if self.flowed else 0.0
        if not self.flowed and breakage.latched is not None and not self.latched:
            return ""  # nothing was asked of it any more
        limits = LIMITS[breakage.severity]
        for what, took, most, holds in (
            ("current", self.current, limits.current, True),
            ("contactor", self.contactor, limits.contactor, breakage.opens),
            ("voltage", self.voltage, limits.voltage, breakage.discharges),
        ):
            if holds and took > most + late + LOOK:
                return f"{what} safe after {took:.2f} s, not {most + late:g} s"
        if self.flowed and breakage.latched is not None and breakage.latched not in self.latched:
            return f"{breakage.latched.value!r} is not latched, but {sorted(self.latched)}"
        return "" if self.told else "nobody has heard of it"


def cell(breakage: Breakage, phase: Phase, discharging: bool) -> Cell:
    """Play it, in virtual time."""
    return run(_played(breakage, phase, discharging))


async def _played(breakage: Breakage, phase: Phase, discharging: bool) -> Cell:
    budget = Budget(POWER, POWER, target=-POWER if discharging else POWER)
    config = EvseConfig(board=BOARD, budget=budget)
    async with station(services=["DC_BPT"], control_modes=["dynamic"], config=config, standby=True) as charger:
        wish: dict[str, Any] = {"standby": evcc.Break(FLOWING, 5.0)} if phase is Phase.STANDBY else {}
        async with car(charger, control_modes=["dynamic"], services=["DC_BPT"], loops=LOOPS, **wish) as driver:
            return await _watched(breakage, phase, charger, driver)


async def _watched(breakage: Breakage, phase: Phase, charger: Charger, driver: Driver) -> Cell:
    loop, broken = asyncio.get_running_loop(), asyncio.Event()
    count, flowed = 0, [False]

    def deed() -> None:
        flowed[0] = abs(charger.outlet.plant.bus.current) > DEAD  # type: ignore[union-attr]
        breakage.deed(charger, driver)
        broken.set()

    def saw(seen: Seen) -> None:
        nonlocal count
        if isinstance(seen, Exchanged) and isinstance(seen.message, ChargeLoopRes):
            count += 1
        here = isinstance(seen, PhaseChanged) and seen.after is phase is not Phase.CHARGE_LOOP
        if not broken.is_set() and (here or (phase is Phase.CHARGE_LOOP and count == FLOWING)):
            count += 1
            loop.call_soon(deed)

    charger.evse.subscribe(saw)
    await asyncio.wait_for(broken.wait(), 60.0)
    at, bus = loop.time(), charger.outlet.plant.bus  # type: ignore[union-attr]
    last = [0.0, 0.0, 0.0]
    latched: set[DeviceFault] = set()
    since = at
    conversations = (charger.evse.conversation, driver.car.conversation)
    ended_at = None
    while loop.time() - since < WATCHED:
        faults = charger.evse.actuator.faults
        if not flowed[0] and not latched and faults:
            since, last = loop.time(), [0.0, 0.0, 0.0]
        now = loop.time() - since
        states = abs(bus.current) >= DEAD, bus.contactor.conducting, bus.output_voltage >= TOUCHABLE
        last = [now if state else before for state, before in zip(states, last, strict=True)]
        latched |= faults
        if ended_at is None and all(each is None or each.ended.done() for each in conversations):
            ended_at = now
        if ended_at is not None and now - ended_at > 3.0:
            break
        await asyncio.sleep(LOOK)
    ends = charger.journal.ends
    heard = bool(ends) or bool(charger.journal.notes) or bool(driver.journal.ends)
    return Cell(*last, frozenset(latched), bool(ends) and ends[-1].clean, flowed[0], heard)
