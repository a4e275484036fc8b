"""Register maps: where a device keeps what, as data.

    name = "Eastron SDM630"
    [points.charged]
    address = 0x48        # as it goes over the wire, from 0
    function = 4          # 3 holding registers, 4 input registers
    type = "f32"          # u16 i16 u32 i32 u64 i64 f32
    order = "big"         # of the words: the high one first; "little": last
    scale = 1000.0        # what it is multiplied by, to be in SI units
    void = 0x7fff         # a high word that means: no value
    plus = { ... }        # a second register, whose value is added

Pure. A wrong map is one line: file, key, what is allowed.
"""

from __future__ import annotations

import struct
import tomllib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.value import Value

TYPES: Final = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f"}
ORDERS: Final = ("big", "little")
FUNCTIONS: Final = (3, 4)
_KEYS: Final = {"address", "function", "type", "order", "scale", "void", "plus"}


class Point(Value):
    """One value: its registers and how they are read."""

    address: int
    function: int = 4
    type: str = "u16"
    order: str = "big"
    scale: float = 1.0
    void: int | None = None
    plus: Point | None = None

    @property
    def count(self) -> int:
        """Registers."""
        return struct.calcsize(TYPES[self.type]) // 2

    def value(self, words: Sequence[int]) -> float | None:
        """In SI units; None: the device has no value, or one that is no number."""
        ordered = list(words) if self.order == "big" else list(reversed(words))
        if self.void is not None and ordered[0] == self.void:
            return None
        (raw,) = struct.unpack(TYPES[self.type], struct.pack(f">{len(ordered)}H", *ordered))
        return float(raw) * self.scale if isfinite(raw) else None


class RegisterMap(Value):
    """What a device has, by name."""

    name: str
    points: Mapping[str, Point]


def load(path: Path, wanted: Sequence[str]) -> RegisterMap:
    """The map in the TOML file `path`, which has all `wanted` points. Raises LocalError."""
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: not TOML: {error}") from None
    unknown = set(keys) - {"name", "points"}
    points = keys.get("points", {})
    if unknown or not isinstance(points, dict) or not isinstance(keys.get("name"), str):
        raise LocalError(f"{path}: {', '.join(sorted(unknown)) or 'name or points'}; allowed: name, a text, and points, tables")
    found = {name: _point(f"{path}: points.{name}", table) for name, table in points.items()}
    missing = [name for name in wanted if name not in found]
    if missing:
        raise LocalError(f"{path}: points.{missing[0]}: missing; allowed: all of {', '.join(wanted)}")
    return RegisterMap(keys["name"], found)


def _point(where: str, table: Any) -> Point:
    if not isinstance(table, dict) or set(table) - _KEYS:
        unknown = ", ".join(sorted(set(table) - _KEYS)) if isinstance(table, dict) else repr(table)
        raise LocalError(f"{where}: {unknown}; allowed: {', '.join(sorted(_KEYS))}")
    words = {"function": 4, "type": "u16", "order": "big", "scale": 1.0, "void": None, "plus": None, **table}
    checks = (
        ("address", type(words.get("address")) is int and 0 <= words["address"] <= 0xFFFF, "0..0xFFFF"),
        ("function", words["function"] in FUNCTIONS, "3 or 4"),
        ("type", words["type"] in TYPES, ", ".join(TYPES)),
        ("order", words["order"] in ORDERS, "big or little"),
        (
            "scale",
            type(words["scale"]) in (int, float) and isfinite(words["scale"]) and words["scale"] != 0,
            "a finite number other than 0",
        ),
        ("void", words["void"] is None or (type(words["void"]) is int and 0 <= words["void"] <= 0xFFFF), "0..0xFFFF"),
    )
    for key, fits, allowed in checks:
        if not fits:
            raise LocalError(f"{where}.{key}: {words.get(key)!r}; allowed: {allowed}")
    plus = None if words["plus"] is None else _point(f"{where}.plus", words["plus"])
    return Point(words["address"], words["function"], words["type"], words["order"], float(words["scale"]), words["void"], plus)
