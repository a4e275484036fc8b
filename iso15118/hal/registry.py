"""Device families by name: the built-in ones, imported when asked for, and foreign ones by entry point.

A foreign package names its factory in the entry point group `chargeloop.hal`; nothing in this tree changes for it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, TypeAlias, cast

from iso15118.errors import LocalError
from iso15118.hal.board import Board
from iso15118.hal.protocols import AcOutlet, Outlet

Family: TypeAlias = Callable[[Board], Outlet | AcOutlet]
"""Makes the outlet a board describes. Raises LocalError if the board's own table is not what the family knows."""

GROUP: Final = "chargeloop.hal"
BUILT_IN: Final = {"simulated": "iso15118.hal.simulated:outlet", "composed": "iso15118.hal.composed:outlet"}


def family(name: str) -> Family:
    """The factory of family `name`. Raises LocalError naming the known ones."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return cast(Family, getattr(import_module(module), attribute))
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    found = entry_points(group=GROUP)
    if name in found.names:
        return cast(Family, found[name].load())
    raise LocalError(f"unknown device family {name!r}; known: {', '.join(sorted({*BUILT_IN, *found.names}))}")


def outlet(board: Board) -> Outlet | AcOutlet:
    """The outlet of `board`, made by its family."""
    return family(board.family)(board)
