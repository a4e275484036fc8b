"""Lowers a message class to its EXI grammar: a list of positions and, behind each, what may come next.

A content model becomes a position automaton: every element, attribute, character or wildcard particle is a position, and a
state is "just behind position p" (or START). The productions of a state are the positions that may follow, in EXI's order, and END.
A repeated element follows itself; its counter is kept by the generated code, everything else is in the automaton.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import Any, Final

from iso15118.exi.message import (
    Attribute,
    Binary,
    Choice,
    Content,
    Element,
    Enumeration,
    Head,
    Integer,
    Message,
    Name,
    Occurs,
    Relaxed,
    Sequence,
    Text,
    Wildcard,
    wire_name,
)

Value = Integer | Text | Binary | type[bool] | type[Enumeration] | type[Message]
"""What a position holds: a simple type, or a message class."""

ELEMENT, ATTRIBUTE, CHARACTERS, UNUSABLE = "element", "attribute", "characters", "unusable"


@dataclasses.dataclass(slots=True)
class Position:
    """One particle of a content model. `field` is "" for what can never be sent (wildcards, abstract heads)."""

    kind: str
    wire: str
    field: str = ""
    value: Value | None = None
    min: int = 1
    max: int | None = 1
    many: bool = False
    index: int = -1
    follow: list[int] = dataclasses.field(default_factory=list)

    @property
    def repeats(self) -> bool:
        """True for an element that may follow itself by its own maxOccurs."""
        return self.max != 1


START: Final = -1


@dataclasses.dataclass(slots=True)
class Grammar:
    """The automaton of one class. `end` is the index that stands for END (the element is over); `lists` are the tuple fields."""

    cls: type[Message]
    positions: list[Position]
    start: list[int]
    end: int
    lists: tuple[str, ...]
    loops: bool

    def targets(self, state: int) -> list[int]:
        """Productions of a state, in order: indices of positions, `end` for END."""
        return self.start if state == START else self.positions[state].follow

    def exhausted(self, state: int) -> list[int]:
        """Productions behind the last allowed occurrence of a repeated element."""
        return [target for target in self.targets(state) if target != state]

    def width(self, targets: list[int]) -> int:
        """Bits of an event code here: one value more than there are productions is reserved (the escape of non-strict grammars)."""
        content = any(t == self.end or self.positions[t].kind != ATTRIBUTE for t in targets)
        return (len(targets) + (self.cls.mixed and content)).bit_length()

    def codes(self, targets: list[int]) -> dict[int, str]:
        """Target to event code, as a string of bits, for every target that can be sent."""
        width = self.width(targets)
        return {t: format(i, f"0{width}b") for i, t in enumerate(targets) if t == self.end or self.positions[t].field}


@cache
def fields(cls: type[Message]) -> dict[str, Position | list[Position]]:
    """Field name to its position, or those of its substitution group, by the annotations. Raises TypeError on what has no grammar."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return {name: _field(cls, name, hints[name]) for name in cls.__fields__}


def _field(cls: type[Message], name: str, hint: Any) -> Position | list[Position]:
    marks, kind = _strip(hint)
    choices = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    members = [m for m in choices if m is not type(None)]
    optional = len(members) < len(choices)
    if len(members) > 1 or Head in map(type, marks):
        return _group(name, members, marks, optional)
    more, kind = _strip(members[0])
    marks = [*more, *marks]
    occurs = next((m for m in marks if isinstance(m, Occurs)), None)
    if typing.get_origin(kind) is tuple:
        more, kind = _strip(typing.get_args(kind)[0])
        marks = [*more, *marks]
        occurs = occurs or Occurs(0, None)
    wire = next((m.wire for m in reversed(marks) if isinstance(m, Name)), None) or wire_name(name)
    value = next((m for m in marks if isinstance(m, Integer | Text | Binary)), kind)
    if not (
        isinstance(value, Integer | Text | Binary)
        or value is bool
        or (isinstance(value, type) and issubclass(value, Enumeration | Message))
    ):
        raise TypeError(f"{cls.__name__}.{name}: {hint} has no EXI representation")
    how = (
        ATTRIBUTE if any(isinstance(m, Attribute) for m in marks) else CHARACTERS if any(isinstance(m, Content) for m in marks) else ELEMENT
    )
    if occurs:
        return Position(how, wire, name, value, occurs.min, occurs.max, many=True)
    return Position(how, wire, name, value, 0 if optional else 1)


def _strip(hint: Any) -> tuple[list[Any], Any]:
    """The metadata of nested Annotated, and what they annotate."""
    marks: list[Any] = []
    while typing.get_origin(hint) is typing.Annotated:
        hint, *more = typing.get_args(hint)
        marks = [*more, *marks]
    return marks, hint


def _group(name: str, members: list[Any], marks: list[Any], optional: bool) -> list[Position]:
    """A substitution group: its members and abstract heads sorted by element name."""
    low = 0 if optional else 1
    group = [Position(ELEMENT, member.__name__, name, member, low) for member in members]
    group += [Position(UNUSABLE, mark.wire, "", None, low) for mark in marks if isinstance(mark, Head)]
    return sorted(group, key=lambda position: position.wire)


