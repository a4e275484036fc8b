"""The car as metal: battery, contactors, on-board charger, inlet measurement, control pilot, and where its driver wants to go.

Two ways to feed it. *Attached*: it is the load of a `DcBus` that a simulated charger shares, or of its mains; the plant moves it and
shows it the bus, or lets it `draw`. *Detached*: no shared plant, so that our car can run against any charger; `observe` tells it what
that charger reports, `connect` that its mains are there.
Neighbour: `phantom`, the car of a charger that runs alone. Not here: what the car says (`session`).
"""

from __future__ import annotations

from iso15118.energy import Need
from iso15118.power import Abilities, Limits, Measured, Pilot, VehicleReading, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.relay import Relay
from iso15118.units import NO_PHASE, Ampere, Hertz, PerPhase, Second, Volt
from iso15118.value import Value, replace

REPORT_LIFE: Second = 1.0
"""A detached car believes a reported current for this long (N21: no valid data for a second is an error)."""
STILL = VehicleSetpoint()
"""Contactors open, pilot B, connector free."""
READY = (Pilot.C, Pilot.D)
"""Pilot states in which a charger may have its mains closed."""


class Trip(Value):
    """What the driver wants; states of charge in percent."""

    departure: Second | None = None
    """Seconds from the start of the stay; None: not said."""
    target_soc: float = 80.0
    min_soc: float = 20.0
    max_soc: float = 100.0
    v2x_min_soc: float | None = None
    """The V2X window: where the battery may be cycled. None: no such wish."""
    v2x_max_soc: float | None = None
    bidirectional: bool = True


