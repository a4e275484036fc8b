"""What a site is made of: a tree of circuits, and at its nodes outlets, batteries, photovoltaics and loads. Frozen words.

Phases are the numbers 0, 1, 2 of the mains' L1, L2, L3. A limit that is None does not bind.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from math import isfinite
from typing import Final, TypeAlias

from iso15118.errors import LocalError
from iso15118.units import Ampere, Volt, Watt, WattHour
from iso15118.value import Value

PHASES: Final = 3
VOLTAGE: Final[Volt] = 230.0
"""Phase to neutral, where nobody measures it."""
LEAST: Final[Ampere] = 6.0
"""Below it a car that is told by pulse width does not charge (IEC 61851-1)."""
Lines: TypeAlias = tuple[int, ...]
"""The mains' phases behind L1, L2, L3 of a device."""


class Circuit(Value, kw_only=True):
    """A node of the tree: a fuse, a cable, a transformer, a tenant's part. Everything below it flows through it."""

    name: str
    parent: str | None = None
    """None: this is the connection to the grid. There is exactly one."""
    fuse: Ampere | None = None
    """In each phase, either way."""
    import_limit: Watt | None = None
    """Of all phases together."""
    export_limit: Watt | None = None
    """Magnitude; 0.0: nothing may flow out."""
    transformer: float | None = None
    """VA, either way."""
    metered: bool = False
    """A meter of this name tells what flows here."""
    failsafe: Watt | None = None
    """All outlets below together, while that meter is silent; None: 6 A for each that was admitted before, none for others."""
    share: float | None = None
    """A tenant's guaranteed part (0..1) of what the outlets of the parent may take; None: no tenant's."""

    @property
    def import_total(self) -> Watt | None:
        """The tighter of the import limit and the transformer (at a power factor of 1)."""
        return min((limit for limit in (self.import_limit, self.transformer) if limit is not None), default=None)

    @property
    def export_total(self) -> Watt | None:
        """The same of the other direction, magnitude."""
        return min((limit for limit in (self.export_limit, self.transformer) if limit is not None), default=None)


class Control(StrEnum):
    """How finely a car at an outlet can be steered, the best first: the degrade ladder."""

    DYNAMIC = "dynamic"
    """A set-point each loop."""
    SCHEDULED = "scheduled"
    """A ceiling over time, which the car keeps below as it likes."""
    LIMIT = "limit"
    """A ceiling now (ISO 15118-2, DIN 70121)."""
    PWM = "pwm"
    """6 A to 80 A by pulse width, or nothing."""
    SWITCH = "switch"
    """All, or nothing."""


class Evse(Value, kw_only=True):
    """One outlet."""

    name: str
    circuit: str
    lines: Lines = (0, 1, 2)
    dc: bool = False
    """Direct current: its converter loads its lines evenly, from 0 W up."""
    least: Ampere = LEAST
    """In each phase, on alternating current: less is nothing."""
    most: Ampere = 32.0
    """In each phase: fuse and cable of the outlet."""
    charge: Watt = 22_080.0
    discharge: Watt = 0.0
    """Magnitude; 0.0: energy never comes back here."""
    efficiency: float = 1.0
    """Of the outlet's own converter, one way: what the car sees to what the mains give."""
    weight: float = 1.0
    """Its part where power is short."""
    priority: int = 0
    """The higher goes first where not all can be served."""
    switches: bool = False
    """It can feed one phase or three."""
    failsafe: Watt = 0.0
    """It falls back to this charging power by itself when nobody tells it anything."""

    @property
    def phases(self) -> int:
        """How many."""
        return len(self.lines)


class Battery(Value, kw_only=True):
    """A stationary one: it is planned like a car that never leaves."""

    name: str
    circuit: str
    capacity: WattHour
    charge: Watt
    discharge: Watt
    efficiency: float = 0.95
    """One way."""
    floor: float = 0.1
    """State of charge, 0..1, below which it gives nothing."""
    ceiling: float = 1.0
    wear: float = 0.03
    """Of a kWh given, in the currency of the prices."""


class Pv(Value, kw_only=True):
    """Photovoltaics."""

    name: str
    circuit: str
    peak: Watt
    curtailable: bool = True


class Load(Value, kw_only=True):
    """What else the site uses."""

    name: str
    circuit: str
    controllable: bool = False
    """It counts as a controllable load of § 14a EnWG."""
    rated: Watt = 0.0


