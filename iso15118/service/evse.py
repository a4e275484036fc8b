"""One outlet of a charger as the shell holds it: its metal, what site and back-end allow, its conversation.

Everything a session may want to know is kept here as the newest value and handed out as a `SeccSnapshot`. No network here: `station`
brings the connections, `pair` a connection in memory.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from iso15118.der.words import NO_DEMAND, DsoSetpoint, GridCode
from iso15118.energy import Authorisation, Budget, Mobility, Offer, Permits, Plan
from iso15118.errors import DeviceFault, LocalError
from iso15118.messages.v20.common import EVSENotification
from iso15118.power import OFF, UNBOUNDED, AcAbilities, Limits, Pilot, Setpoint, VehicleSetpoint
from iso15118.procedures import wind_down
from iso15118.sequence.phases import Phase
from iso15118.service.actuate import Actuator
from iso15118.service.conversation import TICK, Conversation
from iso15118.service.evse_config import EvseConfig
from iso15118.service.log import Log
from iso15118.service.parties import Scribe
from iso15118.service.seen import Watcher
from iso15118.service.value_added import provision
from iso15118.session import secc
from iso15118.session.commands import Command
from iso15118.session.events import Event
from iso15118.session.secc import notifications, pause
from iso15118.session.secc.state import Paused
from iso15118.session.services import ServiceID
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import MICROSECONDS, PerPhase, Second
from iso15118.value import replace

if TYPE_CHECKING:
    from iso15118.service.capture import Tap
    from iso15118.service.ledger_outlet import Book

Charger: TypeAlias = Conversation[Any, SeccSnapshot]
Step: TypeAlias = Callable[[Any, Event, SeccSnapshot], tuple[Any, Sequence[Command]]]
SHOWN: Final[Second] = 60.0
"""So long a token that was shown before its car waits for it."""
UNPLUGGED: Final = (Pilot.A, Pilot.E, Pilot.F)
"""No car, or none that could be believed to be the same."""


def epoch() -> int:
    """Microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