class SimulatedVehicle:
    """A car with its own time: `start` is when the stay began, None for the first time anything is asked or told."""

    __slots__ = (
        "_alternating",
        "_current",
        "_detached",
        "_inlet",
        "_live",
        "_now",
        "_setpoint",
        "_start",
        "_told",
        "battery",
        "contactor",
        "onboard",
        "plugged",
        "trip",
    )

    def __init__(
        self,
        battery: Battery | None = None,
        trip: Trip | None = None,
        *,
        detached: bool = False,
        contactor_delay: Second = 0.050,
        start: Second | None = None,
        onboard: OnBoardCharger | None = None,
    ) -> None:
        self.battery = Battery() if battery is None else battery
        self.onboard = OnBoardCharger() if onboard is None else onboard
        self.trip = Trip() if trip is None else trip
        self.contactor = Relay(contactor_delay)
        self.plugged = True
        self._detached = detached
        self._setpoint = STILL
        self._start = start
        self._now: Second | None = None
        self._inlet: Volt = 0.0
        self._current: Ampere = 0.0
        self._told: Second | None = None
        self._alternating = False
        """There are mains at the inlet, or have been: no direct current."""
        self._live = False
        """Detached: the charger has closed its mains."""

    def apply(self, setpoint: VehicleSetpoint) -> None:
        """The level wanted from now on: contactors, pilot, lock, on-board charger."""
        if setpoint.pilot not in READY:
            self._live = False  # any charger opens then
        self._setpoint = setpoint
        self.contactor.demand(setpoint.contactor)
        self.onboard.demand(setpoint.target)
        self.onboard.obey(setpoint.order)

    def reading(self, now: Second) -> VehicleReading:
        """What the car measures. Attached, the age is that of the last look at the bus; detached, the car is always looking."""
        if self._detached:
            self._pass(now)
        at = float("-inf") if self._now is None else self._now
        mains = self.onboard.reading if self._alternating else None
        if mains is not None:
            inlet, current, behind = max(mains.voltage), mains.current, self.onboard.battery_current(self.battery)
        else:
            inlet, current, behind = self._inlet, self._current, self._current if self.conducting else 0.0
        terminals = self.battery.terminal_voltage(behind)
        return VehicleReading(
            voltage=Measured(inlet, at),
            current=Measured(current, at),
            contactor=Measured(self.contactor.feedback, at),
            battery_voltage=Measured(terminals, at),
            soc=Measured(min(max(self.battery.soc, 0.0), 100.0), at),
            ac=None if mains is None else Measured(mains, at),
        )

    def limits(self) -> Limits:
        """What the car lets in and out now: its battery's limits inside the trip's window of charge."""
        limits = self.battery.limits()
        if self.battery.soc >= self.trip.max_soc:
            limits = replace(limits, charge_current=0.0, charge_power=0.0)
        if not self.trip.bidirectional or self.battery.soc <= self.trip.min_soc:
            limits = limits.charging_only()
        return limits

    def ac_limits(self, limits: Limits | None = None) -> Limits:
        """What the car takes and gives now on the mains' side of its on-board charger; `limits` as for `wish`."""
        return self.onboard.limits(limits or self.limits())

    def ac_abilities(self, limits: Limits | None = None) -> Abilities:
        """What its on-board charger can do now; `limits` as for `wish`."""
        return Abilities(self.ac_limits(limits), min_charge_power=self.onboard.least_power, ac=self.onboard.abilities)

    def wish(self, now: Second, limits: Limits | None = None) -> Need:
        """The energies still wanted, and how long there is for it; `limits`: those of `limits()`, if they have just been asked for."""
        if self._start is None:
            self._start = now
        trip = self.trip
        return self.battery.need(
            trip.target_soc,
            max_soc=trip.max_soc,
            min_soc=trip.min_soc,
            v2x_max_soc=trip.v2x_max_soc if trip.bidirectional else None,
            v2x_min_soc=trip.v2x_min_soc if trip.bidirectional else None,
            departure=None if trip.departure is None else max(0.0, trip.departure - (now - self._start)),
            limits=limits or self.limits(),
        )

    # Detached: fed by what the charger reports.

    def observe(self, voltage: Volt, current: Ampere, now: Second) -> None:
        """What the charger reports: its output voltage and current (+ into the car), from `now` on."""
        self._pass(now)
        self._told, self._alternating = now, False
        self._current = current if self.conducting else 0.0
        self._inlet = self.battery.terminal_voltage(self._current) if self.conducting else voltage

    @property
    def on_mains(self) -> bool:
        """Has the car been told to charge by alternating current?"""
        return self._setpoint.target is not None

    def connect(self, now: Second) -> None:
        """The charger says that it gives power: on alternating current its mains, as they should be, are at the inlet from `now` on."""
        self._pass(now)
        if self.on_mains and self._setpoint.pilot in READY:
            self._live = self._alternating = True

    def _pass(self, now: Second) -> None:
        """Let the battery and the contactor live up to `now` on the last report."""
        if self._now is None:
            self._now = now
        dt = now - self._now
        if dt <= 0:
            return
        if self._alternating:
            nominal = self.onboard.abilities
            volts = nominal.voltage if self._live else 0.0
            self.draw(PerPhase(*(volts if i < nominal.phases else 0.0 for i in range(3))), nominal.frequency, dt, now)
            return
        was = self.conducting
        if was and self._told is not None:
            believed = self._told + REPORT_LIFE
            self.battery.advance(self._current, max(0.0, min(now, believed) - self._now))
            if now > believed:
                self._current = 0.0
        self.contactor.advance(dt)
        self._now = now
        if self.conducting:
            self._inlet = self.battery.terminal_voltage(self._current)
        elif was:
            self._current = 0.0

    # The load of alternating mains.

    def draw(self, voltage: PerPhase, frequency: Hertz, dt: Second, at: Second) -> tuple[PerPhase, PerPhase]:
        """(active, reactive) power taken from the mains, the mean of the `dt` seconds that end at `at` (0: only look).

        `voltage` is what stands at the inlet: none while the charger's contactor is open. Any `dt` while `settled`, else some 10 ms.
        """
        self._alternating, self._now = True, at
        mains = voltage if self.plugged else NO_PHASE
        self.contactor.advance(dt)
        return self.onboard.draw(self.battery, self.ac_limits(), mains, frequency, dt)

    # The load of a `DcBus`.

    @property
    def conducting(self) -> bool:
        """Is the battery connected to the inlet, and the inlet to a cable?"""
        return self.plugged and self.contactor.conducting

    @property
    def settled(self) -> bool:
        """Are contactor and on-board charger at rest?"""
        return self.contactor.settled and (not self._alternating or self.onboard.settled(self.ac_limits()))

    @property
    def pilot(self) -> Pilot:
        """The state the car shows; A while unplugged."""
        return self._setpoint.pilot if self.plugged else Pilot.A

    def advance(self, dt: Second) -> None:
        """Let the contactor move."""
        self.contactor.advance(dt)

    def sense(self, bus: DcBus, at: Second) -> None:
        """See the bus."""
        self._inlet, self._current, self._now, self._alternating = bus.inlet_voltage, bus.current, at, False

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """Put a fault into the contactor."""
        self.contactor.welded, self.contactor.stuck_open = welded, stuck_open