class Site(Value, kw_only=True):
    """A site. Raises LocalError naming what does not fit: a loop, an unknown node, a second connection, a name twice, a wrong phase."""

    name: str
    circuits: tuple[Circuit, ...]
    evses: tuple[Evse, ...] = ()
    batteries: tuple[Battery, ...] = ()
    pvs: tuple[Pv, ...] = ()
    loads: tuple[Load, ...] = ()
    margin: float = 0.97
    """Part of each limit that is planned and given away."""

    def __post_init__(self) -> None:
        nodes = {circuit.name: circuit for circuit in self.circuits}
        _once("circuit", [circuit.name for circuit in self.circuits])
        devices: tuple[Evse | Battery | Pv | Load, ...] = (*self.evses, *self.batteries, *self.pvs, *self.loads)
        _once("device", [device.name for device in devices])
        roots = [circuit.name for circuit in self.circuits if circuit.parent is None]
        if len(roots) != 1:
            raise LocalError(f"{len(roots)} circuits without a parent ({', '.join(roots)}); allowed: one, the connection to the grid")
        for circuit in self.circuits:
            if circuit.parent is not None and circuit.parent not in nodes:
                raise LocalError(f"circuit {circuit.name}: its parent {circuit.parent!r} is none of {', '.join(sorted(nodes))}")
            _chain(circuit, nodes)
            for what in ("fuse", "import_limit", "export_limit", "transformer", "failsafe"):
                limit = getattr(circuit, what)
                if limit is not None and not (isfinite(limit) and limit >= 0.0):
                    raise LocalError(f"circuit {circuit.name}: {what} {limit}; allowed: 0 and more")
            if circuit.share is not None and (circuit.parent is None or not 0.0 < circuit.share <= 1.0):
                raise LocalError(f"circuit {circuit.name}: share {circuit.share}; allowed: above 0 up to 1, below another circuit")
        for parent in nodes:
            if (shares := sum(c.share or 0.0 for c in self.circuits if c.parent == parent)) > 1.0 + 1e-9:
                raise LocalError(f"circuit {parent}: its tenants' shares make {shares:g}; allowed: at most 1 in all")
        for device in devices:
            if device.circuit not in nodes:
                raise LocalError(f"{device.name}: its circuit {device.circuit!r} is none of {', '.join(sorted(nodes))}")
        for evse in self.evses:
            if not evse.lines or len(set(evse.lines)) != len(evse.lines) or not set(evse.lines) <= set(range(PHASES)):
                phases = ", ".join(str(line + 1) for line in evse.lines)
                raise LocalError(f"EVSE {evse.name}: phases {phases or 'none'}; allowed: one to three different ones of 1, 2, 3")
            if not 0.0 <= evse.least <= evse.most or evse.weight <= 0.0 or not 0.0 < evse.efficiency <= 1.0:
                what = f"{evse.least:g} to {evse.most:g} A, weight {evse.weight:g}, efficiency {evse.efficiency:g}"
                raise LocalError(f"EVSE {evse.name}: {what}; allowed: 0 and more by rising current, above 0, above 0 up to 1")

    @property
    def root(self) -> Circuit:
        """The connection to the grid."""
        return next(circuit for circuit in self.circuits if circuit.parent is None)

    def circuit(self, name: str) -> Circuit:
        """By its name. Raises LocalError."""
        for circuit in self.circuits:
            if circuit.name == name:
                return circuit
        raise LocalError(f"there is no circuit {name!r}; there are: {', '.join(circuit.name for circuit in self.circuits)}")

    def evse(self, name: str) -> Evse:
        """By its name. Raises LocalError."""
        for evse in self.evses:
            if evse.name == name:
                return evse
        raise LocalError(f"there is no EVSE {name!r}; there are: {', '.join(evse.name for evse in self.evses)}")

    def above(self, circuit: str) -> Iterator[Circuit]:
        """The circuit and those that feed it, up to the connection."""
        name: str | None = circuit
        while name is not None:
            node = self.circuit(name)
            yield node
            name = node.parent

    def below(self, circuit: str) -> tuple[Evse, ...]:
        """The outlets that a circuit feeds, at whatever depth."""
        return tuple(evse for evse in self.evses if any(node.name == circuit for node in self.above(evse.circuit)))


def _once(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LocalError(f"the name of a {what} twice: {', '.join(twice)}; allowed: each once")


def _chain(circuit: Circuit, nodes: dict[str, Circuit]) -> None:
    seen, node = [circuit.name], circuit
    while node.parent is not None and node.parent in nodes:
        if node.parent in seen:
            raise LocalError(f"circuit {circuit.name}: a loop, {' -> '.join([*seen, node.parent])}; allowed: a tree")
        seen.append(node.parent)
        node = nodes[node.parent]
