"""One phase or three: an outlet that can switch follows what its car is to have, slowly. `allocate` counts the worse of both."""

from __future__ import annotations

from typing import Final

from iso15118.grid.site import PHASES, VOLTAGE, Evse
from iso15118.units import Second, Watt
from iso15118.value import Value

BEYOND: Final[Watt] = 200.0
"""So far beyond the least that three phases can carry a target has to be,"""
LASTING: Final[Second] = 600.0
"""and for so long: a contactor and a car's charger do not switch for a cloud."""


class Leaning(Value):
    """Towards how many phases an outlet leans, and since when (monotonic); 0: it stays as it is."""

    phases: int = 0
    since: Second = 0.0


def leaning(evse: Evse, fed: int, target: Watt, before: Leaning, now: Second) -> tuple[Leaning, int]:
    """The number of phases that an outlet should feed: as now, unless the target (W at the mains) has asked for the other long enough.

    Nothing wanted is no reason to switch. An outlet that cannot switch, or is switching at this moment (`fed` 0), keeps what it has.
    """
    least = PHASES * VOLTAGE * evse.least
    wanted = 1 if fed == PHASES and 0.0 < target < least - BEYOND else PHASES if fed == 1 and target > least + BEYOND else 0
    if not evse.switches or evse.dc or not wanted:
        return Leaning(), fed
    if before.phases != wanted:
        return Leaning(wanted, now), fed
    return before, wanted if now - before.since >= LASTING else fed
