"""The points of SunSpec's models 701 to 715 that are used here: where they stand, what they are, which scale factor is theirs.

Offsets count from a model's ID register, as the SunSpec Alliance's model definitions have them. High word first. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import trunc
from typing import Final, NamedTuple

from iso15118.errors import LocalError

KINDS: Final = {"u16": (">H", 0xFFFF), "i16": (">h", -0x8000), "u32": (">I", 0xFFFFFFFF), "i32": (">i", -0x80000000)}
"""How a value is packed, and the one that means: not implemented."""
READABLE: Final = 125
"""Registers in one request."""


class Field(NamedTuple):
    """A point: registers from the ID on, a kind, and the name of its scale factor, if it has one."""

    offset: int
    kind: str = "u16"
    scale: str = ""


_PHASES = ((1, 41), (2, 64), (3, 87))

FIELDS: Final[Mapping[int, Mapping[str, Field]]] = {
    701: {
        "ACType": Field(2),
        "InvSt": Field(4),
        "Alrm": Field(6, "u32"),
        "W": Field(10, "i16", "W_SF"),
        "Var": Field(12, "i16", "Var_SF"),
        "LNV": Field(16, "u16", "V_SF"),
        "Hz": Field(17, "u32", "Hz_SF"),
        **{f"WL{phase}": Field(at, "i16", "W_SF") for phase, at in _PHASES},
        **{f"VarL{phase}": Field(at + 2, "i16", "Var_SF") for phase, at in _PHASES},
        **{f"VL{phase}": Field(at + 6, "u16", "V_SF") for phase, at in _PHASES},
        "V_SF": Field(114, "i16"),
        "Hz_SF": Field(115, "i16"),
        "W_SF": Field(116, "i16"),
        "Var_SF": Field(119, "i16"),
    },
    702: {
        "WMaxRtg": Field(2, "u16", "W_SF"),
        "WChaRteMaxRtg": Field(10, "u16", "W_SF"),
        "WDisChaRteMaxRtg": Field(11, "u16", "W_SF"),
        "VNomRtg": Field(14, "u16", "V_SF"),
        "AMaxRtg": Field(17, "u16", "A_SF"),
        "WMax": Field(26, "u16", "W_SF"),
        "WChaRteMax": Field(34, "u16", "W_SF"),
        "WDisChaRteMax": Field(35, "u16", "W_SF"),
        "VNom": Field(38, "u16", "V_SF"),
        "AMax": Field(41, "u16", "A_SF"),
        "W_SF": Field(45, "i16"),
        "V_SF": Field(49, "i16"),
        "A_SF": Field(50, "i16"),
    },
    703: {"ES": Field(2)},
    704: {
        "WSetEna": Field(22),
        "WSetMod": Field(23),
        "WSet": Field(24, "i32", "WSet_SF"),
        "WSetRvrt": Field(26, "i32", "WSet_SF"),
        "WSetEnaRvrt": Field(30),
        "WSetRvrtTms": Field(31, "u32"),
        "WSet_SF": Field(55, "i16"),
    },
    715: {"LocRemCtl": Field(2), "ControllerHb": Field(5, "u32"), "OpCtl": Field(8)},
}


class Model:
    """One model of a device: its place, and what has last been read of it."""

    def __init__(self, number: int, address: int, length: int) -> None:
        """`address` of its ID register; `length` in registers, without ID and L. Raises LocalError where it is too short for its points."""
        self.number, self.address = number, address
        self.fields = FIELDS[number]
        self.words = [0xFFFF] * (length + 2)
        least = max(field.offset + count(field) for field in self.fields.values())
        if len(self.words) < least:
            raise LocalError(f"model {number}: length {length}; allowed: {least - 2} or more")

    def take(self, offset: int, words: Sequence[int]) -> None:
        """What has been read, from `offset` on."""
        self.words[offset : offset + len(words)] = words

    def words_at(self, name: str) -> list[int]:
        """The registers of a point."""
        field = self.fields[name]
        return self.words[field.offset : field.offset + count(field)]

    def raw(self, name: str) -> int | None:
        """As it stands in the registers; None: not implemented."""
        form, void = KINDS[self.fields[name].kind]
        words = self.words_at(name)
        (value,) = struct.unpack(form, struct.pack(f">{len(words)}H", *words))
        return None if value == void else int(value)

    def value(self, name: str) -> float | None:
        """In SI units; None: not implemented, or with a scale factor that is none."""
        raw, scale = self.raw(name), self._scale(name)
        return None if raw is None or scale is None else raw * scale

    def needed(self, name: str) -> float:
        """`value`. Raises LocalError where there is none."""
        value = self.value(name)
        if value is None:
            raise LocalError(f"model {self.number}: {name}: not implemented; allowed: a value")
        return value

    def words_of(self, name: str, value: float) -> list[int]:
        """`value` as registers, rounded towards 0: never more than was meant. Raises LocalError where it does not fit."""
        form, void = KINDS[self.fields[name].kind]
        scale = self._scale(name)
        try:
            raw = trunc(value / scale) if scale else void
            if raw == void:
                raise OverflowError
            packed = struct.pack(form, raw)
        except (struct.error, OverflowError, ValueError):
            raise LocalError(f"model {self.number}: {name}: {value} does not fit its registers") from None
        return list(struct.unpack(f">{len(packed) // 2}H", packed))

    def at(self, name: str) -> int:
        """The address of a point's first register."""
        return self.address + self.fields[name].offset

    def _scale(self, name: str) -> float | None:
        """What a raw value is multiplied by: 1 without a scale factor, None for one outside -10..10."""
        factor = self.fields[name].scale
        power = (self.raw(factor) or 0) if factor else 0
        return 10.0**power if -10 <= power <= 10 else None


def count(field: Field) -> int:
    """Its registers."""
    return struct.calcsize(KINDS[field.kind][0]) // 2
