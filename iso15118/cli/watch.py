"""Looking on a charger and a car in one process: what views show and the summary sums up. It changes nothing and draws nothing."""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from iso15118.exi import Message
from iso15118.messages.v20.ac import AC_ChargeLoopRes
from iso15118.messages.v20.dc import DC_ChargeLoopRes
from iso15118.power import Limits
from iso15118.procedures.transfer import granted
from iso15118.sequence.phases import Phase
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged, Seen
from iso15118.session import secc
from iso15118.session.secc.dc_loop import our_limits
from iso15118.session.secc.state import AcAsk
from iso15118.session.services import ControlMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Ampere, Second, Volt, Watt, WattHour
from iso15118.value import Value

if TYPE_CHECKING:
    from iso15118.service.pair import Pair

LADDER: Final = tuple(phase for phase in Phase if phase not in (Phase.STANDBY, Phase.ENDED))  # standby is a detour
POINTS: Final = 240
"""Points of the curves over the session."""
LINES: Final = 16
"""Exchanges and remarks that are remembered."""

NEARLY: Final = 0.995
"""A wish this near to a limit is what the limit has made of it."""


@dataclass(slots=True)
class Line:
    """Exchanges of one kind in a row, or a remark. `answer`: real seconds the charger took for the last one."""

    at: Second
    text: str
    count: int = 0
    asked: int = 0
    answered: int = 0
    """Octets of the last request and response."""
    answer: Second = 0.0


@dataclass(slots=True)
class Kind:
    """All messages of one class in one direction, with one of them."""

    payload_type: int
    message: Message
    raw: bytes
    count: int = 0
    octets: int = 0


@dataclass(slots=True)
class Energy:
    """Energy that went one way, Wh: `stored` by the battery's state of charge, `heat` in it and the on-board charger meanwhile."""

    stored: WattHour = 0.0
    heat: WattHour = 0.0


class Scene(Value):
    """Everything a view shows, at one moment. `at`: seconds from the start of the session; power + into the vehicle."""

    at: Second
    length: Second
    phase: Phase
    passed: frozenset[Phase]
    service: str
    mode: str
    soc: float
    soc_start: float
    voltage: Volt
    current: Ampere
    power: Watt
    rated: Limits
    """What the charger can do at all."""
    ours: Limits
    theirs: Limits | None
    shaped: str
    charged: WattHour
    discharged: WattHour
    lines: tuple[Line, ...]
    curve: tuple[tuple[Watt, float], ...]
    """Power and state of charge, evenly over `length`."""


