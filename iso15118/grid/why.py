"""What held a grant, in words, and the limit if it was one. Neighbour: `allocate`."""

from __future__ import annotations

from typing import Final

from iso15118.grid.grants import DEAD, Place
from iso15118.grid.headroom import Limit
from iso15118.grid.turns import REST
from iso15118.units import Ampere

_RESTS: Final = f"off for at least {REST / 60:g} min"


def why_back(place: Place, current: Ampere, limit: Limit | None, *, ramp: bool, late: bool) -> tuple[Limit | None, str]:
    """What held a grant to give back, in words, and the limit if it was one."""
    if limit is not None:
        return limit, limit.words
    if ramp:
        return None, _rises(place)
    return None, "a meter is late: no increase" if late and current > place.target + DEAD else "target"


def why_on(place: Place, limit: Limit | None, cause: str, *, target: bool, ramp: bool) -> tuple[Limit | None, str]:
    """The same of one that is on."""
    if limit is not None:
        return limit, limit.words
    return None, _rises(place) if ramp else "target" if target else cause


def _rises(place: Place) -> str:
    return f"rises by {place.ramp:g} A a second"


def why_off(place: Place, most: Ampere, ceiling: Ampere, limit: Limit | None, cause: str) -> tuple[Limit | None, str]:
    """The same of one that is off. `most`: what it wants within `ceiling`, of which `cause` is."""
    what = cause if most >= ceiling else "target"
    if most <= 0.0:
        return None, cause if ceiling <= 0.0 else "nothing is wanted now"
    if most < place.least:
        return None, f"below {place.least:g} A: {what}"
    return limit, f"waits for its turn: {limit.words}" if limit is not None else _RESTS