class Evse:
    """One outlet. At most one conversation at a time."""

    def __init__(
        self,
        config: EvseConfig,
        actuator: Actuator,
        *,
        step: Step = secc.step,
        clock: Callable[[], int] = epoch,
        log: Log | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`clock`: microseconds since the epoch; asked once a session, which then runs on steady time. `step`: another one for tests."""
        self.config = config
        self.actuator = actuator
        self.conversation: Charger | None = None
        """The one that is going on, or the last."""
        self._step = step
        self._clock = clock
        self._log = log or Log()
        self._loop = loop or asyncio.get_running_loop()
        self._abilities = config.abilities
        self._limits = config.allowed
        self._narrowed: tuple[Limits, Limits] = UNBOUNDED, self._limits
        self._budget = config.budget or Budget(self._limits.charge_power, self._limits.discharge_power, why="no site limit")
        self._permits = config.permits
        self._phases: int | None = None
        """Wanted of an outlet that switches them; None: as it is."""
        self._authorisation = Authorisation.PENDING
        self._clock_offset: float = 0.0
        self._plans: tuple[Plan, ...] | None = ()
        self._proposal: Mobility | None = None
        self._grid_code = config.grid_code
        self._dso = NO_DEMAND
        self._began: Second = self._loop.time()
        self._watchers: list[Watcher] = []
        self._book: Book | None = None
        self._void = False
        """The cable has been out since the last session."""
        self._shown: Second | None = None
        """When a token that is known was shown, while no car was there."""
        actuator.listen(self._changed)
        actuator.shown = self.show
        self._permitted()

    # The control side.

    @property
    def busy(self) -> bool:
        """Is a conversation going on?"""
        return self.conversation is not None and not self.conversation.ended.done()

    @property
    def paused(self) -> Paused | None:
        """What is kept of a session that pauses; None: none does, its cable has been out [V2G20-2624], or it lasted too long."""
        if self._void or self.conversation is None or self.conversation.session.phase is not Phase.ENDED:
            return None
        kept: Paused | None = self.conversation.session.paused
        limit = self.config.session.pause_seconds
        return None if kept is None or pause.over(kept, self._loop.time(), limit) else kept

    def forget(self) -> None:
        """Let a session that pauses not be joined again, and its connector go."""
        self._void = True

    @property
    def budget(self) -> Budget:
        """The one in force."""
        return self._budget

    def set_budget(self, budget: Budget) -> None:
        """What the site grants from now on; power follows at once."""
        self._budget = budget
        self._changed()

    @property
    def permits(self) -> Permits:
        """Who allows at this moment that energy comes back."""
        return self._permits

    def permit(self, **changed: bool) -> None:
        """One or more of `energy.Permits` by name: given, or withdrawn, which the guard obeys with its next turn."""
        self._permits = replace(self._permits, **changed)
        self._permitted()
        self._changed()

    def _permitted(self) -> None:
        self.actuator.permit(self.config.may_give and self._permits.given)

    def switch_phases(self, wanted: int) -> None:
        """Feed one phase, or three, of an outlet that can switch them: at rest, behind a pause that cars need.

        A car that charges is asked to choose its service anew, or to end its session where that was not announced; it waits with its
        schedule until the phases are there. Raises LocalError where they cannot be switched.
        """
        ac = self.config.board.ac
        if ac is None or wanted not in (1, 3) or wanted > ac.phases or (not self.actuator.telemetry.phases and self._phases is None):
            raise LocalError(f"{self.config.name}: {wanted} phases; allowed: 1 or 3 of an outlet of alternating current that switches them")
        self._phases = wanted
        self.actuator.phases(wanted)
        if wanted != self.actuator.telemetry.phases and self.busy and self.conversation is not None:
            why = f"{wanted} phase{'s' if wanted > 1 else ''} from now on"
            try:
                self.renegotiate(why)
            except LocalError:
                self.conversation.stop(why)
        self._changed()

    def set_plans(self, plans: tuple[Plan, ...] | None) -> None:
        """What is offered over time from now on, the best first, until the session ends; None: still being planned, the car has to wait."""
        self._plans = plans

    def propose(self, needs: Mobility | None) -> None:
        """What our side knows of the driver's wish, told to a car that lets us supply it, until the session ends; None: nothing."""
        self._proposal = needs

    def set_grid_code(self, code: GridCode) -> None:
        """Another grid code. Under AC_DER_SAE it is told with the next turn; under AC_DER_IEC a session that goes on keeps the old one.

        Raises LocalError where none was configured (the services are offered with the functions of the configuration), or on one that
        AC_DER_SAE has no words for where it is offered.
        """
        if self.config.grid_code is None:
            raise LocalError(f"{self.config.name}: a grid code for an outlet without one; allowed: where one is configured")
        if self.config.session.service(ServiceID.AC_DER_SAE) is not None:
            from iso15118.session.der_sae import sayable

            sayable(code)
        self._grid_code = code
        self._changed()

    def set_dso_setpoint(self, demand: DsoSetpoint) -> None:
        """What the grid operator demands from now on, told with the next turn of the charge loop."""
        self._dso = demand
        self._changed()

    @property
    def grid_event(self) -> int:
        """The grid event condition that the car has reported last; 0: none."""
        return 0 if self.conversation is None else self.conversation.session.grid_event

    @property
    def offer(self) -> Offer | None:
        """What the car would take and give, and the fees it asks, if it has said so in this session."""
        return None if self.conversation is None else self.conversation.session.offer

    def authorise(self, authorisation: Authorisation) -> None:
        """May the vehicle that is here take energy? Holds until its session ends; one that pauses is not joined again if it may not."""
        if authorisation is Authorisation.REFUSED and self.paused is not None:
            self.forget()
        self._authorisation = authorisation
        self._changed()

    def show(self, token: str) -> None:
        """Somebody shows this at the outlet: it authorises the session, or the next one within a minute, if it is known here."""
        known = token in self.config.tokens
        self._log.info("token", f"{self.config.name}: a token is shown, which is {'known' if known else 'not known'} here")
        if not known:
            return
        if self.busy:
            self.authorise(Authorisation.ACCEPTED)
        else:
            self._shown = self._loop.time()

    def stop(self, why: str) -> None:
        """End the session in order, if there is one; one that pauses is forgotten."""
        self.forget()
        if self.busy and self.conversation is not None:
            self.conversation.stop(why)

    def renegotiate(self, why: str = "what is offered has changed") -> None:
        """Ask the car to choose its service anew. Raises LocalError where that was not announced, or no car is in its charge loop."""
        self._notify(EVSENotification.ServiceRenegotiation, why)

    def renegotiate_schedule(self, why: str = "what is offered has changed") -> None:
        """Ask the car to negotiate its schedule anew; charging goes on meanwhile. Raises LocalError where no car is in its charge loop."""
        self._notify(EVSENotification.ScheduleRenegotiation, why)

    def confirm_meter(self, why: str = "the reading is to be confirmed") -> None:
        """Ask the car to confirm the meter's reading; charging goes on meanwhile. Raises LocalError where no car is in its charge loop."""
        self._notify(EVSENotification.MeteringConfirmation, why)

    def pause(self, why: str) -> None:
        """Ask the car to pause or to stand by within 60 s; in Dynamic mode power goes to zero at once.

        Raises LocalError where it must not be asked: no session, or a power profile that says otherwise (Scheduled mode).
        """
        self._notify(EVSENotification.Pause, why)

    def exit_standby(self, why: str) -> None:
        """Take the wish to pause back, or ask a car in standby to go on. Raises LocalError where there is neither."""
        self._notify(EVSENotification.ExitStandby, why)

    def _notify(self, notification: EVSENotification, why: str) -> None:
        if not self.busy or self.conversation is None:
            raise LocalError(f"{self.config.name}: no car to ask for {notification}: there is no session")
        if objection := notifications.objection(self.conversation.session, notification, self.snapshot()):
            raise LocalError(f"{self.config.name}: the car is not asked for {notification}: {objection}")
        self.conversation.notify(notification, why)

    def trip(self) -> None:
        """Emergency stop: power away now, and until somebody resets it."""
        self.actuator.trip(DeviceFault.EMERGENCY_STOP)

    def subscribe(self, watcher: Watcher) -> None:
        """`watcher` sees this outlet's conversation, if one goes on, and every later one."""
        self._watchers.append(watcher)
        if self.busy and self.conversation is not None:
            self.conversation.subscribe(watcher)

    def keep(self, book: Book) -> None:
        """`book` is told of each conversation, and of a fault or a level of metal that has changed."""
        self._book = book

    # The session's side.

    def snapshot(self) -> SeccSnapshot:
        """The world at this moment."""
        now = self._loop.time()
        return SeccSnapshot(
            now=now,
            clock=int((now + self._clock_offset) * MICROSECONDS),
            reading=self.actuator.reading,
            abilities=self._abilities,
            limits=self._limits_now(),
            budget=self._granted(),
            authorisation=self._authorised(now),
            faults=self.actuator.faults,
            plans=self._plans,
            fed=3 if self._phases is None else self._phases if self.actuator.telemetry.phases == self._phases else 0,
            rate=self.config.rate,
            proposal=self._proposal,
            grid_code=self._grid_code,
            dso=self._dso,
        )

    def _granted(self) -> Budget:
        """The site's, less what nobody permits, and within the phases that are fed."""
        budget = self._budget if self._permits.given else self._budget.one_way()
        if self._phases != 1:
            return budget
        most = min(budget.charge, self._limits.charge_power, self._limits.charge_current * (self._abilities.ac or AcAbilities()).voltage)
        l1 = most if budget.phases is None else min(most, budget.phases.l1)
        return replace(budget, charge=l1, discharge=min(budget.discharge, most), phases=PerPhase(l1, 0.0, 0.0))

    def _limits_now(self) -> Limits:
        """Ours, less what the outlet has taken back at this moment."""
        said = self.actuator.telemetry.limits
        if said is not self._narrowed[0]:
            self._narrowed = said, self._limits.lowered(said)
        return self._narrowed[1]

    def converse(
        self, *, scribe: Scribe | None = None, tap: Tap | None = None, session_id: bytes | None = None, challenge: bytes | None = None
    ) -> Charger:
        """A new conversation, to be given a connection. Clears what the last one left behind, but for a pause that may be joined."""
        now, kept = self._loop.time(), self.paused
        self._void = False
        self._began = now
        clock = self._clock() / MICROSECONDS
        self._clock_offset = clock - now
        self._plans = tuple(replace(plan, start=clock) for plan in self.config.schedules)
        self._proposal = self.config.proposal
        if self._proposal is not None and self._proposal.departure is not None:
            self._proposal = replace(self._proposal, departure=clock + self._proposal.departure)
        early = self._shown is not None and now - self._shown <= SHOWN
        self._authorisation, self._shown = Authorisation.ACCEPTED if early else Authorisation.PENDING, None
        if self._permits.consent is not self.config.permits.consent:
            self._permits = replace(self._permits, consent=self.config.permits.consent)
            self._permitted()
        if not self.actuator.clear():
            faults = ", ".join(sorted(self.actuator.faults))
            self._log.warning("fault stands", f"{self.config.name}: out of order until somebody resets it: {faults}")
        self.conversation = Conversation(
            secc.begin(self.config.offered, session_id or fresh_session_id(), kept, challenge or fresh_challenge()),
            self._step,
            snapshot=self.snapshot,
            perform=self._perform,
            safe=OFF,
            provide=provision(self.config.providers),
            consult=None if self.config.contracts is None else self.config.contracts.consulted,
            name=self.config.name,
            log=self._log,
            scribe=scribe,
            tap=tap,
            loop=self._loop,
        )
        for watcher in self._watchers:
            self.conversation.subscribe(watcher)
        if self._book is not None:
            self._book.follow(self.conversation)
        self.conversation.ended.add_done_callback(lambda ended: self._hold())
        return self.conversation

    def _perform(self, setpoint: Setpoint | VehicleSetpoint) -> None:
        """To metal; but a connector that is locked in a pause is not let go with the connection."""
        self.actuator.apply(setpoint if setpoint.lock or not self._locked() else wind_down.REST)

    def _locked(self) -> bool:
        return self.config.session.pause_locked and self.paused is not None

    def _hold(self) -> None:
        """Go on locking the connector while a session pauses, for as long as it may be joined and nobody drives."""
        if self._locked() and not self.busy:
            self.actuator.apply(wind_down.REST)
            self._loop.call_later(TICK, self._hold)

    def _authorised(self, now: Second) -> Authorisation:
        after = self.config.authorised_after
        if self._authorisation is Authorisation.PENDING and after is not None and now - self._began >= after:
            return Authorisation.ACCEPTED
        return self._authorisation

    def _changed(self) -> None:
        if self.actuator.reading.pilot.value in UNPLUGGED:
            self.forget()
        if self._book is not None:
            self._book.changed()
        if self.conversation is not None and not self.conversation.over:
            self.conversation.tick()


def fresh_session_id() -> bytes:
    """8 random octets, never all zero [V2G20-2621]."""
    while not any(drawn := secrets.token_bytes(8)):
        pass
    return drawn


def fresh_challenge() -> bytes:
    """16 random octets for a contract's holder to sign [V2G20-697] [V2G20-698]."""
    return secrets.token_bytes(16)
