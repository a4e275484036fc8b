"""A scenario: cars that come to one charger in turn, and what becomes of each. Against a charger on a link, or in memory against ours.

What a car wants stands in its configuration and what it does wrong in its misbehaviours; here is what its driver does meanwhile, and, in
memory, what the charger's operator does. All of it is data (`config.scenario` reads it from a file).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from iso15118.energy import Budget
from iso15118.errors import LocalError, PeerError
from iso15118.sequence.phases import Phase
from iso15118.service.car import Car, CarConfig
from iso15118.service.evse import Evse
from iso15118.service.evse_config import EvseConfig
from iso15118.service.journal import Journal, at_inlet
from iso15118.service.log import Log
from iso15118.service.misbehave import Wiring, misbehaving
from iso15118.service.pair import Pair
from iso15118.service.seen import Direction, Ended, Exchanged, PhaseChanged, Seen
from iso15118.service.vehicle import Vehicle
from iso15118.sim.faults import SimulatedFaults
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.units import Ampere, Second, WattHour
from iso15118.value import Value, replace
from iso15118.wire.sdp import PORT

if TYPE_CHECKING:
    from iso15118.service.tls.engine import Credentials


class Deed(Value, kw_only=True):
    """The base: something done in the charge loop of each session, `after` seconds or `after_loops` exchanges of it."""

    after: Second | None = None
    after_loops: int | None = None

    def __post_init__(self) -> None:
        if (self.after is None) is (self.after_loops is None):
            raise LocalError(f"{type(self).__name__}: either after or after_loops says when")


class Stop(Deed, kw_only=True):
    """The driver ends the session in order."""

    why: str = "the driver leaves"


class Unplug(Deed, kw_only=True):
    """The plug is pulled, whatever flows."""


class Restrict(Deed, kw_only=True):
    """The battery takes and gives no more than this from now on; None: as before."""

    charge_current: Ampere | None = None
    discharge_current: Ampere | None = None


class Wish(Deed, kw_only=True):
    """The driver wants something else; None: as before. `departure`: seconds from the start of the stay."""

    target_soc: float | None = None
    departure: Second | None = None


class Ask(StrEnum):
    """What the operator of a charger may ask of a car: the methods of `Evse`."""

    STOP = "stop"
    PAUSE = "pause"
    EXIT_STANDBY = "exit_standby"
    RENEGOTIATE = "renegotiate"
    RENEGOTIATE_SCHEDULE = "renegotiate_schedule"
    CONFIRM_METER = "confirm_meter"


class Operate(Deed, kw_only=True):
    """The charger's operator does something, or its metal breaks. In memory only."""

    ask: Ask | None = None
    budget: Budget | None = None
    trip: bool = False
    """Emergency stop."""
    faults: tuple[tuple[str, object], ...] = ()
    """Fields of `sim.faults.SimulatedFaults` and what becomes of them."""


class Ending(StrEnum):
    """How a session is expected to end."""

    IN_ORDER = "in order"
    BROKEN_OFF = "broken off"
    ANY = "any"


class Visit(Value, kw_only=True):
    """One car's stay."""

    car: CarConfig
    tls: Credentials | None = None
    """What it brings to a handshake, on a link; None: it speaks without TLS."""
    arrival: Second = 0.0
    """Seconds from the start of the round; later if the car before is still there."""
    sessions: int = 1
    """One after the other, without unplugging."""
    between: Second = 1.0
    """Seconds from one of them to the next."""
    deeds: tuple[Deed, ...] = ()
    misbehaviours: tuple[Misbehaviour, ...] = ()
    ends: Ending | None = None
    """None: in order, unless something was done that speaks against it."""

    @property
    def expected(self) -> Ending:
        """How its sessions are to end."""
        if self.ends is not None:
            return self.ends
        rough = self.misbehaviours or any(isinstance(deed, Unplug) for deed in self.deeds)
        return Ending.ANY if rough else Ending.IN_ORDER


class Scenario(Value, kw_only=True):
    """Visits in their order, `repeat` rounds of them. What is said of the charger holds in memory only."""

    visits: tuple[Visit, ...]
    repeat: int = 1
    charger: EvseConfig = EvseConfig()
    charger_deeds: tuple[Operate, ...] = ()
    charger_misbehaviours: tuple[Misbehaviour, ...] = ()


