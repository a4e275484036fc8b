"""The words of InfyPower's modules, both protocols: how an id is laid out, and what the status bits mean.

Facts of the open EVerest drivers; hw/infypower_reg and hw/infypower_beg1k075g say what is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from iso15118.hal.protocols import Health

CONTROLLER: Final = 0xF0
"""We."""
BROADCAST: Final = 0x3F
TO_US: Final = (CONTROLLER << 8, 0xFF00, True)
"""What a receiving filter lets through."""
BUSY: Final = 7
"""An error code that is none: the order is being carried out."""
ERRORS: Final = {2: "command invalid", 3: "data invalid"}

DC_OFF: Final = 1 << 8
LIMITED: Final = 1 << 16
"""Bits of a status: bytes 5 to 7 of its reply, the last one lowest."""
_BAD, _LESS = Health.FAILED, Health.DEGRADED
_ILLS: Final = {
    0: ("output short circuit", _BAD),
    5: ("discharge abnormal", _BAD),
    9: ("fault", _BAD),
    10: ("protection active", _BAD),
    11: ("fan fault", _LESS),
    12: ("over-temperature", _BAD),
    13: ("output over-voltage", _BAD),
    15: ("communication interrupted", _LESS),
    16: ("power limited", _LESS),
    17: ("two modules of one address", _BAD),
    18: ("load sharing alarm", _LESS),
    19: ("input phase lost", _BAD),
    20: ("input unbalanced", _LESS),
    21: ("input under-voltage", _BAD),
    22: ("input over-voltage", _BAD),
}
"""Bit -> its name and what it means for health. The rest are states: sleeping, DC side off, walk-in, PFC side off."""


class Ident(NamedTuple):
    """What is in a 29-bit id."""

    command: int
    destination: int
    source: int = CONTROLLER
    error: int = 0
    group: bool = False
    """To or from a group instead of one module."""

    def pack(self) -> int:
        """The id."""
        return self.error << 26 | (0x0B if self.group else 0x0A) << 22 | self.command << 16 | self.destination << 8 | self.source


def ident(raw: int) -> Ident:
    """What is in the id `raw`. Every number is one."""
    return Ident(raw >> 16 & 0x3F, raw >> 8 & 0xFF, raw & 0xFF, raw >> 26 & 7, raw >> 22 & 0xF == 0x0B)


def status_of(data: bytes) -> int:
    """The 24 status bits of a reply of 8 bytes."""
    return int.from_bytes(data[5:8], "big")


def health_of(status: int) -> tuple[Health, str]:
    """The worst of what a status says, and all of it by name."""
    found = list(_found(status))
    return max((health for _, health in found), default=Health.GOOD), ", ".join(name for name, _ in found)


def _found(status: int) -> Iterator[tuple[str, Health]]:
    return (ill for bit, ill in _ILLS.items() if status >> bit & 1)
