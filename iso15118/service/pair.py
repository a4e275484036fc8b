"""Charger and car in one process, over a connection in memory and one shared plant: demos, benches and tests of whole sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from iso15118.hal.simulated import outlet
from iso15118.service import loops, memory
from iso15118.service.actuate import PERIOD, Actuator, GuardLike
from iso15118.service.car import Car, CarConfig, Driver
from iso15118.service.evse import Charger, Evse
from iso15118.service.evse_config import EvseConfig, guarded
from iso15118.service.log import Log
from iso15118.service.seen import Ended
from iso15118.units import MICROSECONDS, Second, WattHour
from iso15118.value import Value

if TYPE_CHECKING:
    from iso15118.hal.simulated import SimulatedOutlet
    from iso15118.hal.simulated.ac import SimulatedAcOutlet
    from iso15118.service.capture import Capture, Tap
    from iso15118.service.misbehave import Wiring
    from iso15118.service.parties import Scribe
    from iso15118.service.tls.engine import Context, Outcome
    from iso15118.sim.vehicle import SimulatedVehicle

EPOCH: Final = 1_780_000_000 * MICROSECONDS
"""When virtual sessions take place, unless told otherwise: the same each time."""
SETTLE: Final[Second] = 3.0
"""After the session: for contactors to open and the output to discharge."""


class PairResult(Value):
    """What came of it. Energies in Wh: by the charger's meter, and in the battery (stored, so without what its resistance took)."""

    clean: bool
    charger: Ended
    car: Ended
    charged: WattHour
    discharged: WattHour
    stored: WattHour
    """Change of what the battery holds."""
    lost: WattHour
    """Heat in the battery's resistance."""
    soc_before: float
    soc_after: float
    loops: int
    messages: int
    """Both ways."""
    duration: Second
    """Of the session, on the loop's clock."""
    answer_times: tuple[Second, ...]
    """Real seconds the charger took, one a message."""


class Metal(NamedTuple):
    """What a pair is plugged together on, where it is no simulated outlet with its guard in this process."""

    outlet: Any
    """With `plug` and `plant`, as a simulated one has them."""
    guard: GuardLike
    close: Callable[[], None]


class Secured(NamedTuple):
    """TLS between a pair."""

    charger: Context
    car: Context


