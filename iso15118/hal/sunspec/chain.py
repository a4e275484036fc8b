"""Where the models of a SunSpec device stand: a chain of (id, length) behind the mark "SunS". No order of models is taken for granted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import RefusedError

BASES: Final = (40000, 0, 50000)
"""Where the mark may stand."""
MARK: Final = [0x5375, 0x6E53]
END: Final = 0xFFFF
MOST: Final = 60
"""Models of a device; a chain that is longer has no end (ours: devices have up to some 30)."""


def scan(read: Callable[[int, int], list[int]]) -> dict[int, tuple[int, int]]:
    """Address of the ID register and length, by model; of a model that is there several times, the first. `read(address, count)`.

    Raises LocalError where there is no chain, or none with an end, and OSError as `read` does.
    """
    address = _base(read) + len(MARK)
    found: dict[int, tuple[int, int]] = {}
    for _ in range(MOST):
        if address > 0xFFFF:
            raise LocalError(f"the chain of models leads to register {address}; allowed: up to 65535")
        [number] = read(address, 1)
        if number == END:
            return found
        [length] = read(address + 1, 1) if address < 0xFFFF else [0]
        found.setdefault(number, (address, length))
        address += 2 + length
    raise LocalError(f"the chain of models has no end; allowed: up to {MOST} models")


def _base(read: Callable[[int, int], list[int]]) -> int:
    """Where the mark stands. A device may refuse registers that it has not."""
    for base in BASES:
        try:
            if read(base, len(MARK)) == MARK:
                return base
        except RefusedError:
            continue
    raise LocalError(f"no SunSpec device: no mark SunS; allowed: at {', '.join(map(str, BASES))}")