@cache
def lower(cls: type[Message]) -> Grammar:
    """The grammar of a class, made once. Raises TypeError where a class describes no grammar."""
    if cls.__dict__.get("abstract"):
        raise TypeError(f"{cls.__name__} is abstract: it has no content of its own")
    if isinstance(cls.content, Relaxed):
        return _relaxed(cls, cls.content)
    positions: list[Position] = []
    builder = _Builder(positions, fields(cls))
    attributes = sorted(_leaves(fields(cls), ATTRIBUTE), key=lambda p: p.wire)
    model = Sequence(*(Element(p.field, p.min) for p in attributes), cls.content or _regular(cls))
    root = builder.place(model)
    end = len(positions)
    start, nullable = builder.first(root)
    if nullable:
        start = [*start, end]
    builder.link(root, [end])
    for position in positions:
        if position.repeats and position.index not in position.follow:
            position.follow.insert(0, position.index)
    loops = any(target < position.index for position in positions for target in position.follow)
    loops = loops or any(p.index in p.follow and not p.repeats for p in positions)
    lists = tuple(p.field for p in _leaves(fields(cls), None) if p.many)
    return Grammar(cls, positions, start, end, lists, loops)


def _relaxed(cls: type[Message], model: Relaxed) -> Grammar:
    """Attributes and text where everything is offered: all attributes until the text, all elements before and behind it."""
    attributes = sorted(_leaves(fields(cls), ATTRIBUTE), key=lambda p: model.at[p.field])
    (text,) = _leaves(fields(cls), CHARACTERS)
    positions = [Position(UNUSABLE, "*"), *(dataclasses.replace(p, follow=[]) for p in (*attributes, text))]
    for index, position in enumerate(positions):
        position.index = index
    last, end = len(attributes) + 1, len(positions)
    elements = [0] * (model.elements + 1)  # and one for SE(*)
    for index in range(last):  # position 0 stands for all that is never sent; behind it comes what may come at the start
        offered = [0] * (model.attributes + 1)  # and one for AT(*)
        for later in positions[index + 1 : last]:
            offered[model.at[later.field]] = later.index
        positions[index].follow = [*offered, *elements, 0, last]  # an END instead of the text would be an empty element
    positions[last].follow = [*elements, end, 0]  # and more text
    return Grammar(cls, positions, positions[0].follow, end, (), False)


def _leaves(table: dict[str, Position | list[Position]], kind: str | None) -> list[Position]:
    return [p for p in table.values() if isinstance(p, Position) and kind in (None, p.kind)]


def _regular(cls: type[Message]) -> Sequence:
    """The content model of a class that says it by the order of its fields: a sequence with its choices."""
    items: list[Element | Choice] = []
    chosen = {name: group for group in cls.choice for name in group if name}
    for name, position in fields(cls).items():
        if isinstance(position, Position) and position.kind == ATTRIBUTE:
            continue
        group = chosen.get(name)
        if group is None:
            low, high = (position.min, position.max) if isinstance(position, Position) else (position[0].min, 1)
            items.append(Element(name, low, high))
        elif name == next(filter(None, group)):
            items.append(Choice(*(Element(member) for member in group if member), min=0 if "" in group else 1))
    return Sequence(*items)


class _Node:
    """A content model with its positions placed: a leaf (one position, or the members of a substitution group) or a group."""

    __slots__ = ("children", "leaves", "max", "min", "sequence")

    def __init__(self, leaves: list[int], children: list[_Node], sequence: bool, low: int, high: int | None) -> None:
        self.leaves = leaves
        self.children = children
        self.sequence = sequence
        self.min = low
        self.max = high


class _Builder:
    """Places positions in schema order and links each to what may follow it."""

    def __init__(self, positions: list[Position], table: dict[str, Position | list[Position]]) -> None:
        self.positions = positions
        self.table = table

    def place(self, item: Element | Wildcard | Sequence | Choice) -> _Node:
        match item:
            case Element(name, low, high):
                entry = self.table[name]
                group = entry if isinstance(entry, list) else [entry]
                leaves = [self._add(p, low, high) for p in group]
                return _Node(leaves, [], False, low, 1)
            case Wildcard(low, high):
                return _Node([self._add(Position(UNUSABLE, "*"), low, high)], [], False, low, 1)
            case _:
                children = [self.place(child) for child in item.items]
                return _Node([], children, isinstance(item, Sequence), item.min, item.max)

    def _add(self, p: Position, low: int, high: int | None) -> int:
        placed = Position(p.kind, p.wire, p.field, p.value, low, high, p.many, len(self.positions))
        self.positions.append(placed)
        return placed.index

    def first(self, node: _Node) -> tuple[list[int], bool]:
        """The positions a node may begin with, and whether it may be left out altogether."""
        if node.leaves:
            return node.leaves, node.min == 0
        begin: list[int] = []
        if node.sequence:
            for child in node.children:
                more, nullable = self.first(child)
                begin += more
                if not nullable:
                    return begin, node.min == 0
            return begin, True
        nullable = node.min == 0
        for child in node.children:
            more, empty = self.first(child)
            begin += more
            nullable = nullable or empty
        return begin, nullable

    def link(self, node: _Node, after: list[int]) -> None:
        """Fills `follow` inside the node, given what may come behind it."""
        if node.leaves:
            for leaf in node.leaves:
                self.positions[leaf].follow = list(after)
            return
        if node.max != 1:
            after = list(dict.fromkeys(self.first(node)[0] + after))
        if not node.sequence:
            for child in node.children:
                self.link(child, after)
            return
        behind = after
        for child in reversed(node.children):
            self.link(child, behind)
            begin, nullable = self.first(child)
            behind = list(dict.fromkeys(begin + behind)) if nullable else begin
