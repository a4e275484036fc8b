"""Writes the decoder of a class: decode(s, p) -> (message, position behind its END). Mirror: `encoding`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iso15118.errors import CodecError
from iso15118.exi.grammar import ATTRIBUTE, START, Grammar, Position, lower
from iso15118.exi.message import Integer, Message
from iso15118.exi.source import Source, State, reader, table
from iso15118.exi.space import SPACE, function, name_of, reference
from iso15118.value import twin

SHARED: Final = 4096
"""At most so many decoded values of a shared class are kept, then the table starts anew."""


def decode_source(grammar: Grammar) -> str:
    """The source of a class's decoder."""
    return Decoder(grammar, "d_").source()


class Decoder(Source):
    def source(self) -> str:
        SPACE[f"t_{self.name}"] = twin(self.grammar.cls)
        absent = [
            p.field
            for p in self.grammar.positions
            if p.field and (p.min == 0 or not self.certain(set(self.states_up_to(p.index - 1)), p.index))
        ]
        self.add(0, f"def d_{self.name}(s, p):")
        self.add(1, f"o = new(t_{self.name})")
        nothing = [f for f in dict.fromkeys(absent) if f not in self.grammar.lists]
        empty = [f for f in dict.fromkeys(absent) if f in self.grammar.lists]
        if nothing:
            self.add(1, " = ".join(f"o.{f}" for f in nothing) + " = None")
        if empty:
            self.add(1, " = ".join(f"o.{f}" for f in empty) + " = ()")
        if self.grammar.cls.shared:
            self.add(1, "o._bits = None")
        self.add(1, "try:")
        known = self.step(2, (START, False))
        for unit in self.units():
            for position in unit:
                if known == position.index:
                    known = self.position(2, position)
                elif known is None:
                    self.add(2, f"if i == {position.index}:")
                    behind = self.position(3, position)
                    self.flush(3, position.wire)
                    if behind is not None:
                        self.add(3, f"i = {behind}")
            if known is None and self.settled(unit[-1].index):
                known = self.next_certain(unit[-1].index)
        self.flush(2, "")
        self.add(1, "except KeyError as error:")
        self.add(2, "if p + len(error.args[0]) >= len(s):")
        self.add(3, "raise CodecError('the stream ends here', bit=p) from None")
        self.add(2, "raise CodecError('no element, end or value has this code here', bit=p) from None")
        self.add(1, f"o.__class__ = c_{self.name}")
        self.add(1, "return o, p")
        return "\n".join(self.lines) + "\n"

    def states_up_to(self, last: int) -> list[State]:
        return [
            (START, False),
            *((p.index, full) for p in self.grammar.positions[: last + 1] for full in (False, True) if full <= p.repeats),
        ]

    def settled(self, last: int) -> bool:
        return self.next_certain(last) is not None

    def next_certain(self, last: int) -> int | None:
        """The one position that must come behind `last`, if every way there leads to it."""
        beyond = {t for state in self.states_up_to(last) for t in self.targets(state) if t > last}
        usable = {t for t in beyond if t == self.grammar.end or self.grammar.positions[t].field}
        return usable.pop() if len(usable) == 1 else None

    def flush(self, depth: int, wire: str) -> None:
        """Compares the pending constant bits."""
        if self.pending:
            n = len(self.pending)
            self.add(depth, f'if s[p:p + {n}] != "{self.pending}":')
            self.add(
                depth + 1,
                f"raise CodecError('the stream ends here' if p + {n} > len(s) else 'not what must come here', path={wire!r}, bit=p)",
            )
            self.add(depth, f"p += {n}")
            self.pending = ""

    def step(self, depth: int, state: State) -> int | None:
        """Reads the event code behind a state; the position it leads to if there is only one, else None and `i` holds it."""
        codes = self.codes(state)
        if len(codes) == 1:
            [(target, code)] = codes.items()
            self.pending += code
            return target
        name = self.constant({self.pending + code: target for target, code in codes.items()})
        width = len(self.pending) + len(next(iter(codes.values())))
        self.add(depth, f"i = {name}[s[p:p + {width}]]")
        self.add(depth, f"p += {width}")
        self.pending = ""
        return None

    def position(self, depth: int, position: Position) -> int | None:
        """Reads one element (all its occurrences) whose code has been read, and the code behind it."""
        if not position.many:
            self.value(depth, position, f"o.{position.field}")
            return self.step(depth, (position.index, False))
        self.add(depth, "l = []")
        self.flush(depth, position.wire)
        self.add(depth, "while True:")
        deep = depth + 1
        self.value(deep, position, "x", f"{position.wire}[{{len(l)}}]")
        self.add(deep, "l.append(x)")
        self.flush(deep, position.wire)
        if position.min > 1:
            self.add(deep, f"if len(l) < {position.min}:")
            self.pending = "0"
            self.flush(deep + 1, position.wire)
            self.add(deep + 1, "continue")
        known = None
        if position.max is not None:
            self.add(deep, f"if len(l) == {position.max}:")
            known = self.step(deep + 1, (position.index, True))
            self.flush(deep + 1, position.wire)
            if known is not None:
                self.add(deep + 1, f"i = {known}")
            self.add(deep + 1, "break")
        self.step(deep, (position.index, False))
        self.flush(deep, position.wire)
        self.add(deep, f"if i != {position.index}:")
        self.add(deep + 1, "break")
        self.add(depth, f"o.{position.field} = tuple(l)")
        followers = {t for state in ((position.index, False), (position.index, True)) for t in self.codes(state)} - {position.index}
        return followers.pop() if len(followers) == 1 else None

    def value(self, depth: int, position: Position, target: str, path: str = "") -> None:
        """Reads the value of an element or attribute into `target`; leaves the element's own END pending."""
        kind: Any = position.value
        if isinstance(kind, type) and issubclass(kind, Message):
            self.nested(depth, kind, target, f"f{path!r}" if path else repr(position.wire))
            return
        framed = position.kind not in (ATTRIBUTE, "characters")
        if framed:
            self.pending += "0"
        tail = "0" if framed else ""
        values = table(kind)
        if values is not None:
            name = self.constant({self.pending + code + tail: value for code, value in values.items()})
            width = len(self.pending) + len(next(iter(values))) + len(tail)
            self.add(depth, f"{target} = {name}[s[p:p + {width}]]")
            self.add(depth, f"p += {width}")
            self.pending = ""
            return
        if isinstance(kind, Integer) and kind.low in range(129) and kind.high is not None and 2**14 <= kind.high < 2**32:
            self.remembered(depth, position, kind, target)
            self.pending = tail
            return
        self.flush(depth, position.wire)
        how, arguments = reader(kind)
        self.add(depth, f"{target}, p = read_{how}(s, p, {arguments}, {position.wire!r})")
        self.pending = tail

    def remembered(self, depth: int, position: Position, kind: Integer, target: str) -> None:
        """Reads a number that is often one of two octets and the same as before, a duration: found by its bits with what stands before."""
        known, before = f"u_{self.pending}", len(self.pending)
        SPACE.setdefault(known, {})
        self.add(depth, f"h = {known}.get(s[p:p + {before + 16}])")
        self.add(depth, "if h is None:")
        self.flush(depth + 1, position.wire)
        self.add(depth + 1, f"{target}, p = learn_unsigned({known}, {before}, s, p, {kind.low}, {kind.high}, {position.wire!r})")
        self.add(depth, "else:")
        self.add(depth + 1, f"{target} = h")
        self.add(depth + 1, f"p += {before + 16}")

    def nested(self, depth: int, kind: type[Message], target: str, path: str) -> None:
        if kind.shared:
            name = f"m_{name_of(kind)}_{self.pending}"
            if name not in SPACE:
                width, miss = _shared(kind, self.pending)
                SPACE[name], SPACE[f"{name}_miss"], SPACE[f"{name}_width"] = {}, miss, width
            miss_table = f"{name}_miss"
            width = SPACE[f"{name}_width"]
            self.pending = ""
            self.add(depth, f"h = {name}.get(s[p:p + {width}])")
            self.add(depth, "if h is None:")
            self.add(depth + 1, "try:")
            self.add(depth + 2, f"{target}, p = {miss_table}({name}, s, p)")
            self.add(depth + 1, "except CodecError as error:")
            self.add(depth + 2, f"raise error.inside({path}) from None")
            self.add(depth, "else:")
            self.add(depth + 1, f"{target}, n = h")
            self.add(depth + 1, "p += n")
            return
        self.flush(depth, "")
        self.add(depth, "try:")
        self.add(depth + 1, f"{target}, p = {reference('d_', kind)}(s, p)")
        self.add(depth, "except CodecError as error:")
        self.add(depth + 1, f"raise error.inside({path}) from None")


