"""Faults of the simulated metal, as a person types them: `meter-gain=1.05`."""

from __future__ import annotations

from dataclasses import fields

from iso15118.errors import LocalError
from iso15118.power import Pilot
from iso15118.sim.faults import SimulatedFaults


def parse_faults(told: list[str]) -> dict[str, object]:
    """Fields of `SimulatedFaults` by `name=value`, hyphens for underscores; a name alone means true.

    Raises LocalError naming the known ones, or the values one may have.
    """
    known = {f.name: getattr(SimulatedFaults(), f.name) for f in fields(SimulatedFaults)}
    faults: dict[str, object] = {}
    for text in told:
        name, given, value = text.partition("=")
        key = name.replace("-", "_")
        if key not in known:
            raise LocalError(f"--fault {name}: unknown; known: {', '.join(sorted(known)).replace('_', '-')}")
        faults[key] = _fault(name, key, known[key], value if given else "true")
    return faults


def _fault(name: str, key: str, default: object, value: str) -> object:
    """The value of one fault, of the kind its default has."""
    if key == "pilot":
        if value not in Pilot.__members__:
            raise LocalError(f"--fault {name}={value}: one of {', '.join(Pilot.__members__)} is wanted")
        return Pilot[value]
    if isinstance(default, bool):
        if value not in ("true", "false"):
            raise LocalError(f"--fault {name}={value}: true or false is wanted")
        return value == "true"
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise LocalError(f"--fault {name}={value}: a finite number >= 0 is wanted")
    return number
