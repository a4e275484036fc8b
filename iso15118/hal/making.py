"""A guard for the metal of a board: the one way it is made, in this process and in one of its own."""

from __future__ import annotations

from collections.abc import Callable

from iso15118.errors import LocalError
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.protocols import AcOutlet, Outlet
from iso15118.power import Limits


def guard_of(
    board: Board, outlet: Outlet | AcOutlet, limits: Limits, *, discharge_allowed: bool, told: Callable[[str], None]
) -> Guard | AcGuard:
    """It holds to the board, whatever more a driver says that its device can do. `told` hears what a driver has raised.

    Raises LocalError where board and driver do not agree on the kind of current.
    """
    if board.ac is not None and isinstance(outlet, AcOutlet):
        return AcGuard(outlet, limits, around=board.surroundings, discharge_allowed=discharge_allowed, told=told)
    if board.ac is None and isinstance(outlet, Outlet):
        around = board.surroundings
        return Guard(outlet, limits, ramp=board.ramp, around=around, discharge_allowed=discharge_allowed, told=told)
    kind = "direct" if board.ac is None else "alternating"
    raise LocalError(f"the driver of board {board.name!r} has no outlet of {kind} current")