def usual_width(grammar: Grammar) -> int:
    """Bits of a value in which nothing optional is left out and every integer without an n-bit field takes three octets, as 16 bits may."""
    width, state = 0, START
    for position in grammar.positions:
        codes = grammar.codes(grammar.targets(state))
        if position.index in codes:
            kind: Any = position.value
            values = table(kind)
            signed = isinstance(kind, Integer) and (kind.low is None or kind.low < 0)
            width += len(codes[position.index]) + 2 + (len(next(iter(values))) if values else 24 + signed)  # CH and END
            state = position.index
    return width + len(grammar.codes(grammar.targets(state))[grammar.end])


def _shared(kind: type[Message], prefix: str) -> tuple[int, Callable[[dict[str, Any], str, int], tuple[Any, int]]]:
    """For a class whose few, frozen values come again and again: the width of a look-up key, and what to do on a miss.

    The bits of one value, or more bits than it has, determine it: a look-up by a fixed number of bits is sound. With fewer the usual values
    would never be found, with more one value would stand under many keys.
    """
    width = len(prefix) + usual_width(lower(kind))
    decode = function("d_", kind)

    def miss(known: dict[str, Any], s: str, p: int) -> tuple[Any, int]:
        begin = p + len(prefix)
        if s[p:begin] != prefix:
            raise CodecError("the stream ends here" if begin > len(s) else "not what must come here", bit=p)
        value, end = decode(s, begin)
        if end - p <= width <= len(s) - p:
            if len(known) >= SHARED:
                known.clear()
            known[s[p : p + width]] = value, end - p
        return value, end

    return width, miss
