"""Writes a specialised decoder and encoder for a message class, on first use.

Both are plain Python functions over a string of bits (`bits`). Constant bits are compared together with the value they surround:
one slice and one dictionary look-up read an event code, a bounded integer or an enumeration with all its framing. Classes whose
content repeats in groups, a few of XML Signature, are walked instead (`walk`). What is generated:

    decode(s, p) -> (message, position behind its END)      encode(message) -> bits up to and with its END
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from iso15118.errors import CodecError
from iso15118.exi import bits
from iso15118.exi.grammar import ATTRIBUTE, START, UNUSABLE, Grammar, Position, lower
from iso15118.exi.message import Binary, Enumeration, Integer, Message, MessageType, Text
from iso15118.exi.walk import Walker

Decode = Callable[[str, int], tuple[Any, int]]
Encode = Callable[[Any], str]
State = tuple[int, bool]
"""Behind which position, and whether its last allowed occurrence has been reached."""

SMALL: Final = 4096
"""A bounded integer of at most so many values is an n-bit field; a table holds them all."""
SHARED: Final = 4096
"""At most so many decoded values of a shared class are kept, then the table starts anew."""

_names: dict[type[Message], str] = {}
_space: dict[str, Any] = {
    "CodecError": CodecError,
    "new": object.__new__,
    "read_unsigned": bits.read_unsigned,
    "read_integer": bits.read_integer,
    "read_text": bits.read_text,
    "read_binary": bits.read_binary,
    "write_unsigned": bits.write_unsigned,
    "write_integer": bits.write_integer,
    "write_text": bits.write_text,
    "write_binary": bits.write_binary,
}
"""The one namespace of all generated code; what is not made yet stands here as a stub that makes it."""


def decoder(cls: type[Message]) -> Decode:
    """The decode function of a class, generated when first asked for."""
    function: Decode = _function("d_", cls)
    return function


def encoder(cls: type[Message]) -> Encode:
    """The encode function of a class, generated when first asked for."""
    function: Encode = _function("e_", cls)
    return function


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


def _function(prefix: str, cls: type[Message]) -> Any:
    name = prefix + _name(cls)
    if name not in _space or hasattr(_space[name], "stub"):
        _make(prefix, cls)
    return _space[name]


def _name(cls: type[Message]) -> str:
    """A name for the class in generated code, unique also where two editions have a class of the same name."""
    if cls not in _names:
        taken = sum(other.__name__ == cls.__name__ for other in _names)
        _names[cls] = f"{cls.__name__}_{taken}" if taken else cls.__name__
        _space[f"c_{_names[cls]}"] = cls
    return _names[cls]


def _reference(prefix: str, cls: type[Message]) -> str:
    """The name under which generated code calls the function of another class; a stub until it is first called."""
    name = prefix + _name(cls)
    if name not in _space:

        def stub(*arguments: Any) -> Any:
            return _function(prefix, cls)(*arguments)

        stub.stub = True  # type: ignore[attr-defined]
        _space[name] = stub
    return name


def _make(prefix: str, cls: type[Message]) -> None:
    grammar = lower(cls)
    name = prefix + _name(cls)
    twice = len({p.field for p in grammar.positions if p.field}) < sum(1 for p in grammar.positions if p.field)
    groups = twice and any(
        a.field == b.field and a.value is b.value for i, a in enumerate(grammar.positions) if a.field for b in grammar.positions[:i]
    )
    if grammar.loops or groups:
        walker = Walker(grammar, decoder, encoder)
        _space[name] = walker.decode if prefix == "d_" else walker.encode
        return
    source = decode_source(grammar) if prefix == "d_" else encode_source(grammar)
    exec(compile(source, f"<exi {name}>", "exec"), _space)


def twin(cls: type[Message]) -> type[Message]:
    """A class of the same layout that may be written to: the decoder fills one, then makes it the frozen class."""
    body = {"__slots__": cls.__dict__["__slots__"], "__setattr__": object.__setattr__, "__module__": cls.__module__}
    writable: type[Message] = type.__new__(MessageType, cls.__name__, cls.__bases__, body)  # type: ignore[assignment]
    return writable


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


class _Source:
    """Lines of one function, its constants, and the bits that are certain but not yet compared or written."""

    def __init__(self, grammar: Grammar, prefix: str) -> None:
        self.grammar = grammar
        self.name = _name(grammar.cls)
        self.prefix = prefix
        self.lines: list[str] = []
        self.pending = ""
        self.constants = 0

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def constant(self, value: Any) -> str:
        """A name in the namespace for a table; equal tables of one function share it."""
        for index in range(self.constants):
            name = f"{self.prefix}{self.name}_{index}"
            if _space[name] == value and list(map(type, _space[name].values())) == list(map(type, value.values())):
                return name
        name = f"{self.prefix}{self.name}_{self.constants}"
        _space[name] = value
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


def decode_source(grammar: Grammar) -> str:
    """The source of a class's decoder."""
    return _Decoder(grammar, "d_").source()


class _Decoder(_Source):
    def source(self) -> str:
        _space[f"t_{self.name}"] = twin(self.grammar.cls)
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
        self.flush(depth, position.wire)
        how, arguments = reader(kind)
        self.add(depth, f"{target}, p = read_{how}(s, p, {arguments}, {position.wire!r})")
        self.pending = tail

    def nested(self, depth: int, kind: type[Message], target: str, path: str) -> None:
        if kind.shared:
            name = f"m_{_name(kind)}_{self.pending}"
            if name not in _space:
                width, miss = _shared(kind, self.pending)
                _space[name], _space[f"{name}_miss"], _space[f"{name}_width"] = {}, miss, width
            miss_table = f"{name}_miss"
            width = _space[f"{name}_width"]
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
        self.add(depth + 1, f"{target}, p = {_reference('d_', kind)}(s, p)")
        self.add(depth, "except CodecError as error:")
        self.add(depth + 1, f"raise error.inside({path}) from None")


def _shared(kind: type[Message], prefix: str) -> tuple[int, Callable[[dict[str, Any], str, int], tuple[Any, int]]]:
    """For a class whose few, frozen values come again and again: the width of a look-up key, and what to do on a miss.

    The bits of one value, or more bits than it has, determine it: a look-up by a fixed number of bits is sound.
    """
    width = len(prefix) + 32
    decode = decoder(kind)

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


def encode_source(grammar: Grammar) -> str:
    """The source of a class's encoder."""
    return _Encoder(grammar, "e_").source()


class _Encoder(_Source):
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
        return f"c_{_name(position.value)}"  # type: ignore[arg-type]

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
                    f"{{({source}._bits if {source}.__class__ is c_{_name(kind)} else None) or {_reference('e_', kind)}({source})}}"
                )
            else:
                self.parts.append(f"{{{_reference('e_', kind)}({source})}}")
            return
        head, tail = ("", "") if position.kind in (ATTRIBUTE, "characters") else ("0", "0")
        values = table(kind)
        if values is not None:
            name = self.constant({value: head + code + tail for code, value in values.items()})
            self.parts.append(f"{{{name}[{source}]}}")
            return
        how, arguments = reader(kind)
        self.parts.append(f"{head}{{write_{how}({source}, {arguments})}}{tail}")
