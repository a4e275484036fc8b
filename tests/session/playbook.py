"""Sessions as sequence charts: `>>` what happens, `<<` what is wanted of the outside, in this order.

    assert (
        charger_at(Phase.PRE_CHARGE)
        >> request(DC_PreChargeReq, ev_target_voltage=rational(395))
        << applied(voltage=395.0, current=0.0)
        << said(DC_PreChargeRes)
        >> Elapsed(Timer.SEQUENCE)
        << applied(contactor=False)
        << Close
    )

Left of `>>` stands an event, a message (it is received) or a change of the world (`given`, `after`). Right of `<<` stands a command, a
message or its class (it is sent), a set-point (it is applied), or `said` and `applied`, which look at some fields only. Arm, Disarm and
Note need not be expected; nor does an Apply that repeats the last one. A Send, a Close or a changed Apply that nobody expected fails, at
the latest when the playbook is asked for its truth. Time is data: it moves by `after` and by nothing else. One playbook serves both roles.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, NamedTuple

from iso15118.energy import Authorisation, Budget
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import payload_type_of
from iso15118.messages.v20 import ac, authorization, dc, delivery, schedule, service
from iso15118.messages.v20 import session as wire
from iso15118.messages.v20.common import Processing
from iso15118.power import (
    Abilities,
    AcAbilities,
    AcReading,
    Contactor,
    Insulation,
    Limits,
    Measured,
    Pilot,
    Reading,
    Setpoint,
    VehicleSetpoint,
)
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.session import commands, events, secc
from iso15118.session.commands import Apply, Arm, Disarm, Note, Send
from iso15118.session.events import Connected, Received, Sent, Tick
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import PerPhase
from iso15118.value import Value, replace
from tests.session.asked import SESSION_ID, STAMP, protocol, request, turn

__all__ = ["Playbook", "after", "applied", "charger_at", "given", "protocol", "reading", "request", "said", "snapshot", "turn"]

EVENTS = typing.get_args(events.Event)
COMMANDS = typing.get_args(commands.Command)
QUIET = (Arm, Disarm, Note)


class Pattern(NamedTuple):
    """Expects a command by some of its fields: of the message of a Send, or of the set-point of an Apply."""

    of: type
    what: Any
    fields: dict[str, Any]

    def fits(self, command: object) -> bool:
        inner = command.message if isinstance(command, Send) else command.setpoint if isinstance(command, Apply) else None
        return (
            isinstance(command, self.of)
            and (self.what is None or type(inner) is self.what)
            and all(getattr(inner, name) == value for name, value in self.fields.items())
        )


class World(NamedTuple):
    """A change of the snapshot, not an event."""

    told: str
    change: Callable[[Any], Any]


def said(message: type[Message], **fields: Any) -> Pattern:
    """A Send of this class whose message has these fields."""
    return Pattern(Send, message, fields)


def applied(**fields: Any) -> Pattern:
    """An Apply whose set-point has these fields."""
    return Pattern(Apply, None, fields)


def given(**changes: Any) -> World:
    """From here on the snapshot has these fields; `voltage`, `current`, `pilot` and so on are measured anew, now."""

    def change(world: Any) -> Any:
        measured = {name: Measured(value, world.now) for name, value in changes.items() if hasattr(world.reading, name) and name != "power"}
        others = {name: value for name, value in changes.items() if name not in measured}
        return replace(world, reading=replace(world.reading, **measured), **others) if measured else replace(world, **others)

    return World(f"given {', '.join(f'{k}={v}' for k, v in changes.items())}", change)


def after(seconds: float, *, fresh: bool = True) -> World:
    """Time passes. All measurements are taken anew with the same value, unless they are to grow old (`fresh` False)."""

    def change(world: Any) -> Any:
        world = replace(world, now=world.now + seconds, clock=world.clock + round(seconds * 1e6))
        if not fresh:
            return world
        held = ((name, getattr(world.reading, name)) for name in type(world.reading).__fields__)
        anew = {name: Measured(measured.value, world.now) for name, measured in held if measured is not None}
        return replace(world, reading=replace(world.reading, **anew))

    return World(f"after {seconds:g} s{'' if fresh else ', nothing measured'}", change)


class Playbook:
    """One session played step by step. `session` and `snapshot` are always the newest, `commands` those of the last event."""

    def __init__(self, session: Any, step: Callable[[Any, Any, Any], tuple[Any, tuple[Any, ...]]], world: Any) -> None:
        self.session = session
        self.snapshot = world
        self.step = step
        self.commands: tuple[Any, ...] = ()
        self.chart: list[str] = []
        self._open: list[Any] = []
        self._setpoint: Setpoint | VehicleSetpoint | None = getattr(session, "setpoint", None)

    def __rshift__(self, event: Any) -> Playbook:
        self._nothing_left()
        if isinstance(event, World):
            self.chart.append(f"      {event.told}")
            self.snapshot = event.change(self.snapshot)
            return self
        if isinstance(event, Message):
            event = Received(event, payload_type_of(event))
        if not isinstance(event, EVENTS):
            raise TypeError(f"{event!r} is no event")
        self.chart.append(f"   >> {_short(event)}")
        self.session, self.commands = self.step(self.session, event, self.snapshot)
        self._open = list(self.commands)
        return self

    def __lshift__(self, expected: Any) -> Playbook:
        quiet = isinstance(expected, QUIET) or expected in QUIET
        while self._open:
            command = self._open.pop(0)
            if _fits(expected, command):
                self._took(command)
                return self
            if not (isinstance(command, QUIET) or (isinstance(command, Apply) and command.setpoint == self._setpoint)):
                self._fail(f"expected {_short(expected)}, not {_short(command)}")
            if not quiet:
                self.chart.append(f"      {_short(command)}")
        return self._fail(f"expected {_short(expected)}, and there is nothing more")

    def __bool__(self) -> bool:
        self._nothing_left()
        return True

    def skip(self) -> Playbook:
        """Takes whatever the last event brought, unseen."""
        while self._open:
            self._took(self._open.pop(0))
        return self

    def sent(self) -> Any:
        """The message that the last event brought; whatever else it brought is taken unseen."""
        found = [command.message for command in self.commands if isinstance(command, Send)]
        if len(found) != 1:
            self._fail(f"expected one message to be sent, not {len(found)}")
        self.skip()
        return found[0]

    def _took(self, command: Any) -> None:
        self.chart.append(f"   << {_short(command)}")
        if isinstance(command, Apply):
            self._setpoint = command.setpoint

    def _nothing_left(self) -> None:
        while self._open:
            command = self._open.pop(0)
            if isinstance(command, Apply) and command.setpoint == self._setpoint:
                continue
            if not isinstance(command, QUIET):
                self._fail(f"nobody expected {_short(command)}")
            self.chart.append(f"      {_short(command)}")

    def _fail(self, why: str) -> Playbook:
        chart = "\n".join(self.chart)
        raise AssertionError(f"{why}\n{chart}\n   ** {why}")


def _fits(expected: Any, command: Any) -> bool:
    if isinstance(expected, Pattern):
        return expected.fits(command)
    if isinstance(expected, Message):
        return isinstance(command, Send) and command.message == expected
    if isinstance(expected, Setpoint | VehicleSetpoint):
        return isinstance(command, Apply) and command.setpoint == expected
    if isinstance(expected, type):
        return isinstance(command, expected) or (isinstance(command, Send) and type(command.message) is expected)
    if isinstance(expected, COMMANDS):
        return bool(command == expected)
    raise TypeError(f"{expected!r} cannot be expected")


def _short(thing: Any) -> str:
    """A command, event or expectation in one line, defaults left out."""
    if isinstance(thing, type):
        return thing.__name__
    if isinstance(thing, Received | Send):
        plain = thing.message.but(header=None) if "header" in thing.message.__fields__ else thing.message
        return f"{type(thing).__name__} {plain!r}"
    if isinstance(thing, Pattern):
        inner = ", ".join(f"{k}={v}" for k, v in thing.fields.items())
        return f"{thing.of.__name__} {thing.what.__name__ if thing.what else ''}({inner})"
    if isinstance(thing, Apply):
        return f"Apply({_short(thing.setpoint)})"
    if isinstance(thing, Value):
        shown = ((f, getattr(thing, f), type(thing).__defaults__.get(f)) for f in type(thing).__fields__)
        return f"{type(thing).__name__}({', '.join(f'{name}={value!r}' for name, value, default in shown if value != default)})"
    return repr(thing)


# A charger to play with.

ABILITIES = Abilities(Limits(150.0, 500.0, 80.0, 30e3, 50.0, 20e3), min_charge_power=100.0, min_discharge_power=100.0)
"""150..500 V, 80 A and 30 kW in, 50 A and 20 kW out, from 100 W on."""
WIDE = Limits(0.0, 1000.0, 500.0, 500e3, 500.0, 500e3)
"""Limits beside the abilities that never bind."""
AC_ABILITIES = Abilities(
    Limits(207.0, 253.0, 32.0, 22e3, 20.0, 13e3),
    min_charge_power=1.2e3,
    min_discharge_power=100.0,
    ac=AcAbilities(reactive=5e3),
)
"""230 V on three phases: 32 A and 22 kW in, 20 A and 13 kW out, 5 kvar."""
GRID = AcReading(PerPhase(230.0, 230.0, 230.0))
"""A grid as it should be, and nothing flows."""
BUDGET = Budget(charge=22e3, discharge=11e3)
START = 1000.0
"""Monotonic s at which the car connects."""


def reading(at: float = START, **values: Any) -> Reading:
    """A cold outlet with a car plugged in, its pilot at C."""
    cold: dict[str, Any] = {
        "voltage": 0.0,
        "current": 0.0,
        "contactor": Contactor.OPEN,
        "pilot": Pilot.C,
        "locked": False,
        "insulation": Insulation.UNKNOWN,
        "resistance": 1e7,
        "charged": 7000.0,
        "discharged": 3000.0,
    }
    return Reading(**{name: Measured(value, at) for name, value in (cold | values).items()})


def snapshot(transfer: Transfer = Transfer.DC, **changes: Any) -> SeccSnapshot:
    """The charger's world when a car that is already authorised connects; a car for alternating current has its pilot at B."""
    world = SeccSnapshot(START, STAMP, reading(), ABILITIES, WIDE, BUDGET, Authorisation.ACCEPTED)
    if transfer is not Transfer.DC:
        world = replace(world, abilities=AC_ABILITIES, reading=reading(pilot=Pilot.B, ac=GRID))
    return replace(world, **changes)