class Pair:
    """A charger and a car that are plugged together. `outlet.plant.faults` is the door for breaking things."""

    def __init__(
        self,
        evse: EvseConfig | None = None,
        car: CarConfig | None = None,
        *,
        period: Second = PERIOD,
        cut: memory.Cut | None = None,
        kernel: int = memory.KERNEL,
        charger_wiring: Wiring | None = None,
        car_wiring: Wiring | None = None,
        clock: Callable[[], int] | None = None,
        tls: Secured | None = None,
        metal: Callable[[SimulatedVehicle], Metal] | None = None,
        log: Log | None = None,
    ) -> None:
        """`period`: of the guard, seconds. `clock`: microseconds since the epoch. `cut`, `kernel`: of the connection (`memory`).
        `metal`: makes another outlet and guard for this car; None: a simulated one of the board.
        `tls`: what both sides shake hands with; None: they talk in the clear.

        `charger_wiring`, `car_wiring`: what stands between a side and the connection, such as `misbehave.misbehaving(...)`.
        """
        self._loop = asyncio.get_running_loop()
        self._log = log = log or Log()
        self.clock = now = clock or (lambda: EPOCH + int(self._loop.time() * MICROSECONDS))
        evse_config = evse or EvseConfig()
        self._cut, self._kernel, self._tls = cut, kernel, tls
        self.charger_wiring, self.car_wiring = charger_wiring, car_wiring
        self.car = Car(car or CarConfig(), detached=False, clock=now, log=log)
        if metal is None:
            self.outlet: SimulatedOutlet | SimulatedAcOutlet = outlet(evse_config.board, self.car.metal)
            self.guard: GuardLike = guarded(evse_config, self.outlet, log)
            self.close = self.outlet.close
        else:
            self.outlet, self.guard, self.close = metal(self.car.metal)
        self.actuator = Actuator(self.guard, period=period, name=evse_config.name, log=log)
        self.evse = Evse(evse_config, self.actuator, clock=now, log=log)
        self.charger: Charger | None = None
        self.driver: Driver | None = None

    def plug(self, car: CarConfig | None) -> None:
        """Another car takes the place of the present one; None: the cable hangs free. For the time between two sessions."""
        if car is not None:
            self.car = Car(car, detached=False, clock=self.clock, log=self._log)
        self.outlet.plug(None if car is None else self.car.metal)

    async def run(self, *, charger_scribe: Scribe | None = None, car_scribe: Scribe | None = None, tap: Tap | None = None) -> PairResult:
        """The one session of this pair, from metal that is switched on to metal that is let go."""
        self.actuator.start()
        try:
            return await self.session(charger_scribe=charger_scribe, car_scribe=car_scribe, tap=tap)
        finally:
            if self.evse.paused is None:  # else metal stays under guard until the next run
                self.actuator.stop()

    async def session(
        self, *, charger_scribe: Scribe | None = None, car_scribe: Scribe | None = None, tap: Tap | None = None
    ) -> PairResult:
        """One session, from the connection to metal at rest, while the actuator turns. `tap` is at the charger's end.

        Behind a pause the same session goes on, when it is time.
        """
        await self.car.rest()
        began, battery = self._loop.time(), self.car.metal.battery
        stored, lost, soc = battery.stored, battery.loss, battery.soc
        before = self.actuator.reading
        charger, driver = self.connect(charger_scribe=charger_scribe, car_scribe=car_scribe, tap=tap)
        ended_car, ended_charger = await asyncio.gather(driver.ended, charger.ended)
        duration = self._loop.time() - began
        await asyncio.sleep(SETTLE)
        after = self.actuator.reading
        return PairResult(
            clean=ended_car.clean and ended_charger.clean,
            charger=ended_charger,
            car=ended_car,
            charged=after.charged.value - before.charged.value,
            discharged=after.discharged.value - before.discharged.value,
            stored=battery.stored - stored,
            lost=battery.loss - lost,
            soc_before=soc,
            soc_after=battery.soc,
            loops=self.car.loops,
            messages=charger.messages_in + charger.messages_out,
            duration=duration,
            answer_times=tuple(charger.pace.turnarounds),
        )

    def connect(
        self, *, charger_scribe: Scribe | None = None, car_scribe: Scribe | None = None, tap: Tap | None = None
    ) -> tuple[Charger, Driver]:
        """A new conversation on either side, and a connection between them."""
        charger = self.charger = self.evse.converse(scribe=charger_scribe, tap=tap)
        driver = self.driver = self.car.converse(scribe=car_scribe)
        a: asyncio.Protocol = charger if self.charger_wiring is None else self.charger_wiring(charger)
        b: asyncio.Protocol = driver if self.car_wiring is None else self.car_wiring(driver)
        if self._tls is not None:
            a, b = _shaking(a, self._tls.charger, client=False), _shaking(b, self._tls.car, client=True)
        memory.connect(a, b, cut=self._cut, kernel=self._kernel)
        return charger, driver


def _shaking(protocol: asyncio.Protocol, context: Context, *, client: bool) -> asyncio.Protocol:
    """`protocol` behind a handshake; where that fails, it hears that there is no connection."""
    from iso15118.service.tls.link import TlsLink  # without it a pair does not need cryptography

    def through(outcome: Outcome) -> asyncio.Protocol | None:
        if not outcome.error:
            return protocol
        protocol.connection_lost(ConnectionError(f"no TLS: {outcome}"))
        return None

    return TlsLink(context.session(), through, client=client)


def run_pair(
    evse: EvseConfig | None = None,
    car: CarConfig | None = None,
    *,
    pace: float | None = None,
    period: Second = PERIOD,
    scribe: Scribe | None = None,
    capture: Capture | None = None,
    prepare: Callable[[Pair], None] | None = None,
    epoch: int = EPOCH,
    tls: Secured | None = None,
    metal: Callable[[SimulatedVehicle], Metal] | None = None,
) -> PairResult:
    """One session in virtual time; in real time, where it is on other `metal` than simulated outlets.

    `pace`: virtual seconds per real one; None: as fast as it goes. `epoch`: us, when it begins.
    `scribe` keeps the charger's side, `capture` what goes over the connection; `prepare` meets the pair before it
    begins, to look on (`evse.subscribe`) or to break things.
    """
    from iso15118.service.virtual import run

    async def main() -> PairResult:
        loop = asyncio.get_running_loop()
        began = epoch - int(loop.time() * MICROSECONDS) if metal is not None else epoch
        pair = Pair(evse, car, period=period, clock=lambda: began + int(loop.time() * MICROSECONDS), tls=tls, metal=metal)
        try:
            if prepare is not None:
                prepare(pair)
            return await pair.run(charger_scribe=scribe, tap=None if capture is None else capture.tap(charger=True, clock=pair.clock))
        finally:
            pair.close()

    return run(main(), pace=pace) if metal is None else loops.run(main())
