"""Writes a specialised decoder and encoder for a message class, on first use.

Both are plain Python functions over a string of bits (`bits`). Constant bits are compared together with the value they surround:
one slice and one dictionary look-up read an event code, a bounded integer or an enumeration with all its framing. Classes whose
content repeats in groups, a few of XML Signature, are walked instead (`walk`). What is generated:

    decode(s, p) -> (message, position behind its END)      encode(message) -> bits up to and with its END
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from iso15118.exi.decoding import decode_source
from iso15118.exi.encoding import encode_source
from iso15118.exi.grammar import Grammar, lower
from iso15118.exi.message import Message
from iso15118.exi.space import MAKERS, SPACE, function, name_of
from iso15118.exi.walk import Walker

Decode = Callable[[str, int], tuple[Any, int]]
Encode = Callable[[Any], str]


def decoder(cls: type[Message]) -> Decode:
    """The decode function of a class, generated when first asked for."""
    made: Decode = function("d_", cls)
    return made


def encoder(cls: type[Message]) -> Encode:
    """The encode function of a class, generated when first asked for."""
    made: Encode = function("e_", cls)
    return made


def warming(classes: Iterable[type[Message]], without: Iterable[type[Message]] = ()) -> Iterator[None]:
    """Generates the code of these classes and all inside them, a few milliseconds a turn, so that idle time can pay for it.

    `without`: classes to leave (with what is inside them) until they are first met.
    """
    known, waiting = set(without), list(classes)[::-1]
    while waiting:
        cls = waiting.pop()
        if cls in known:
            continue
        known.add(cls)
        for make in (decoder, encoder):
            make(cls)
            yield
        waiting += [p.value for p in lower(cls).positions if isinstance(p.value, type) and issubclass(p.value, Message)]


def _make(prefix: str, write: Callable[[Grammar], str], walk: Callable[[Walker], Any]) -> Callable[[type[Message]], None]:
    """What makes one of the two functions of a class and puts it into the namespace: written, or a walker's."""

    def make(cls: type[Message]) -> None:
        grammar, name = lower(cls), prefix + name_of(cls)
        if repeats(grammar):
            SPACE[name] = walk(Walker(grammar, decoder, encoder))
        else:
            exec(compile(write(grammar), f"<exi {name}>", "exec"), SPACE)

    return make


def repeats(grammar: Grammar) -> bool:
    """True for a class whose content repeats in groups, or names an element twice."""
    said = [(p.field, p.value) for p in grammar.positions if p.field]
    return grammar.loops or len(set(said)) < len(said)


MAKERS.update(
    {
        "d_": _make("d_", decode_source, lambda walker: walker.decode),
        "e_": _make("e_", encode_source, lambda walker: walker.encode),
    }
)
