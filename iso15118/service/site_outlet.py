"""An outlet as a site meets it: what its car needs and takes, and what it is told. One of this charger, or one of another.

Neighbour: `site`, which asks each second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from iso15118.energy import Budget, Mobility, Need, Plan, Slot
from iso15118.errors import LocalError
from iso15118.grid.meters import Reading
from iso15118.grid.site import VOLTAGE, Control, Evse
from iso15118.grid.wishes import mains
from iso15118.messages.v20.common import EVSENotification
from iso15118.power import Pilot
from iso15118.sequence.phases import Phase
from iso15118.service import evse as shell
from iso15118.service.seen import Seen
from iso15118.session.secc.needs import present_need
from iso15118.session.secc.notifications import wants
from iso15118.session.steps import Steps
from iso15118.tariff import Tariff
from iso15118.units import MICROSECONDS, Second, Watt, WattHour
from iso15118.value import Value, replace

LIFE: Final[Second] = 5.0
"""Of a set-point: an outlet that hears no more falls back by itself."""
UNSAID: Final[WattHour] = 100e3
"""Of a car that does not say how much it wants: so much."""


class Looked(Value, kw_only=True):
    """What is seen of an outlet at a moment. Energies and times are the site's."""

    need: Need | None = None
    """Of the car that is there; None: none, or it is not so far yet."""
    told: bool = True
    """It has said what it needs; False: `need` is assumed."""
    plugged: bool = False
    control: Control = Control.DYNAMIC
    phases: int = 3
    fed: int = 3
    """Phases that an outlet feeds which can switch them; 0: it is switching."""
    discharges: bool = False
    """Car, session and all who must allow it let energy come back."""
    user: str = ""
    reading: Reading | None = None
    """A from the mains' lines; None: nobody measures."""
    power: Watt = 0.0
    """At the inlet, + into the car."""
    counted: WattHour = 0.0
    """By its meter, discharged off."""
    session: object = None
    """Another one with each session."""
    waits: bool = False
    """The car waits for its schedule."""
    asked: bool = False
    """It has been asked to negotiate its schedule anew, or does so."""
    ceiling: Watt | None = None
    """Of the schedule that it has chosen, now; None: it has none."""
    means: Watt | None = None
    """What it means to take now by its power profile, signed."""


class Outlet(Protocol):
    """What a site does with an outlet."""

    def look(self, evse: Evse) -> Looked:
        """At this moment."""
        ...

    def grant(self, budget: Budget, epoch: int) -> None:
        """From now on, for `LIFE`. `epoch` counts up: a set-point that comes later with a lower one is void."""
        ...

    def offer(self, plans: tuple[Plan, ...] | None, moment: Second) -> None:
        """Schedules, the best first, for the next time that one is negotiated; None: they are being planned."""
        ...

    def renegotiate(self, why: str) -> bool:
        """Ask the car to negotiate its schedule anew. False: it cannot be asked now."""
        ...

    def means_at(self, ahead: Second) -> Watt:
        """What the car means to take so much later by its power profile, signed."""
        ...

    def propose(self, departure: Second | None, moment: Second) -> None:
        """Tell the car when its driver usually leaves (s since the epoch), if it lets itself be told."""
        ...

    def switch(self, phases: int) -> None:
        """Feed one phase, or three, from now on."""
        ...

    def stop(self, why: str) -> None:
        """End its session."""
        ...


