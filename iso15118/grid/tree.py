"""A site's tree, walked once: what lies above and below each circuit. Neighbour: `site`."""

from __future__ import annotations

from iso15118.grid.site import PHASES, VOLTAGE, Battery, Circuit, Evse, Site
from iso15118.units import Watt


def store(battery: Battery) -> Evse:
    """A stationary battery as an outlet whose car never leaves."""
    most = max(battery.charge, battery.discharge) / PHASES / VOLTAGE
    return Evse(
        name=battery.name, circuit=battery.circuit, dc=True, least=0.0, most=most, charge=battery.charge, discharge=battery.discharge
    )


class Tree:
    """Made once for a site, for everything that looks at it each second."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.circuits: tuple[Circuit, ...] = (site.root, *(circuit for circuit in site.circuits if circuit.parent is not None))
        """The connection first."""
        self.outlets: tuple[Evse, ...] = (*site.evses, *(store(battery) for battery in site.batteries))
        """Those of the site, and its batteries: power is shared among both."""
        above = {circuit.name: tuple(site.above(circuit.name)) for circuit in site.circuits}
        self.above: dict[str, tuple[Circuit, ...]] = {evse.name: above[evse.circuit] for evse in self.outlets}
        """The circuits that feed an outlet, its own first."""
        below: dict[str, list[Evse]] = {circuit.name: [] for circuit in site.circuits}
        self.generation: dict[str, Watt] = dict.fromkeys(below, 0.0)
        """What could come from below a circuit beside outlets."""
        for evse in self.outlets:
            for circuit in above[evse.circuit]:
                below[circuit.name].append(evse)
        for plant in site.pvs:
            for circuit in above[plant.circuit]:
                self.generation[circuit.name] += plant.peak
        self.meters: dict[str, tuple[str, ...]] = {name: (name,) if site.circuit(name).metered else () for name in below}
        """Of each circuit: its own meter, or where it has none the nearest ones below it."""
        for circuit in site.circuits:
            for node in list(site.above(circuit.name))[1:] if circuit.metered else ():
                if node.metered:
                    break
                self.meters[node.name] += (circuit.name,)
        self.meter: dict[str, str | None] = {
            name: next((node.name for node in nodes if node.metered), None) for name, nodes in above.items()
        }
        """The next circuit with a meter, at or above a circuit."""
        self.below: dict[str, tuple[Evse, ...]] = {name: tuple(evses) for name, evses in below.items()}
        """The outlets that a circuit feeds, at whatever depth."""
