"""Valid messages of any class, by a walk through its grammar."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from iso15118.exi import Message
from iso15118.exi.grammar import START, Position, Value, lower
from iso15118.exi.message import Binary, Enumeration, Integer, Text

EDGES = (0, 1, 127, 128, 255, 256, 16_383, 16_384, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
LEGAL = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
"""What XML allows."""


@st.composite
def messages(draw: st.DrawFn, cls: type[Message]) -> Message:
    """A message of class `cls`: every optional part may be there or not, every list short, long or full, every value at its edges."""
    grammar = lower(cls)
    found: dict[str, Any] = {name: [] for name in grammar.lists}
    state, count = START, 0
    while True:
        at = grammar.positions[state] if state != START else None
        targets = grammar.targets(state)
        if at is not None and at.repeats and state in targets:
            if count < at.min:
                targets = [state]
            elif at.max is not None and count >= at.max:
                targets = grammar.exhausted(state)
        possible = [t for t in targets if t == grammar.end or fresh(grammar.positions[t], found)]
        if not possible:  # only a wildcard may stand here
            reject()
        taken = draw(st.sampled_from(possible))
        if taken == grammar.end:
            return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})
        position = grammar.positions[taken]
        value = draw(values(position.value))
        count = count + 1 if taken == state else 1
        state = taken
        if position.many:
            found[position.field].append(value)
        else:
            found[position.field] = value


def fresh(position: Position, found: dict[str, Any]) -> bool:
    """Can it be sent, and does the message have a place for it still?"""
    return bool(position.field) and (position.many or position.field not in found)


@cache
def values(kind: Value | None) -> st.SearchStrategy[Any]:
    """What an element, attribute or text of this type may hold."""
    match kind:
        case Integer(low, high):
            edges = [edge for n in EDGES for edge in (n, -n) if (low is None or low <= edge) and (high is None or edge <= high)]
            return st.integers(low, high) | st.sampled_from([edge for edge in (low, high) if edge is not None] + edges)
        case Text(high, low):
            return st.text(LEGAL, min_size=low, max_size=min(high or 20, 20)) | st.just("a\u00e9\u6f22\U0001f50c" * 75).map(
                lambda long: long[:high]
            )
        case Binary(high, low):
            return st.binary(min_size=low, max_size=max(low, min(high or 40, 40)))
    if kind is bool:
        return st.booleans()
    assert isinstance(kind, type)
    return st.sampled_from(list(kind)) if issubclass(kind, Enumeration) else messages(kind)
