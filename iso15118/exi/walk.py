"""Codes a class whose content repeats in groups, by walking its automaton: KeyInfo, X509Data and their like of XML Signature.

Members of a group are kept by name, in tuple fields; the encoder writes them in the order of the fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from iso15118.errors import CodecError
from iso15118.exi import bits
from iso15118.exi.grammar import ATTRIBUTE, ELEMENT, START, Grammar, Position
from iso15118.exi.message import Binary, Integer, Message, Text


class Walker:
    """Decoder and encoder of one such class. `decoder` and `encoder` give those of the classes inside it."""

    def __init__(self, grammar: Grammar, decoder: Callable[[type[Message]], Any], encoder: Callable[[type[Message]], Any]) -> None:
        self.grammar = grammar
        self.decoder = decoder
        self.encoder = encoder
        self.codes = {state: grammar.codes(grammar.targets(state)) for state in (START, *range(grammar.end))}
        self.order = {field: [p for p in grammar.positions if p.field == field] for field in grammar.cls.__fields__}

    def decode(self, s: str, p: int) -> tuple[Message, int]:
        """The message whose content begins at `p`. Raises CodecError."""
        found: dict[str, list[Any]] = {field: [] for field in self.order}
        state = START
        while True:
            width = self.grammar.width(self.grammar.targets(state))
            code = s[p : p + width]
            state = next((target for target, known in self.codes[state].items() if known == code), -2)
            if state == -2:
                raise CodecError("the stream ends here" if p + width > len(s) else "no element or end has this code here", bit=p)
            p += width
            if state == self.grammar.end:
                break
            position = self.grammar.positions[state]
            value, p = self._read(position, s, p)
            found[position.field].append(value)
        values = {f: tuple(v) if f in self.grammar.lists else v[0] if v else None for f, v in found.items()}
        return self.grammar.cls(**values), p

    def _read(self, position: Position, s: str, p: int) -> tuple[Any, int]:
        kind: Any = position.value
        if isinstance(kind, type) and issubclass(kind, Message):
            try:
                return self.decoder(kind)(s, p)  # type: ignore[no-any-return]
            except CodecError as error:
                raise error.inside(position.wire) from None
        framed = position.kind == ELEMENT
        if framed and s[p : p + 1] != "0":
            raise CodecError("not the characters that must come here", path=position.wire, bit=p)
        p += framed
        value: Any
        match kind:
            case Integer(low, high):
                value, p = bits.read_integer(s, p, low, high, position.wire)
            case Text(high, low):
                value, p = bits.read_text(s, p, low, high, position.wire)
            case Binary(high, low):
                value, p = bits.read_binary(s, p, low, high, position.wire)
            case _:
                raise TypeError(f"{kind} does not occur in a repeated group")
        if framed and s[p : p + 1] != "0":
            raise CodecError("not the end that must come here", path=position.wire, bit=p)
        return value, p + framed

    def encode(self, message: Message) -> str:
        """The bits of a message's content. Raises ValueError or TypeError on what is not one (`check` says what)."""
        if type(message) is not self.grammar.cls:
            raise TypeError
        written = ""
        state = START
        attributes = sorted((f for f, ps in self.order.items() if ps[0].kind == ATTRIBUTE), key=lambda f: self.order[f][0].wire)
        for field in dict.fromkeys((*attributes, *self.order)):
            value = getattr(message, field)
            for item in value if field in self.grammar.lists else () if value is None else (value,):
                position = next((p for p in self.order[field] if p.index in self.codes[state]), None)
                if position is None:
                    raise ValueError
                written += self.codes[state][position.index] + self._write(position, item)
                state = position.index
        if self.grammar.end not in self.codes[state]:
            raise ValueError
        return written + self.codes[state][self.grammar.end]

    def _write(self, position: Position, value: Any) -> str:
        kind: Any = position.value
        if isinstance(kind, type) and issubclass(kind, Message):
            return str(self.encoder(kind)(value))
        match kind:
            case Integer(low, high):
                content = bits.write_integer(value, low, high)
            case Text(high, low):
                content = bits.write_text(value, low, high)
            case Binary(high, low):
                content = bits.write_binary(value, low, high)
            case _:
                raise TypeError
        return f"0{content}0" if position.kind == ELEMENT else content
