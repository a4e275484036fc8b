"""What a message class says of itself, for people to read: its rows, its content model, its facets in words.

Read from the same positions that `grammar` lowers, so that a table cannot tell anything else than the codec does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from iso15118.exi.bits import UNBOUNDED_OCTETS
from iso15118.exi.grammar import ATTRIBUTE, UNUSABLE, Position, Value, fields
from iso15118.exi.message import Binary, Choice, Element, Enumeration, Integer, Message, Relaxed, Sequence, Text, Wildcard
from iso15118.exi.source import table

Type: TypeAlias = type[Message] | type[Enumeration]

_NAMES: Final = {
    (-(2**7), 2**7 - 1): "byte",
    (-(2**15), 2**15 - 1): "short",
    (-(2**31), 2**31 - 1): "int",
    (-(2**63), 2**63 - 1): "long",
    (0, 2**8 - 1): "unsignedByte",
    (0, 2**16 - 1): "unsignedShort",
    (0, 2**32 - 1): "unsignedInt",
    (0, 2**64 - 1): "unsignedLong",
}


class Row(NamedTuple):
    """An element, attribute or text of a class.

    `kind`: one of ELEMENT, ATTRIBUTE, CHARACTERS of `grammar`. `low`, `high`: how often it stands, `high` None: unbounded. `among`: of how
    many, itself included, one is chosen; 1: no choice. `head`: the abstract element whose place it takes, or "".
    """

    wire: str
    field: str
    kind: str
    value: Value
    low: int
    high: int | None
    among: int = 1
    head: str = ""

    @property
    def occurs(self) -> str:
        """`0..1`, `1..1024`, `1..∞`; `1 of 4` where exactly one of so many stands, `0..1 of 4` where at most one does."""
        if self.among > 1:
            return f"{'1' if self.low else '0..1'} of {self.among}"
        return f"{self.low}..{'∞' if self.high is None else self.high}"


def rows(cls: type[Message]) -> tuple[Row, ...]:
    """What a class has: attributes by name, then elements and text in the order of its fields."""
    found = [row for name, entry in fields(cls).items() for row in _rows(cls, name, entry)]
    attributes = sorted((row for row in found if row.kind == ATTRIBUTE), key=lambda row: row.wire)
    return (*attributes, *(row for row in found if row.kind != ATTRIBUTE))


def _rows(cls: type[Message], name: str, entry: Position | list[Position]) -> list[Row]:
    if isinstance(entry, list):
        head = next((p.wire for p in entry if p.kind == UNUSABLE), "")
        members = [(p, p.value) for p in entry if p.value is not None]
        return [Row(p.wire, name, p.kind, value, p.min, 1, len(members), head) for p, value in members]
    if entry.value is None:
        return []
    group = next((group for group in cls.choice if name in group), ())
    chosen = sum(map(bool, group)) or 1
    low = int("" not in group) if group else entry.min
    return [Row(entry.wire, name, entry.kind, entry.value, low, entry.max, chosen)]


def used(cls: type[Message]) -> tuple[Type, ...]:
    """The message classes and enumerations that stand in a class, each once."""
    values = (row.value for row in rows(cls))
    return tuple(dict.fromkeys(v for v in values if isinstance(v, type) and issubclass(v, Message | Enumeration)))


def reached(roots: Iterable[Type]) -> tuple[Type, ...]:
    """The message classes and enumerations that stand in `roots` at any depth, these included, each once."""
    found: dict[Type, None] = {}
    left = list(roots)
    while left:
        cls = left.pop()
        if cls not in found:
            found[cls] = None
            left += used(cls) if issubclass(cls, Message) else ()
    return tuple(found)


def model(cls: type[Message]) -> str:
    """The content of a class whose rows do not say how they go together, `(P, Q)?, G?, Y`; "" for all others.

    `,` in this order, `|` one of them, `?` may be absent, `*` any number, `+` at least one; `any` is room for what is never sent.
    """
    if cls.content is None or isinstance(cls.content, Relaxed):
        return ""
    wires = {row.field: row.wire for row in rows(cls)}
    said = _model(cls.content, wires)
    return said[1:-1] if said.startswith("(") and said.endswith(")") else said


def _model(item: Element | Wildcard | Sequence | Choice, wires: dict[str, str]) -> str:
    match item:
        case Element(field):
            said = wires[field]
        case Wildcard():
            said = "any"
        case _:
            parts = [_model(part, wires) for part in item.items]
            said = (", " if isinstance(item, Sequence) else " | ").join(parts)
            if len(parts) > 1:
                said = f"({said})"
    if item.max is None:
        return f"{said}{'+' if item.min else '*'}"
    return said if item.min else f"{said}?"


def facets(value: Value) -> str:
    """A simple type in words: its bounds, and the bits it takes on the wire beside its event codes; a class by its name."""
    match value:
        case Integer(low, high):
            name = "integer" if low is None or high is None else _NAMES.get((low, high), "integer")
            return f"{name}{_bounds(low, high)}, {width(value)}"
        case Text(high, low):
            return f"string, {_length(low, high, 'character')}"
        case Binary(high, low):
            return f"{'hexBinary' if value.hex else 'base64Binary'}, {_length(low, high, 'octet')}"
        case _ if value is bool:
            return f"boolean, {width(value)}"
        case _:
            return value.__name__


def width(value: Value) -> str:
    """The bits of an integer, boolean or enumeration: one number for a field of n bits, else from its least value to its greatest."""
    values = table(value)
    if values is not None:
        bits = len(next(iter(values)))
        return f"{bits} bit{'' if bits == 1 else 's'}"
    if not isinstance(value, Integer):
        raise TypeError(f"{value} has no width of its own")
    low, high = value.low, value.high
    if low is not None and low >= 0:
        return f"{_octets(low) * 8}..{(UNBOUNDED_OCTETS if high is None else _octets(high)) * 8} bits"
    least = 0 if high is None or high >= 0 else -high - 1
    most = UNBOUNDED_OCTETS if low is None or high is None else _octets(max(high, -low - 1))
    return f"{1 + _octets(least) * 8}..{1 + most * 8} bits"


def _octets(number: int) -> int:
    """Octets of an Unsigned Integer, 7 bits each."""
    return (number.bit_length() + 6) // 7 or 1


def _bounds(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return ""
    return f" {'-∞' if low is None else _number(low)}..{'∞' if high is None else _number(high)}"


def _number(number: int) -> str:
    """In digits, but a power of two beyond 32 bits as such."""
    exponent = abs(number).bit_length()
    if exponent > 33:
        if number == 2**exponent - 1:
            return f"2^{exponent}-1"
        if number == -(2 ** (exponent - 1)):
            return f"-2^{exponent - 1}"
    return str(number)


def _length(low: int, high: int | None, unit: str) -> str:
    if high is None:
        return f"any number of {unit}s" if not low else f"{low} or more {unit}s"
    return f"{high if low == high else f'{low}..{high}'} {unit}{'' if high == 1 else 's'}"
