"""§ 14a EnWG: how much the grid operator has to leave to the controllable consumers behind one connection (BNetzA BK6-22-300, annex 1).

From general knowledge, not read in the ruling. The limit is on what these consumers draw from the grid, not on the household, and not on
what they take of one's own generation. How it arrives and how long it holds: `lpc`.
"""

from __future__ import annotations

from typing import Final

from iso15118.errors import LocalError
from iso15118.units import Watt

LEAST: Final[Watt] = 4.2e3
"""Left to a consumer by itself."""
LARGE: Final[Watt] = 11e3
"""Heat pumps and air conditioning above count by their power."""
LARGE_SHARE: Final = 0.4
FACTORS: Final = {1: 1.0, 2: 0.80, 3: 0.75, 4: 0.70, 5: 0.65, 6: 0.60, 7: 0.55, 8: 0.50, 9: 0.45}
"""The simultaneity factor (GZF) by the number of consumers; the last from then on. Of a single one it multiplies nothing."""


def simultaneity(count: int) -> float:
    """The factor for `count` controllable consumers. Raises LocalError below 1."""
    if count < 1:
        raise LocalError(f"{count} controllable consumers; allowed: 1 or more")
    return FACTORS[min(count, max(FACTORS))]


def minimum_power(count: int, *, heat_pumps: Watt = 0.0, cooling: Watt = 0.0) -> Watt:
    """P_min, W of draw from the grid that stays allowed, for all `count` controllable consumers together.

    `heat_pumps` and `cooling`: the summed power of each kind where it is more than 11 kW, W; it takes the place of the first
    consumer's 4.2 kW by 0.4 of it. Raises LocalError on a count below 1 or a power below 0.
    """
    for name, power in (("heat pumps", heat_pumps), ("cooling", cooling)):
        if not power >= 0.0:
            raise LocalError(f"{name} of {power:g} W; allowed: a magnitude, in W")
    first = max([LEAST, *(LARGE_SHARE * power for power in (heat_pumps, cooling) if power > LARGE)])
    return first + (count - 1) * simultaneity(count) * LEAST


def allowed(limit: Watt, own: Watt = 0.0) -> Watt:
    """W that the controllable consumers may take: the limit and one's own generation or storage, as measured (`own`, a magnitude)."""
    return limit + max(0.0, own)


def kept(imported: Watt, household: Watt, limit: Watt) -> bool:
    """Is the limit kept, to a watt: import at the connection (W, + from the grid) less the household's load (W)?"""
    return imported - household <= limit + 1.0
