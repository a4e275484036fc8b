"""The car as metal: battery, contactors, inlet measurement, control pilot, and where its driver wants to go.

Two ways to feed it. *Attached*: it is the load of a `DcBus` that a simulated charger shares; the plant moves and shows it the
bus. *Detached*: no shared plant, so that our car can run against any charger; `observe` tells it what that charger reports.
Neighbour: `phantom`, the car of a charger that runs alone. Not here: what the car says (`session`).
"""

from __future__ import annotations

from iso15118.energy import Need
from iso15118.power import Limits, Measured, Pilot, VehicleReading, VehicleSetpoint
from iso15118.sim.battery import Battery
from iso15118.sim.bus import DcBus
from iso15118.sim.relay import Relay
from iso15118.units import Ampere, Second, Volt
from iso15118.value import Value, replace

REPORT_LIFE: Second = 1.0
"""A detached car believes a reported current for this long (N21: no valid data for a second is an error)."""
STILL = VehicleSetpoint()
"""Contactors open, pilot B, connector free."""


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

    __slots__ = ("_current", "_detached", "_inlet", "_now", "_setpoint", "_start", "_told", "battery", "contactor", "plugged", "trip")

    def __init__(
        self,
        battery: Battery | None = None,
        trip: Trip | None = None,
        *,
        detached: bool = False,
        contactor_delay: Second = 0.050,
        start: Second | None = None,
    ) -> None:
        self.battery = Battery() if battery is None else battery
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

    def apply(self, setpoint: VehicleSetpoint) -> None:
        """The level wanted from now on: contactors, pilot, lock."""
        self._setpoint = setpoint
        self.contactor.demand(setpoint.contactor)

    def reading(self, now: Second) -> VehicleReading:
        """What the car measures. Attached, the age is that of the last look at the bus; detached, the car is always looking."""
        if self._detached:
            self._pass(now)
        at = float("-inf") if self._now is None else self._now
        terminals = self.battery.terminal_voltage(self._current if self.conducting else 0.0)
        return VehicleReading(
            voltage=Measured(self._inlet, at),
            current=Measured(self._current, at),
            contactor=Measured(self.contactor.feedback, at),
            battery_voltage=Measured(terminals, at),
            soc=Measured(min(max(self.battery.soc, 0.0), 100.0), at),
        )

    def limits(self) -> Limits:
        """What the car lets in and out now: its battery's limits inside the trip's window of charge."""
        limits = self.battery.limits()
        if self.battery.soc >= self.trip.max_soc:
            limits = replace(limits, charge_current=0.0, charge_power=0.0)
        if not self.trip.bidirectional or self.battery.soc <= self.trip.min_soc:
            limits = limits.charging_only()
        return limits

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
        self._told = now
        self._current = current if self.conducting else 0.0
        self._inlet = self.battery.terminal_voltage(self._current) if self.conducting else voltage

    def _pass(self, now: Second) -> None:
        """Let the battery and the contactor live up to `now` on the last report."""
        if self._now is None:
            self._now = now
        dt = now - self._now
        if dt <= 0:
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

    # The load of a `DcBus`.

    @property
    def conducting(self) -> bool:
        """Is the battery connected to the inlet, and the inlet to a cable?"""
        return self.plugged and self.contactor.conducting

    @property
    def settled(self) -> bool:
        """Is the contactor at rest?"""
        return self.contactor.settled

    @property
    def pilot(self) -> Pilot:
        """The state the car shows; A while unplugged."""
        return self._setpoint.pilot if self.plugged else Pilot.A

    def advance(self, dt: Second) -> None:
        """Let the contactor move."""
        self.contactor.advance(dt)

    def sense(self, bus: DcBus, at: Second) -> None:
        """See the bus."""
        self._inlet, self._current, self._now = bus.inlet_voltage, bus.current, at

    def break_contactor(self, welded: bool, stuck_open: bool) -> None:
        """Put a fault into the contactor."""
        self.contactor.welded, self.contactor.stuck_open = welded, stuck_open