def charger_at(
    phase: Phase,
    *,
    service: ServiceID = ServiceID.DC_BPT,
    mode: ControlMode = ControlMode.SCHEDULED,
    config: secc.Config | None = None,
    asks: dict[type[Message], dict[str, Any]] | None = None,
    **changes: Any,
) -> Playbook:
    """A charger that waits in `phase`, reached from the connection on by real steps; `asks` replaces fields of requests on the way.

    `changes` of the snapshot hold from the start. The loop is reached with 400 V at the outlet and before its first request, standby from
    there.
    """
    if config is None:
        usual = secc.Config()
        config = usual if usual.service(service) else replace(usual, services=(service_of(service),))
    path = PATH if service.transfer is Transfer.DC else AC_PATH
    if phase is Phase.STANDBY:
        config, path = replace(config, standby=True), (*path[: path.index(_LEAVE)], (delivery.PowerDeliveryReq, _STANDBY))
    play = Playbook(secc.begin(config, SESSION_ID), secc.step, snapshot(service.transfer, **changes))
    play >> Connected()
    for step in path:
        if isinstance(step, World):
            play >> step
        elif not isinstance(step, Tick) and play.session.phase is phase and play.session.deferred is None:
            break
        else:
            play >> (step if isinstance(step, Tick) else _ask(step, service, mode, asks or {}))
            answered = any(isinstance(command, Send) for command in play.skip().commands)
            if answered:
                play >> Sent()
    if play.session.phase is not phase:
        play._fail(f"{phase} was not reached")
    play.skip().chart = [f"      a charger at {phase.name}"]
    return play