class Result(Value, kw_only=True):
    """What became of one session. Energies in Wh; those of the charger's meter are None on a link."""

    car: str
    number: int
    """Of all sessions, from 1."""
    began: Second
    """Seconds from the start of the scenario."""
    duration: Second
    clean: bool
    why: str
    phase: Phase
    expected: Ending
    loops: int
    messages: int
    stored: WattHour
    soc_before: float
    soc_after: float
    charged: WattHour | None
    discharged: WattHour | None
    journal: Journal

    @property
    def ok(self) -> bool:
        """Did it end as expected?"""
        return self.expected is Ending.ANY or self.clean is (self.expected is Ending.IN_ORDER)


class Ground(Protocol):
    """Where a scenario is played."""

    async def arrive(self, visit: Visit) -> Car:
        """The car is there; no session yet."""

    async def session(self, visit: Visit) -> tuple[bool, str, Phase, WattHour | None, WattHour | None]:
        """One session: in order, why, where, and what the charger's meter counted in and out. Raises PeerError without a charger."""

    async def leave(self) -> None:
        """The car goes."""

    async def close(self) -> None:
        """No more cars come."""


class InMemory:
    """Our own charger, one plant, any clock: made for virtual time."""

    def __init__(self, scenario: Scenario, *, log: Log | None = None) -> None:
        wiring = misbehaving(*scenario.charger_misbehaviours) if scenario.charger_misbehaviours else None
        self.pair = Pair(scenario.charger, charger_wiring=wiring, log=log)
        self.pair.plug(None)
        self.pair.actuator.start()
        self._deeds = scenario.charger_deeds
        self._log = log

    async def arrive(self, visit: Visit) -> Car:
        pair = self.pair
        pair.plug(visit.car)
        pair.car_wiring = _wiring(visit)
        evse, faults = pair.evse, pair.outlet.plant.faults
        Hand(pair.car, self._deeds, lambda deed: _operate(evse, faults, deed), self._log)
        return pair.car

    async def session(self, visit: Visit) -> tuple[bool, str, Phase, WattHour | None, WattHour | None]:
        result = await self.pair.session()
        own = result.charger if result.car.clean else result.car
        return result.clean, own.why if not result.clean else result.car.why, result.car.phase, result.charged, result.discharged

    async def leave(self) -> None:
        self.pair.plug(None)

    async def close(self) -> None:
        self.pair.actuator.stop()


class OnLink:
    """Whatever charger answers on the car's interface."""

    def __init__(self, *, sdp_port: int = PORT, log: Log | None = None) -> None:
        self.vehicle: Vehicle | None = None
        self._sdp_port = sdp_port
        self._log = log

    async def arrive(self, visit: Visit) -> Car:
        self.vehicle = Vehicle(visit.car, sdp_port=self._sdp_port, tls=visit.tls, wiring=_wiring(visit), log=self._log)
        return self.vehicle.car

    async def session(self, visit: Visit) -> tuple[bool, str, Phase, WattHour | None, WattHour | None]:
        if self.vehicle is None:
            raise LocalError("no car has arrived")
        result = await self.vehicle.run()
        return result.clean, result.why, result.phase, None, None

    async def leave(self) -> None:
        self.vehicle = None

    async def close(self) -> None:
        """Nothing is held."""


def _wiring(visit: Visit) -> Wiring | None:
    return misbehaving(*visit.misbehaviours) if visit.misbehaviours else None


class Hand:
    """Does the deeds of a car's sessions when their time has come, in each session anew."""

    def __init__(self, car: Car, deeds: Sequence[Deed], do: Callable[[Deed], None], log: Log | None = None) -> None:
        """`do` raises LocalError for what cannot be done at this moment; that is said in the log."""
        self._car = car
        self._deeds = deeds
        self._deed = do
        self._log = log or Log()
        self._loop = asyncio.get_running_loop()
        self._due: list[asyncio.TimerHandle] = []
        self._began = False
        car.subscribe(self._saw)

    def _saw(self, seen: Seen) -> None:
        match seen:
            case PhaseChanged(_, _, Phase.CHARGE_LOOP) if not self._began:
                self._began = True
                self._due = [self._loop.call_later(deed.after, self._do, deed) for deed in self._deeds if deed.after is not None]
            case Exchanged(_, Direction.IN, _, message, _) if type(message).__name__.endswith("ChargeLoopRes"):
                for deed in self._deeds:
                    if deed.after_loops == self._car.loops:
                        self._loop.call_soon(self._do, deed)
            case Ended():
                for handle in self._due:
                    handle.cancel()
                self._began = False
            case _:
                pass

    def _do(self, deed: Deed) -> None:
        try:
            self._deed(deed)
        except LocalError as error:
            self._log.warning("not done", f"{self._car.config.name}: not done: {error}")