class StationOutlet:
    """One of this charger."""

    def __init__(self, evse: shell.Evse, *, begun: Callable[[], None] = lambda: None, pace: float = 1.0) -> None:
        """`begun` is called when a session begins. `pace`: site seconds in a second of the session, for demonstrations: energies and
        times are told to the car divided by it.
        """
        self.evse = evse
        self._begun = begun
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        evse.subscribe(self._saw)
        self._session: object = None

    def _saw(self, seen: Seen) -> None:
        if self.evse.conversation is not self._session:
            self._session = self.evse.conversation
            self._begun()

    def look(self, evse: Evse) -> Looked:
        """See `Outlet`."""
        shell, pace = self.evse, self._pace
        reading, conversation = shell.actuator.reading, shell.conversation
        plugged = reading.pilot.value not in (Pilot.A, Pilot.E, Pilot.F)
        counted = (reading.charged.value - reading.discharged.value) * pace
        now = self._loop.time()
        drawn = Reading(self._currents(evse), now * pace - (reading.ac or reading.current).age(now))
        fed = shell.snapshot().fed if evse.switches else 3
        seen = Looked(plugged=plugged or shell.busy, reading=drawn, power=reading.power, counted=counted, fed=fed)
        if not shell.busy or conversation is None:
            return seen
        session, snapshot = conversation.session, shell.snapshot()
        need, told = present_need(session, snapshot), True
        if need is None and session.phase.loop:
            need, told = Need(UNSAID, UNSAID, 0.0, session.departure, evse.charge), False
        back = need is not None and need.discharge_power > 0.0 and shell.permits.given and shell.config.may_give
        scheduled = session.parameters is not None and not session.dynamic
        return replace(
            seen,
            need=None if need is None else _paced(need, pace),
            told=told,
            control=Control.SCHEDULED if scheduled else Control.DYNAMIC,
            phases=3 if evse.dc or session.parameters is None else session.parameters.phases,
            discharges=session.bidirectional and back,
            user=session.emaid or session.evcc_id,
            session=conversation,
            waits=scheduled and session.phase is Phase.SCHEDULE_EXCHANGE,
            asked=wants(session, EVSENotification.ScheduleRenegotiation) or session.renewal is not None,
            ceiling=None if session.chosen is None else max(session.chosen.power(snapshot.clock)),
            means=None if session.profile is None else session.profile.at(snapshot.clock),
        )

    def _currents(self, evse: Evse) -> tuple[float, float, float]:
        reading = self.evse.actuator.reading
        lines = [0.0, 0.0, 0.0]
        if reading.ac is None:
            even = mains(evse, reading.power) / (VOLTAGE * len(evse.lines))
            for line in evse.lines:
                lines[line] = even
        else:
            measured = reading.ac.value
            for line, power, volts in zip(evse.lines, measured.active, measured.voltage, strict=False):
                lines[line] = power / (volts if volts > 0.5 * VOLTAGE else VOLTAGE)
        return lines[0], lines[1], lines[2]

    def grant(self, budget: Budget, epoch: int) -> None:
        """See `Outlet`."""
        self.evse.set_budget(replace(budget, until=self._loop.time() + LIFE))

    def offer(self, plans: tuple[Plan, ...] | None, moment: Second) -> None:
        """See `Outlet`."""
        if plans is not None:
            clock = self.evse.snapshot().clock / MICROSECONDS
            plans = tuple(_offered(plan, clock + (plan.start - moment) / self._pace, self._pace) for plan in plans)
        self.evse.set_plans(plans)

    def renegotiate(self, why: str) -> bool:
        """See `Outlet`."""
        try:
            self.evse.renegotiate_schedule(why)
        except LocalError:
            return False
        return True

    def means_at(self, ahead: Second) -> Watt:
        """See `Outlet`."""
        conversation = self.evse.conversation
        profile: Steps | None = None if conversation is None else conversation.session.profile
        return 0.0 if profile is None else profile.at(self.evse.snapshot().clock + int(ahead / self._pace * MICROSECONDS))

    def propose(self, departure: Second | None, moment: Second) -> None:
        """See `Outlet`."""
        clock = self.evse.snapshot().clock / MICROSECONDS
        self.evse.propose(None if departure is None else Mobility(clock + (departure - moment) / self._pace))

    def switch(self, phases: int) -> None:
        """See `Outlet`. An outlet that cannot switch at this moment is asked again."""
        with suppress(LocalError):
            self.evse.switch_phases(phases)

    def stop(self, why: str) -> None:
        """See `Outlet`."""
        self.evse.stop(why)


class RemoteOutlet:
    """One of another charger: what is seen there is told to it, and what is granted is taken from it by whoever leads there."""

    def __init__(self, told: Callable[[Budget, int], None] = lambda budget, epoch: None) -> None:
        """`told` hears each budget, with its epoch; it holds for `LIFE` from then on."""
        self.seen = Looked()
        self.budget = Budget(0.0)
        self.plans: tuple[Plan, ...] | None = ()
        self._told = told
        self._epoch = -1

    def look(self, evse: Evse) -> Looked:
        """See `Outlet`."""
        return self.seen

    def grant(self, budget: Budget, epoch: int) -> None:
        """See `Outlet`."""
        if epoch >= self._epoch:
            self._epoch, self.budget = epoch, budget
            self._told(budget, epoch)

    def offer(self, plans: tuple[Plan, ...] | None, moment: Second) -> None:
        """See `Outlet`."""
        self.plans = plans

    def renegotiate(self, why: str) -> bool:
        """See `Outlet`."""
        return False

    def means_at(self, ahead: Second) -> Watt:
        """See `Outlet`."""
        return self.seen.means or 0.0

    def propose(self, departure: Second | None, moment: Second) -> None:
        """See `Outlet`."""

    def switch(self, phases: int) -> None:
        """See `Outlet`."""

    def stop(self, why: str) -> None:
        """See `Outlet`."""


def _paced(need: Need, pace: float) -> Need:
    """A need in the site's time."""
    if pace == 1.0:
        return need
    v2x = [None if end is None else end * pace for end in (need.v2x_max_energy, need.v2x_min_energy)]
    energies = (need.target_energy * pace, need.max_energy * pace, need.min_energy * pace)
    return Need(*energies, None if need.departure is None else need.departure * pace, need.charge_power, need.discharge_power, *v2x)


def _offered(plan: Plan, start: Second, pace: float) -> Plan:
    """A plan in the session's time, from `start` on its clock."""
    if pace == 1.0:
        return replace(plan, start=start)
    slots = tuple(Slot(slot.duration / pace, slot.charge, slot.discharge, slot.phases) for slot in plan.slots)
    return replace(plan, start=start, slots=slots, tariff=_tariff(plan.tariff, pace), back_tariff=_tariff(plan.back_tariff, pace))


def _tariff(tariff: Tariff | None, pace: float) -> Tariff | None:
    if tariff is None:
        return None
    stacks = tuple(replace(stack, duration=stack.duration / pace) for stack in tariff.stacks)
    return replace(tariff, stacks=stacks, levels=tuple(replace(level, duration=level.duration / pace) for level in tariff.levels))