@dataclass(slots=True)
class Watch:
    """The watcher of a pair's charger. `length`: how long the charge loop is planned to last."""

    pair: Pair
    length: Second
    began: Second = 0.0
    """On the loop's clock."""
    at: Second = 0.0
    phase: Phase = Phase.APP_PROTOCOL
    loop_began: Second | None = None
    passed: set[Phase] = field(default_factory=set)
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=LINES))
    remarks: list[Line] = field(default_factory=list)
    """Those of the lines that are no exchanges, all of them."""
    kinds: dict[tuple[Direction, type[Message]], Kind] = field(default_factory=dict)
    into: Energy = field(default_factory=Energy)
    out: Energy = field(default_factory=Energy)
    curve: list[tuple[Watt, float]] = field(default_factory=list)
    soc_start: float = 0.0
    soc_highest: float = 0.0
    _stored: WattHour = 0.0
    _heat: WattHour = 0.0

    def __post_init__(self) -> None:
        battery = self.pair.car.metal.battery
        self.soc_start = self.soc_highest = battery.soc
        self._stored, self._heat = battery.stored, battery.loss

    def saw(self, seen: Seen) -> None:
        """Take note."""
        self.at = seen.at - self.began
        match seen:
            case Exchanged():
                self._exchanged(seen)
            case PhaseChanged(_, before, after):
                self.passed.add(before)
                self.phase = after
                if after is Phase.CHARGE_LOOP:
                    self.loop_began = self.at
            case Noted(at, text):
                self.remark(text, at - self.began)
            case Ended():
                self.measure()

    def remark(self, text: str, at: Second | None = None) -> None:
        """A line between the exchanges."""
        line = Line(self.at if at is None else at, text)
        self.lines.append(line)
        self.remarks.append(line)

    def measure(self) -> None:
        """Add what has moved since the last look to the energies, by its direction."""
        battery = self.pair.car.metal.battery
        stored, heat = battery.stored - self._stored, battery.loss - self._heat
        self._stored, self._heat = battery.stored, battery.loss
        way = self.into if stored > 0 else self.out
        way.stored += stored
        way.heat += heat + self._converted(stored + heat)
        self.soc_highest = max(self.soc_highest, battery.soc)

    def _converted(self, behind: WattHour) -> WattHour:
        """What the on-board charger has lost over energy `behind` it, + into the battery; nothing on direct current."""
        if self.pair.evse.config.board.ac is None:
            return 0.0
        efficiency = self.pair.car.metal.onboard.efficiency
        return behind * (1 / efficiency - 1) if behind > 0 else -behind * (1 - efficiency)

    @property
    def planned(self) -> Second:
        """Seconds of the charge loop so far."""
        return 0.0 if self.loop_began is None else self.at - self.loop_began

    def _exchanged(self, seen: Exchanged) -> None:
        kind = self.kinds.get((seen.direction, type(seen.message)))
        if kind is None:
            kind = self.kinds[seen.direction, type(seen.message)] = Kind(seen.payload_type, seen.message, seen.raw)
        kind.count += 1
        kind.octets += len(seen.raw)
        name = type(seen.message).__name__[:-3]
        if seen.direction is Direction.IN:
            if not self.lines or self.lines[-1].text != name:
                self.lines.append(Line(self.at, name))
            line = self.lines[-1]
            line.at, line.count, line.asked = self.at, line.count + 1, len(seen.raw)
            return
        charger = self.pair.evse.conversation
        for line in reversed(self.lines):
            if line.text == name and charger is not None and charger.pace.turnarounds:
                line.answered, line.answer = len(seen.raw), charger.pace.turnarounds[-1]
                break
        if isinstance(seen.message, DC_ChargeLoopRes | AC_ChargeLoopRes):
            self.measure()
            while len(self.curve) < POINTS and len(self.curve) * self.length <= self.planned * POINTS:
                self.curve.append((self.pair.actuator.reading.power, self.pair.car.metal.battery.soc))

    def scene(self) -> Scene:
        """This moment."""
        reading, snapshot = self.pair.actuator.reading, self.pair.evse.snapshot()
        session = self.pair.evse.conversation.session if self.pair.evse.conversation is not None else None
        if not isinstance(session, secc.Session):
            raise TypeError(f"{type(session).__name__} is no session of a charger")
        parameters = session.parameters
        return Scene(
            at=self.at,
            length=self.length,
            phase=self.phase,
            passed=frozenset(self.passed),
            service="" if session.service is None else session.service.id.name,
            mode="" if parameters is None else parameters.control_mode.name.title(),
            soc=self.pair.car.metal.battery.soc,
            soc_start=self.soc_start,
            voltage=reading.voltage.value,
            current=reading.current.value,
            power=reading.power,
            rated=snapshot.abilities.limits,
            ours=our_limits(session, snapshot),
            theirs=_theirs(session, reading.voltage.value),
            shaped=shaped_by(session, snapshot),
            charged=reading.charged.value,
            discharged=reading.discharged.value,
            lines=tuple(copy(line) for line in self.lines),
            curve=tuple(self.curve),
        )


def _theirs(session: secc.Session, voltage: Volt) -> Limits | None:
    """The car's limits; of alternating current those of all phases together, the current that of the most able one."""
    if not isinstance(session.ask, AcAsk):
        return session.vehicle if session.ask is None else session.ask.limits
    limits, at = session.ask.limits, max(voltage, 1.0)
    into, out = max(limits.charge) / at, max(limits.discharge) / at
    return Limits(0.0, voltage, into, limits.charge_total, out, limits.discharge_total)


def shaped_by(session: secc.Session, snapshot: SeccSnapshot) -> str:
    """Whose word the present power is; empty outside the charge loop.

    A car that knows our limits asks for no more, and then no flag of the response is raised: a wish at the limit counts as shaped by it.
    """
    ask, decision = session.ask, session.decision
    if session.phase is not Phase.CHARGE_LOOP or ask is None:
        return ""
    if isinstance(ask, AcAsk):
        why = f": {snapshot.budget.why}" if snapshot.budget.why else ""
        return f"the charger's target{why}" if session.relayed.told else "the car's wish"
    if decision.voltage_limited:
        return "the charger's voltage"
    if decision.current_limited:
        return "the charger's current"
    ours, power, outward = our_limits(session, snapshot), abs(decision.current) * snapshot.reading.voltage.value, decision.current < 0
    most = ours.discharge_power if outward else ours.charge_power
    if decision.power_limited or power >= most * NEARLY:
        return _power_limit(session, snapshot, most, outward=outward)
    if abs(decision.current) >= (ours.discharge_current if outward else ours.charge_current) * NEARLY:
        return "the charger's current"
    return "the car's limits" if ask.target is None else "the car's wish"


def _power_limit(session: secc.Session, snapshot: SeccSnapshot, most: Watt, *, outward: bool) -> str:
    """Which of the limits of power on our side it is."""
    budget, hard = snapshot.budget, snapshot.abilities.limits
    why = f": {budget.why}" if budget.why else ""
    target = granted(budget, snapshot.now)[2]
    dynamic = session.parameters is not None and session.parameters.control_mode is ControlMode.DYNAMIC
    if dynamic and target is not None and abs(target) <= most:
        return f"the site's target{why}"
    return f"the site's limit{why}" if most < (hard.discharge_power if outward else hard.charge_power) else "the charger's power"