def _drive(car: Car, deed: Deed) -> None:
    """What a driver does."""
    conversation, battery = car.conversation, car.metal.battery
    match deed:
        case Stop(why=why) if conversation is not None:
            conversation.stop(why)
        case Unplug() if conversation is not None:
            car.metal.plugged = False
            conversation.drop("unplugged")
        case Restrict(charge_current=charge, discharge_current=discharge):
            battery.charge_current = battery.charge_current if charge is None else charge
            battery.discharge_current = battery.discharge_current if discharge is None else discharge
        case Wish(target_soc=target, departure=departure):
            trip = car.config.trip
            trip = replace(
                trip,
                target_soc=trip.target_soc if target is None else target,
                departure=trip.departure if departure is None else departure,
            )
            car.config, car.metal.trip = replace(car.config, trip=trip), trip
        case _:
            raise LocalError(f"{deed} is nothing a driver does")


def _operate(evse: Evse, faults: SimulatedFaults, deed: Deed) -> None:
    """What an operator does."""
    if not isinstance(deed, Operate):
        raise LocalError(f"{deed} is nothing an operator does")
    if deed.budget is not None:
        evse.set_budget(deed.budget)
    if deed.trip:
        evse.trip()
    for name, value in deed.faults:
        setattr(faults, name, value)
    why = "the scenario says so"
    match deed.ask:
        case Ask.STOP:
            evse.stop(why)
        case Ask.PAUSE:
            evse.pause(why)
        case Ask.EXIT_STANDBY:
            evse.exit_standby(why)
        case Ask.RENEGOTIATE:
            evse.renegotiate(why)
        case Ask.RENEGOTIATE_SCHEDULE:
            evse.renegotiate_schedule(why)
        case Ask.CONFIRM_METER:
            evse.confirm_meter(why)
        case None:
            pass


async def play(scenario: Scenario, ground: Ground, told: Callable[[Result], None], *, log: Log | None = None) -> tuple[Result, ...]:
    """What became of every session, in order; `told` hears of each as it ends."""
    loop, results = asyncio.get_running_loop(), list[Result]()
    began: Final = loop.time()
    try:
        for _ in range(scenario.repeat):
            opened = loop.time()
            for visit in scenario.visits:
                await asyncio.sleep(max(0.0, opened + visit.arrival - loop.time()))
                car = await ground.arrive(visit)
                Hand(car, visit.deeds, lambda deed, car=car: _drive(car, deed), log)  # type: ignore[misc]
                for turn in range(visit.sessions):
                    if turn:
                        await asyncio.sleep(visit.between)
                    results.append(await _session(visit, car, ground, len(results) + 1, began))
                    told(results[-1])
                await ground.leave()
    finally:
        await ground.close()
    return tuple(results)


async def _session(visit: Visit, car: Car, ground: Ground, number: int, began: Second) -> Result:
    loop, battery = asyncio.get_running_loop(), car.metal.battery
    journal = Journal(lambda: at_inlet(car.snapshot().reading))
    watching = True
    car.subscribe(lambda seen: journal(seen) if watching else None)
    car.metal.plugged = True
    start, stored, soc = loop.time(), battery.stored, battery.soc
    try:
        clean, why, phase, charged, discharged = await ground.session(visit)
    except PeerError as error:
        clean, why, phase, charged, discharged = False, str(error), Phase.APP_PROTOCOL, None, None
    finally:
        watching = False
    return Result(
        car=visit.car.name,
        number=number,
        began=start - began,
        duration=journal.ends[-1].at - start if journal.ends else loop.time() - start,
        clean=clean,
        why=why,
        phase=phase,
        expected=visit.expected,
        loops=car.loops,
        messages=len(journal.messages()),
        stored=battery.stored - stored,
        soc_before=soc,
        soc_after=battery.soc,
        charged=charged,
        discharged=discharged,
        journal=journal,
    )
