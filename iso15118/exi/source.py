"""What writing a decoder and writing an encoder share: the lines, the tables they look into, and what a grammar says of a state."""

from __future__ import annotations

from typing import Any, Final

from iso15118.exi.grammar import UNUSABLE, Grammar, Position
from iso15118.exi.message import Binary, Enumeration, Integer, Text
from iso15118.exi.space import SPACE, name_of

State = tuple[int, bool]
"""Behind which position, and whether its last allowed occurrence has been reached."""

SMALL: Final = 4096
"""A bounded integer of at most so many values is an n-bit field; a table holds them all."""


def table(kind: Any) -> dict[str, Any] | None:
    """Bits to value for the types that are an n-bit field; None for all others."""
    if kind is bool:
        return {"0": False, "1": True}
    if isinstance(kind, type) and issubclass(kind, Enumeration):
        members = list(kind)
        width = (len(members) - 1).bit_length()
        return {format(i, f"0{width}b") if width else "": member for i, member in enumerate(members)}
    if isinstance(kind, Integer) and kind.low is not None and kind.high is not None and kind.high - kind.low < SMALL:
        width = (kind.high - kind.low).bit_length()
        return {format(v - kind.low, f"0{width}b") if width else "": v for v in range(kind.low, kind.high + 1)}
    return None


def reader(kind: Any) -> tuple[str, str]:
    """Which pair of `bits` codes the other simple types, and their arguments in source form."""
    match kind:
        case Integer(low, high) if low is not None and low >= 0:
            return "unsigned", f"{low}, {high}"
        case Integer(low, high):
            return "integer", f"{low}, {high}"
        case Text(high, low):
            return "text", f"{low}, {high}"
        case Binary(high, low):
            return "binary", f"{low}, {high}"
    raise TypeError(f"{kind} has no EXI representation")


class Source:
    """Lines of one function, its constants, and the bits that are certain but not yet compared or written."""

    def __init__(self, grammar: Grammar, prefix: str) -> None:
        self.grammar = grammar
        self.name = name_of(grammar.cls)
        self.prefix = prefix
        self.lines: list[str] = []
        self.pending = ""
        self.constants = 0

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def constant(self, value: Any) -> str:
        """A name in the namespace for a table; equal tables of one function share it."""
        for index in range(self.constants):
            name = f"k_{self.prefix}{self.name}_{index}"
            if SPACE[name] == value and list(map(type, SPACE[name].values())) == list(map(type, value.values())):
                return name
        name = f"k_{self.prefix}{self.name}_{self.constants}"
        SPACE[name] = value
        self.constants += 1
        return name

    def targets(self, state: State) -> list[int]:
        return self.grammar.exhausted(state[0]) if state[1] else self.grammar.targets(state[0])

    def codes(self, state: State) -> dict[int, str]:
        return self.grammar.codes(self.targets(state))

    def certain(self, states: set[State], last: int) -> bool:
        """True where no state may jump beyond position `last`: whatever came before, one up to it must come now."""
        return all(max(self.targets(state)) <= last for state in states)

    def units(self) -> list[list[Position]]:
        """Positions that can be sent, those of one substitution group together."""
        units: list[list[Position]] = []
        for position in self.grammar.positions:
            if position.kind == UNUSABLE and not position.field:
                continue
            if units and units[-1][0].field == position.field:
                units[-1].append(position)
            else:
                units.append([position])
        return units
