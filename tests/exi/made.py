"""Valid messages of any class, by a walk through its grammar."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from iso15118.exi import Message
from iso15118.exi.grammar import START, Position, Value, lower
from iso15118.exi.message import Binary, Enumeration, Integer, Text

EDGES = (0, 1, 127, 128, 255, 256, 16_383, 16_384, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
LEGAL = ((0x20, 0x7E), (0xA0, 0xFF), (0x100, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
"""What XML allows, the first and the last of each range, without controls; and"""
BLANK = "\t\n\r"
UNSENT = ("SignatureProperties", "SignatureProperty")
"""Elements in which something has to stand for which there is only a wildcard."""
LONG = "a\u00e9\u6f22\U0001f50c" * 75


class DeadEndError(Exception):
    """Only a wildcard may stand here, which no class can say."""


def messages(cls: type[Message], count: int, seed: str) -> list[Message]:
    """So many messages of class `cls`, by the seed always the same ones. Raises DeadEndError if there are none."""
    random, found = Random(f"{cls.__qualname__} {seed}"), []
    for _ in range(100 * count):
        with suppress(DeadEndError):
            found.append(message(cls, random))
        if len(found) == count:
            return found
    raise DeadEndError


def message(cls: type[Message], random: Random) -> Message:
    """One of class `cls`: every optional part may be there or not, every list short, long or full, every value at its edges."""
    grammar = lower(cls)
    found: dict[str, Any] = {name: [] for name in grammar.lists}
    state, count = START, 0
    while True:
        at = grammar.positions[state] if state != START else None
        targets: Sequence[int] = grammar.targets(state)
        if at is not None and at.repeats and state in targets:
            if count < at.min:
                targets = [state]
            elif at.max is not None and count >= at.max:
                targets = grammar.exhausted(state)
        possible = [t for t in targets if t == grammar.end or fresh(grammar.positions[t], found)]
        if not possible:
            raise DeadEndError
        taken = random.choice(possible)
        if taken == grammar.end:
            return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})
        position = grammar.positions[taken]
        made = value(position.value, random)
        count = count + 1 if taken == state else 1
        state = taken
        if position.many:
            found[position.field].append(made)
        else:
            found[position.field] = made


def fresh(position: Position, found: dict[str, Any]) -> bool:
    """Can it be sent, and does the message have a place for it still?"""
    return bool(position.field) and (position.many or position.field not in found)


def value(kind: Value | None, random: Random) -> Any:
    """What an element, attribute or text of this type may hold."""
    match kind:
        case Integer(low, high):
            ends = [edge for edge in (low, high) if edge is not None]
            drawn = [sign * edge for edge in (*EDGES, random.getrandbits(random.randint(1, 70))) for sign in (1, -1)]
            return random.choice(ends + [n for n in drawn if (low is None or low <= n) and (high is None or n <= high)])
        case Text(high, low):
            return LONG[:high] if random.randrange(4) == 0 else text(random, random.randint(low, max(low, min(high or 20, 20))))
        case Binary(high, low):
            return random.randbytes(random.randint(low, max(low, min(high or 40, 40))))
    if kind is bool:
        return random.choice((False, True))
    assert isinstance(kind, type)
    return random.choice(list(kind)) if issubclass(kind, Enumeration) else message(kind, random)


def text(random: Random, length: int) -> str:
    """So many legal characters."""
    return "".join(random.choice(BLANK) if random.randrange(20) == 0 else chr(random.randint(*random.choice(LEGAL))) for _ in range(length))
