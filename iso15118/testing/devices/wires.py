"""What hangs between simulated devices: levels and measurements by name, in a file that several processes have in memory.

    wires = Wires(path, make=True)          # the bench
    python -m iso15118.testing.devices.infypower --wires path ...

Each name has one writer. A test has no need of a file: any mapping that can be written will do.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Final, TypeAlias

World: TypeAlias = MutableMapping[str, float]
"""`Wires`, or a dict. What is not there yet is 0."""

NAMES: Final = (
    # written by the supply: what it is told
    "supply.on",  # 1: regulating
    "supply.voltage",  # V
    "supply.current",  # A, + into the vehicle
    "supply.trickle",  # A while no current is wanted
    # written by the plant
    "bus.voltage",  # V, the supply's side of the contactor
    "bus.current",  # A, + into the vehicle
    "output.voltage",  # V, the vehicle's side
    "contactor.state",  # `power.Contactor`
    "pilot.state",  # `power.Pilot`
    "insulation.ohm",
    "meter.charged",  # Wh
    "meter.discharged",  # Wh
    "grid.voltage.l1",  # V, phase to neutral
    "grid.voltage.l2",
    "grid.voltage.l3",
    "grid.frequency",  # Hz
    "grid.power.l1",  # W, + into the vehicle
    "grid.power.l2",
    "grid.power.l3",
    "supply.celsius",
    "stop.pressed",
    "door.open",
    # written by the control board
    "contactor.demand",
    "lock.demand",
    "lock.state",
    "pilot.duty",  # percent
    # written by the insulation monitor
    "insulation.testing",
    # written by an inverter in the path of alternating current: what it asks of the vehicle, W
    "path.target",
)
_PLACES: Final = {name: place for place, name in enumerate(NAMES)}


class Wires(MutableMapping[str, float]):
    """The names of `NAMES` and nothing else; a value is there for the others as soon as it is written."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """`make`: a new file, all 0. Raises OSError where there is none."""
        size = 8 * len(NAMES)
        if make:
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._values = memoryview(self._map).cast("d")

    def __getitem__(self, name: str) -> float:
        return self._values[_PLACES[name]]

    def __setitem__(self, name: str, value: float) -> None:
        self._values[_PLACES[name]] = value

    def __delitem__(self, name: str) -> None:
        self[name] = 0.0

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def close(self) -> None:
        """Let the file go."""
        self._values.release()
        self._map.close()