def _ask(step: tuple[type[Message], dict[str, Any]], service: ServiceID, mode: ControlMode, asks: Any) -> Message:
    cls, said_ = step
    asked: Message = request(cls, service=service, mode=mode, **(said_ | asks.get(cls, {})))
    return asked


_DONE: dict[str, Any] = {"ev_processing": Processing.Finished}
_STOP: dict[str, Any] = {"charge_progress": delivery.ChargeProgress.Stop, "ev_power_profile": None}
_STANDBY: dict[str, Any] = {"charge_progress": delivery.ChargeProgress.Standby, "ev_power_profile": None}
_LEAVE: tuple[type[Message], dict[str, Any]] = (delivery.PowerDeliveryReq, _STOP)
Steps = tuple[World | Tick | tuple[type[Message], dict[str, Any]], ...]
_TO_SERVICE: Steps = (
    (supportedAppProtocolReq, {}),
    (wire.SessionSetupReq, {}),
    (authorization.AuthorizationSetupReq, {}),
    (authorization.AuthorizationReq, {}),
    (service.ServiceDiscoveryReq, {}),
    (service.ServiceDetailReq, {}),
    (service.ServiceSelectionReq, {}),
)
PATH: Steps = (
    *_TO_SERVICE,
    (dc.DC_ChargeParameterDiscoveryReq, {}),
    (schedule.ScheduleExchangeReq, {}),
    (dc.DC_CableCheckReq, {}),
    after(0.5),
    given(voltage=500.0, contactor=Contactor.CLOSED, locked=True, insulation=Insulation.TESTING),
    after(0.5),
    given(insulation=Insulation.VALID, voltage=20.0),
    (dc.DC_CableCheckReq, {}),
    (dc.DC_PreChargeReq, {}),
    after(0.5),
    given(voltage=400.0),
    (dc.DC_PreChargeReq, _DONE),
    (delivery.PowerDeliveryReq, {}),
    _LEAVE,
    (dc.DC_WeldingDetectionReq, _DONE),
    (wire.SessionStopReq, {}),
)
"""The way through a whole session without a charge loop: what the car asks, and what metal does meanwhile."""
AC_PATH: Steps = (
    *_TO_SERVICE,
    (ac.AC_ChargeParameterDiscoveryReq, {}),
    (schedule.ScheduleExchangeReq, {}),
    (delivery.PowerDeliveryReq, {}),
    after(0.1),
    given(pilot=Pilot.C),
    Tick(),
    given(contactor=Contactor.CLOSED, locked=True, voltage=230.0),
    Tick(),
    _LEAVE,
    after(0.1),
    given(pilot=Pilot.B),
    Tick(),
    given(contactor=Contactor.OPEN, voltage=0.0),
    Tick(),
    (wire.SessionStopReq, {}),
)
"""The same for alternating current: pilot and contactor move while Start and Stop wait for their answer."""
