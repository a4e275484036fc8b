"""The compiled codec, where it has been built (`make compiled`): describes classes to it, and is asked first by `Schema`.

`compiled.c` walks the same automaton from which `generate` writes Python. It takes the plain case and gives None for all else: the pure
codec then does the work or says what is wrong. So nothing but speed depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final, Protocol

from iso15118.exi.generate import repeats
from iso15118.exi.grammar import ATTRIBUTE, ELEMENT, START, Grammar, Position, lower
from iso15118.exi.message import Binary, Integer, Message, Text
from iso15118.exi.source import table

try:
    from iso15118.exi import _compiled as _found  # type: ignore[attr-defined, unused-ignore]
except ImportError:
    _found = None

ABSENT, MESSAGE, LISTED, SMALL, UNSIGNED, INTEGER, TEXT, BINARY = range(8)
"""The forms of a value, as `compiled.c` numbers them."""
LOWEST: Final = -(2**63)
"""What stands for no lower bound: the compiled codec leaves larger numbers to the pure one."""


class Plan(Protocol):
    """The compiled codec of one class."""

    def encode(self, message: Message, octets: bytes, bit: int, code: int, width: int) -> bytes | None:
        """`octets` with the message from `bit` on and `width` bits of `code` behind it; None: ask the pure codec."""


_plans: dict[type[Message], Plan] = {}
_module: ModuleType | None = _found


def used() -> ModuleType | None:
    """The compiled codec that is at work, if any."""
    return _module


def use(module: ModuleType | None) -> None:
    """Let this compiled module do the work, or none: for tests and benches of both."""
    global _module
    _module = module
    _plans.clear()


def plan_for(cls: type[Message]) -> Plan | None:
    """The compiled codec of a class, made when first asked for; None where none has been built."""
    plan = _plans.get(cls)
    if plan is None and _module is not None:
        plan = _plans[cls] = _module.Plan(cls, describe)
    return plan


class Roots:
    """The compiled decoder of the documents of one schema, or of its fragments."""

    def __init__(self, classes: Sequence[type[Message] | None], width: int, end: str = "") -> None:
        """`classes` by their root code of `width` bits; `end`: the bits behind a fragment."""
        self._classes = classes
        self._width = width
        self._end = int(end or "0", 2), len(end)
        self._made: ModuleType | None = None
        self._plans: tuple[Plan | None, ...] = ()

    def decode(self, data: bytes) -> Message | None:
        """The message; None: ask the pure codec."""
        module = _module
        if module is None:
            return None
        if module is not self._made:
            self._made, self._plans = module, tuple(None if cls is None else plan_for(cls) for cls in self._classes)
        message: Message | None = module.decode(data, self._width, self._plans, *self._end)
        return message


def describe(cls: type[Message]) -> tuple[Any, ...]:
    """The automaton of a class: fields, hidden slots, positions, states, and what is written in which order."""
    grammar = lower(cls)
    names = list(cls.__fields__)
    return (
        tuple((name, name in grammar.lists) for name in names),
        cls.__hidden__,
        tuple(_position(p, names) for p in grammar.positions),
        tuple(_states(grammar)),
        tuple(_units(grammar, names)),
    )


def _position(p: Position, names: list[str]) -> tuple[Any, ...]:
    """(form, framed, many, min, max, field, width, count, low, high, values, indices)."""
    kind: Any = p.value
    if not p.field:
        return ABSENT, False, False, 0, 0, 0, 0, 0, 0, None, None, None
    shape = (p.kind == ELEMENT, p.many, p.min, -1 if p.max is None else p.max, names.index(p.field))
    if isinstance(kind, type) and issubclass(kind, Message):
        return MESSAGE, *shape, 0, 0, 0, None, plan_for(kind), None
    values = table(kind)
    if values is not None:
        width = len(next(iter(values)))
        if isinstance(kind, Integer):
            return SMALL, *shape, width, len(values), kind.low, None, None, None
        return LISTED, *shape, width, len(values), 0, None, tuple(values.values()), {v: i for i, v in enumerate(values.values())}
    match kind:
        case Integer(low, high):
            low = LOWEST if low is None else low
            return UNSIGNED if low >= 0 else INTEGER, *shape, 0, 0, low, high, None, None
        case Text(high, low):
            return TEXT, *shape, 0, 0, low, high, None, None
        case Binary(high, low):
            return BINARY, *shape, 0, 0, low, high, None, None
    raise TypeError(f"{kind} has no EXI representation")


def _states(grammar: Grammar) -> list[tuple[int, tuple[int, ...]]]:
    """Width of the event code and what each code leads to, -1 for nothing: START, then behind each position, twice."""
    states = [grammar.targets(START)]
    for p in grammar.positions:
        states += [grammar.targets(p.index), grammar.exhausted(p.index)]
    usable = {grammar.end, *(p.index for p in grammar.positions if p.field)}
    return [(grammar.width(targets), tuple(t if t in usable else -1 for t in targets)) for targets in states]


def _units(grammar: Grammar, names: list[str]) -> list[tuple[int, tuple[int, ...]]]:
    """Fields in the order in which they are written, each with its positions."""
    found: dict[str, list[int]] = {}
    sent = [p for p in grammar.positions if p.field]
    if repeats(grammar):  # as `walk`: attributes, then the fields in the order of the class
        attributes = [p.field for p in sorted((p for p in sent if p.kind == ATTRIBUTE), key=lambda p: p.wire)]
        found = {name: [] for name in (*attributes, *names)}
    for p in sent:
        found.setdefault(p.field, []).append(p.index)
    return [(names.index(name), tuple(indices)) for name, indices in found.items()]
