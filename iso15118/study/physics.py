"""What is really at the outlets: cars and stationary batteries that take and give energy. The truth of a simulation, which changes.

Powers are W at the inlet, + into the car or battery; energies are Wh in the battery.
"""

from __future__ import annotations

from iso15118.energy import Need
from iso15118.grid.site import Battery, Evse
from iso15118.grid.visits import Taper, Visit
from iso15118.study.scenarios import Stay
from iso15118.units import HOUR, Second, Watt, WattHour


class Car:
    """One car at an outlet. `full`: it takes more than its target, because somebody plans with its battery."""

    __slots__ = ("began", "evse", "given", "plugged", "reach", "stay", "stored", "taken", "top")

    def __init__(self, stay: Stay, evse: Evse, stored: WattHour, plugged: Second, *, full: bool) -> None:
        self.stay, self.evse, self.stored, self.plugged = stay, evse, stored, plugged
        self.began = stored
        self.top = stay.capacity if full and stay.discharge > 0.0 else max(stay.target, stored)
        self.taken = self.given = 0.0
        """Wh at the inlet."""
        self.reach = stored
        """Where it would be had it charged at full power from the start: more nobody could have given it."""

    @property
    def wires(self) -> Watt:
        """What outlet and car can exchange at all."""
        evse = self.evse
        return evse.charge if evse.dc else min(evse.charge, 230.0 * evse.most * min(self.stay.phases, evse.phases))

    def _willing(self, stored: WattHour) -> Watt:
        stay = self.stay
        taper = stay.slope * (stored - stay.knee) if stay.knee is not None and stored > stay.knee else 0.0
        return max(0.0, min(self.wires, stay.charge - taper))

    def most(self, duration: Second) -> Watt:
        """What it takes at most, as the mean over a time."""
        room = (self.top - self.stored) / self.stay.efficiency * HOUR / duration
        return max(0.0, min(self._willing(self.stored), room))

    def gives(self, duration: Second) -> Watt:
        """What it gives at most, magnitude."""
        spare = (self.stored - self.stay.floor) * self.stay.efficiency * HOUR / duration
        return max(0.0, min(self.stay.discharge, self.evse.discharge, spare))

    def move(self, power: Watt, duration: Second) -> None:
        """A time at a power, which is in its limits."""
        energy = power * duration / HOUR
        if power >= 0.0:
            self.stored += energy * self.stay.efficiency
            self.taken += energy
        else:
            self.stored += energy / self.stay.efficiency
            self.given -= energy
        unhindered = self.reach + self._willing(self.reach) * duration / HOUR * self.stay.efficiency
        self.reach = max(self.reach, min(self.stay.target, unhindered))

    def visit(self, now: Second, buffer: Second, *, gives: bool, worth: float = 0.0) -> Visit:
        """What the site knows of it."""
        stay = self.stay
        need = Need(
            target_energy=stay.target - self.stored,
            max_energy=self.top - self.stored,
            min_energy=stay.floor - self.stored if stay.discharge > 0.0 else min(0.0, self.top - self.stored),
            departure=stay.declared - now,
            charge_power=stay.charge,
            discharge_power=stay.discharge if gives else 0.0,
            v2x_max_energy=stay.capacity - self.stored if stay.discharge > 0.0 else None,
            v2x_min_energy=stay.floor - self.stored if stay.discharge > 0.0 else None,
        )
        return Visit(
            evse=self.evse.name,
            need=need,
            arrival=self.plugged,
            departure=stay.declared,
            phases=stay.phases,
            efficiency=stay.efficiency,
            discharges=gives and stay.discharge > 0.0,
            taper=Taper(stay.knee - self.stored, stay.slope) if stay.knee is not None else None,
            user=stay.user,
            buffer=buffer,
            worth=worth if gives and stay.used is not None else 0.0,
        )

    @property
    def due(self) -> WattHour:
        """Of its target, what it misses of what it could have had at full power from the start."""
        return max(0.0, min(self.stay.target, self.reach) - self.stored)


class Store:
    """One stationary battery."""

    __slots__ = ("battery", "given", "stored", "taken")

    def __init__(self, battery: Battery, stored: WattHour) -> None:
        self.battery, self.stored = battery, stored
        self.taken = self.given = 0.0

    def most(self, duration: Second) -> Watt:
        """What it takes at most."""
        room = (self.battery.ceiling * self.battery.capacity - self.stored) / self.battery.efficiency * HOUR / duration
        return max(0.0, min(self.battery.charge, room))

    def gives(self, duration: Second) -> Watt:
        """What it gives at most, magnitude."""
        spare = (self.stored - self.battery.floor * self.battery.capacity) * self.battery.efficiency * HOUR / duration
        return max(0.0, min(self.battery.discharge, spare))

    def move(self, power: Watt, duration: Second) -> None:
        """A time at a power, which is in its limits."""
        energy = power * duration / HOUR
        if power >= 0.0:
            self.stored += energy * self.battery.efficiency
            self.taken += energy
        else:
            self.stored += energy / self.battery.efficiency
            self.given -= energy
