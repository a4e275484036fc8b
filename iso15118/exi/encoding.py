"""Writes the encoder of a class: encode(message) -> bits up to and with its END. Mirror: `decoding`."""

from __future__ import annotations

from typing import Any

from iso15118.exi.grammar import ATTRIBUTE, START, Grammar, Position
from iso15118.exi.message import Message
from iso15118.exi.source import Source, State, reader, table
from iso15118.exi.space import name_of, reference


def encode_source(grammar: Grammar) -> str:
    """The source of a class's encoder."""
    return Encoder(grammar, "e_").source()


class Encoder(Source):
    def source(self) -> str:
        self.parts: list[str] = []
        self.begun = False
        cls = f"c_{self.name}"
        self.shared = self.grammar.cls.shared
        self.add(0, f"def e_{self.name}(o):")
        self.add(1, f"if o.__class__ is not {cls}:")
        self.add(2, "raise TypeError")
        states: set[State] = {(START, False)}
        for unit in self.units():
            states = self.unit(states, unit)
        self.parts.append(self.code(states, self.grammar.end))
        if self.shared:
            self.write(1)
            self.add(1, "object.__setattr__(o, '_bits', b)")
            self.add(1, "return b")
        else:
            self.add(1, f"return {'b + ' if self.begun else ''}{self.joined()}")
        return "\n".join(self.lines) + "\n"

    def joined(self) -> str:
        parts, self.parts = self.parts, []
        return 'f"' + "".join(parts) + '"'

    def write(self, depth: int) -> None:
        """Appends what has gathered to the bits written so far."""
        if self.parts or not self.begun:
            self.add(depth, f"b {'+=' if self.begun else '='} {self.joined()}")
            self.begun = True

    def code(self, states: set[State], target: int) -> str:
        """The event code of `target`, whichever of `states` we are in."""
        found = {self.codes(state).get(target) for state in states}
        if len(found) == 1 and None not in found:
            return str(found.pop())
        return f"{{t[{target}]}}"

    def remember(self, depth: int, state: State) -> None:
        self.add(depth, f"t = {self.constant(self.codes(state))}")

    def unit(self, states: set[State], unit: list[Position]) -> set[State]:
        """Writes one element, list or substitution group; the states behind it."""
        field, certain = unit[0].field, self.certain(states, unit[-1].index)
        if certain and len(unit) == 1 and not unit[0].many:
            self.parts.append(self.code(states, unit[0].index))
            self.value(unit[0], f"o.{field}")
            return {(unit[0].index, False)}
        self.write(1)
        if len(states) == 1 and not certain:
            self.remember(1, next(iter(states)))
        self.add(1, f"x = o.{field}")
        behind: set[State] = set()
        word = "if"
        for position in unit:
            test = "x" if position.many else "x is not None" if len(unit) == 1 else f"x.__class__ is {self.cls(position)}"
            self.add(1, f"{word} {test}:")
            behind |= self.items(states, position) if position.many else self.item(states, position)
            word = "elif"
        if certain:
            self.add(1, "else:")
            self.add(2, "raise ValueError")
            return behind
        if len(unit) > 1:
            self.add(1, "elif x is not None:")
            self.add(2, "raise TypeError")
        return states | behind

    def cls(self, position: Position) -> str:
        return f"c_{name_of(position.value)}"  # type: ignore[arg-type]

    def item(self, states: set[State], position: Position) -> set[State]:
        self.parts.append(self.code(states, position.index))
        self.value(position, "x")
        self.write(2)
        self.remember(2, (position.index, False))
        return {(position.index, False)}

    def items(self, states: set[State], position: Position) -> set[State]:
        low, high = position.min, position.max
        again = self.codes((position.index, False))[position.index]
        self.add(2, f"if x.__class__ is not tuple or len(x) < {low}{f' or len(x) > {high}' if high is not None else ''}:")
        self.add(3, "raise ValueError")
        self.parts.append(self.code(states, position.index))
        self.write(2)
        self.value(position, "y")
        piece = self.joined()
        if low > 1:
            self.add(2, f'b += "0".join([{piece} for y in x[:{low}]])')
            self.add(2, f"if len(x) > {low}:")
            self.add(3, f'b += "{again}" + "{again}".join([{piece} for y in x[{low}:]])')
        else:
            self.add(2, f'b += "{again}".join([{piece} for y in x])')
        self.remember(2, (position.index, False))
        behind = {(position.index, False)}
        if high is not None:
            self.add(2, f"if len(x) == {high}:")
            self.remember(3, (position.index, True))
            behind.add((position.index, True))
        return behind

    def value(self, position: Position, source: str) -> None:
        """Gathers the bits of a value with its element's framing."""
        kind: Any = position.value
        if isinstance(kind, type) and issubclass(kind, Message):
            if kind.shared:
                self.parts.append(
                    f"{{({source}._bits if {source}.__class__ is c_{name_of(kind)} else None) or {reference('e_', kind)}({source})}}"
                )
            else:
                self.parts.append(f"{{{reference('e_', kind)}({source})}}")
            return
        head, tail = ("", "") if position.kind in (ATTRIBUTE, "characters") else ("0", "0")
        values = table(kind)
        if values is not None:
            name = self.constant({value: head + code + tail for code, value in values.items()})
            self.parts.append(f"{{{name}[{source}]}}")
            return
        how, arguments = reader(kind)
        self.parts.append(f"{head}{{write_{how}({source}, {arguments})}}{tail}")
