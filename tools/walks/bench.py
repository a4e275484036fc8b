"""A charger in virtual time without a shell: the pure session, the guard and simulated metal with a car on it, and a trace of it all.

What `service` does with an event loop is done here in a few lines, 20 ms a turn: timers, ticks, the way of set-points to the guard.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from iso15118.energy import Authorisation, Budget
from iso15118.errors import CodecError, DeviceFault, LocalError
from iso15118.exi import Message
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.messages.v20.common import EVSENotification, ResponseCode
from iso15118.messages.v20.session import ChargingSession, SessionSetupRes, SessionStopRes
from iso15118.power import Command, Limits, Pilot, Setpoint, Telemetry, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream, stream_of
from iso15118.sequence.timers import Timer
from iso15118.service.actuate import NEEDS_A_PERSON
from iso15118.session import secc
from iso15118.session.commands import Apply, Arm, Close, Disarm, Send
from iso15118.session.events import Closed, Connected, Elapsed, Event, Garbled, NotificationWanted, Received, Sent, StopWanted, Tick
from iso15118.session.services import ServiceID, service_of
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.value_added import parking_status
from iso15118.sim.battery import Battery
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.units import MICROSECONDS
from tests.session.asked import SESSION_ID, STAMP
from tools.walks.checker import Checker, Moment

TURN: Final = 0.02
"""s between two turns of the guard; a session ticks every fifth."""
LIFE: Final = 0.3
"""s of a command."""
BEGIN: Final = 1000.0


@dataclass
class Told:
    """What binds of the limits that the car has said, as magnitudes."""

    max_voltage: float = 1e4
    max_charge: float = 1e4
    max_discharge: float = 1e4


@dataclass
class World:
    """What the site decides."""

    authorisation: Authorisation = Authorisation.ACCEPTED
    budget: Budget = field(default_factory=lambda: Budget(50e3, 50e3))
    permitted: bool = True
    renegotiation: bool = False
    """Services may be chosen anew."""


class Bench:
    """One charger and one car, from the connection on. `checker` sees every turn."""

    def __init__(self, service: ServiceID, world: World, *, soc: float = 50.0, step: Any = secc.step) -> None:
        self.world = world
        self._plug(soc)
        self.vehicle.apply(VehicleSetpoint(pilot=Pilot.B))
        self.answers: list[Message] = []
        self.connected = True
        self.heard = BEGIN
        self._turns = 0
        self._number = 0
        self._wanted: tuple[Setpoint, float] | None = None
        self._timers: dict[Timer, float] = {}
        self._step = step
        self._limits: Limits = self.board if world.permitted else self.board.charging_only()
        self.config = secc.Config(
            services=(service_of(service),), standby=True, value_added=(parking_status(),), service_renegotiation=world.renegotiation
        )
        self.session = secc.begin(self.config, SESSION_ID)
        self.kept: bytes | None = None
        """Id of a session that pauses and may be joined again: it was authorised, and the cable has been in since."""
        self._joined = False
        self._asked: Any = None
        self._sessions = 1
        self._telemetry: Telemetry = self.guard.cycle(self.now)
        self.feed(Connected())
        self.run(TURN)

    def _plug(self, soc: float) -> None:
        """Make the metal, the guard over it and the checker."""
        self.abilities = Board().abilities
        self.board = self.abilities.limits
        self.vehicle = SimulatedVehicle(Battery(soc=soc))
        self.outlet: Any = outlet(Board(), self.vehicle)
        self.told: Any = Told()
        self.guard: Any = Guard(self.outlet, discharge_allowed=self.world.permitted)
        self.checker: Any = Checker()

    @property
    def authorised(self) -> bool:
        """Has somebody said yes: now or, nobody having said anything else, to the session that this one goes on with?"""
        verdict = self.world.authorisation
        return verdict is Authorisation.ACCEPTED or (self._joined and verdict is Authorisation.PENDING)

    @property
    def now(self) -> float:
        return BEGIN + self._turns * TURN

    @property
    def current(self) -> float:
        """A, what flows, + into the car."""
        return float(self.outlet.plant.bus.current)

    def say(self, message: Message, payload_type: int) -> Message | None:
        """The car says this; what is answered at once, None where nothing is."""
        if not self.connected:
            return None
        if stream_of(payload_type) is Stream.MAIN:
            self.heard, self._asked = self.now, message
        before = len(self.answers)
        self.feed(Received(message, payload_type))
        return self.answers[-1] if len(self.answers) > before else None

    def garble(self) -> None:
        """The car sends octets that are no message."""
        self.feed(Garbled(CodecError("garbage", path="Header", bit=3)))

    def leave(self) -> None:
        """The connection breaks."""
        self.feed(Closed("reset by peer"))
        self.connected = False

    def stop(self) -> None:
        """The operator wants the end."""
        self.feed(StopWanted("operator"))

    def notify(self, notification: EVSENotification) -> None:
        """The operator wants something else of the car."""
        self.feed(NotificationWanted(notification, "operator"))

    def come_back(self, authorisation: Authorisation) -> None:
        """The car connects again, as `service.evse.Evse.converse` lets it."""
        faults, kept = self._telemetry.faults, self.session.paused if self.kept is not None else None
        if faults and not faults & NEEDS_A_PERSON:
            with suppress(LocalError):
                self.guard.reset()
        self._sessions += 1
        self._timers.clear()
        self.world.authorisation, self._joined = authorisation, False
        self.session = secc.begin(self.config, bytes([self._sessions]) * 8, kept)
        self.connected, self.heard, self._asked = True, self.now, None
        self._begun()
        self.feed(Connected())

    def _begun(self) -> None:
        """A new session: what was known of the last one is void."""

    def _answered(self, message: Any) -> None:
        """This has been answered to the last request of the main stream."""
        if isinstance(message, SessionSetupRes):
            self._joined = message.response_code is ResponseCode.OK_OldSessionJoined and self._asked.header.session_id == self.kept
            self.kept = None
        elif isinstance(message, SessionStopRes) and message.response_code is ResponseCode.OK:
            pauses = self._asked.charging_session is ChargingSession.Pause
            self.kept = self.session.id if pauses and self.authorised else None

    def trip(self) -> None:
        """Somebody hits the button."""
        self.guard.trip(DeviceFault.EMERGENCY_STOP)

    def feed(self, event: Event) -> None:
        """The session decides, and what it wants is done."""
        if not self.connected:
            return
        self.session, commands = self._step(self.session, event, self._snapshot())
        written = []
        for command in commands:
            match command:
                case Apply(setpoint):
                    if isinstance(setpoint, Setpoint):
                        self._wanted = setpoint, self.now
                case Send(message, payload_type):
                    self.answers.append(message)
                    if stream_of(payload_type) is Stream.MAIN:
                        self._answered(message)
                    written.append(stream_of(payload_type))
                case Arm(timer, seconds):
                    self._timers[timer] = self.now + seconds
                case Disarm(timer):
                    self._timers.pop(timer, None)
                case Close():
                    self.connected = False
                    self._wanted = Setpoint(lock=True), self.now
        for stream in written:  # when all is done that was decided: the limit on writing is armed behind its message
            self.feed(Sent(stream))

    def run(self, seconds: float) -> None:
        """Time passes."""
        for _ in range(max(1, round(seconds / TURN))):
            self._turns += 1
            for timer, due in sorted(self._timers.items(), key=lambda item: item[1]):
                if due <= self.now and self._timers.get(timer) == due:
                    del self._timers[timer]
                    self.feed(Elapsed(timer))
            if self._turns % 5 == 0:
                self.feed(Tick())
            self._turn()

    def _turn(self) -> None:
        if self._wanted is not None:
            (setpoint, at), self._wanted = self._wanted, None
            self._number += 1
            self.guard.command(Command(self._number, LIFE, setpoint), at)
        before = self._telemetry
        self._telemetry = self.guard.cycle(self.now)
        if self.outlet.plant.pilot not in (Pilot.B, Pilot.C, Pilot.D):
            self.kept = None
        if before.faults != self._telemetry.faults:
            self.feed(Tick())
        self.checker.see(self._moment())

    def _moment(self) -> Any:
        plant, session, told = self.outlet.plant, self.session, self.told
        bus, faults = plant.bus, plant.faults
        cracked = faults.telemetry_frozen or faults.supply_dead or faults.contactor_stuck_open  # a weld shows when it is to open
        broken = cracked or plant.pilot not in (Pilot.B, Pilot.C, Pilot.D)
        return Moment(
            at=self.now,
            closed=bus.contactor.conducting,
            demand=bus.supply.current,
            ceiling=bus.supply.voltage,
            current=bus.current,
            voltage=bus.output_voltage,
            locked=self.outlet.lock.state.value,
            authorised=self.authorised,
            bidirectional=session.service is not None and session.service.id in (ServiceID.DC_BPT, ServiceID.MCS_BPT),
            permitted=self.world.permitted,
            max_voltage=min(self.board.max_voltage, told.max_voltage),
            max_charge=min(self.board.charge_current, told.max_charge),
            max_discharge=min(self.board.discharge_current, told.max_discharge),
            heard=self.heard,
            emergency=bool(self._telemetry.faults) or broken,
            connected=self.connected and session.phase is not Phase.ENDED,
            tested=bus.testing,
            welded=faults.contactor_welded,
        )

    def _snapshot(self) -> SeccSnapshot:
        return SeccSnapshot(
            now=self.now,
            clock=STAMP + round((self.now - BEGIN) * MICROSECONDS),
            reading=self._telemetry.reading,
            abilities=self.abilities,
            limits=self._limits,
            budget=self.world.budget,
            authorisation=self.world.authorisation,
            faults=self._telemetry.faults,
        )
