"""The base of every message class, and the markers its annotations carry. Lowered by `grammar`.

Fields stand in schema order. `X | None` is minOccurs 0; `Annotated[tuple[X, ...], Occurs(a, b)]` a list; a union of classes a
substitution group (with `Head` naming its abstract head); `choice` names the fields of which exactly one is present; a subclass
is an extension, base fields first. Facets are stated once, in the annotation, and serve validation, coding and documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer type by its effective bounds, both included; None: unbounded on that side."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min` to `max` code points; `max` None: no bound but the stream's own length."""

    max: int | None = None
    min: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """`min` to `max` octets; `hex` decides the JSON form only (upper-case hex, else base64)."""

    max: int | None = None
    min: int = 0
    hex: bool = False


@dataclass(frozen=True, slots=True)
class Occurs:
    """How often a list's element stands; `max` None: unbounded."""

    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class Name:
    """The element's or attribute's name on the wire, where `wire_name` does not give it."""

    wire: str


@dataclass(frozen=True, slots=True)
class Head:
    """The abstract head of a substitution group: it can never be sent, but occupies an event code under this name."""

    wire: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is an XML attribute, not an element."""


@dataclass(frozen=True, slots=True)
class Content:
    """The field is the simple content of the element itself (which then has attributes only beside it)."""


@dataclass(frozen=True, slots=True)
class Element:
    """In an explicit `content`: the element of this field."""

    field: str
    min: int = 1
    max: int | None = 1


@dataclass(frozen=True, slots=True)
class Wildcard:
    """In a content model: xs:any. It is never used on the wire, but widens event codes."""

    min: int = 0
    max: int | None = None


class _Group:
    __slots__ = ("items", "max", "min")

    def __init__(self, *items: Element | Wildcard | Sequence | Choice, min: int = 1, max: int | None = 1) -> None:
        self.items = items
        self.min = min
        self.max = max


class Sequence(_Group):
    """In an explicit `content`: the items in this order. `min` is 0 or 1, `max` 1 or None."""

    __slots__ = ()


class Choice(_Group):
    """In an explicit `content`: one of the items. `min` is 0 or 1, `max` 1 or None."""

    __slots__ = ()


class Relaxed:
    """In place of a `content`: a schema set gives the element's name several types, and a fragment of that name is coded by none of them.

    EXI has a grammar for this (8.5.3) that offers everything the set has: `attributes` and `elements` count its distinct names, `at` tells
    which attribute (by its index among them) a field is. The class has such attributes, all optional, and text.
    """

    __slots__ = ("at", "attributes", "elements")

    def __init__(self, *, attributes: int, elements: int, at: Mapping[str, int]) -> None:
        self.attributes = attributes
        self.elements = elements
        self.at = at


class Enumeration(StrEnum):
    """An enumeration type: the order of its members is their index on the wire."""

    __hash__ = str.__hash__


CAPITALS = frozenset(
    "ac acdp bpt cl co2 cp cpd cps dc der dh ecdh eim emaid emsp ev evcc evpp evse hmac id ocsp oem pcid pgp pnc rcd ress rsa sa secc se"
    " ski soc spki tpm uri v2g v2x var vas wpt x509 crl dsa".split()
)


def wire_name(field: str) -> str:
    """The name on the wire of a Python field: `evse_present_soc` gives EVSEPresentSOC."""
    return "".join(word.upper() if word in CAPITALS else word[:1].upper() + word[1:] for word in field.split("_"))


def _first_init(self: Message, **values: Any) -> None:
    """Makes the class's own `__init__`, then calls it. Raises TypeError on a field that is missing or unknown."""
    cls = type(self)
    cls.__init__ = _initialiser(cls)  # type: ignore[method-assign]
    cls.__init__(self, **values)


def _initialiser(cls: type[Message]) -> Any:
    """`__init__` of one class, written when its first instance is made: stores through the slots, past the frozen `__setattr__`."""
    space: dict[str, Any] = {f"default_{name}": value for name, value in cls.__defaults__.items()}
    for owner in cls.__mro__:
        space |= {f"set_{name}": slot.__set__ for name, slot in vars(owner).items() if name in getattr(owner, "__slots__", ())}
    words = ", ".join(f"{name}=default_{name}" if name in cls.__defaults__ else name for name in cls.__fields__)
    stores = [f"    set_{name}(self, {name})" for name in cls.__fields__] + (["    set__bits(self, None)"] if cls.shared else [])
    source = "\n".join([f"def __init__(self{', *, ' if words else ''}{words}):", *stores, "    pass"])
    exec(source, space)
    made = space["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@dataclass_transform(kw_only_default=True, frozen_default=True)
class MessageType(type):
    """Turns annotated fields into slots. Annotations stay strings until the class is first coded."""

    __fields__: tuple[str, ...]
    __defaults__: dict[str, Any]

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **words: Any) -> MessageType:
        annotations: dict[str, Any] = namespace.get("__annotations__", {})
        own = tuple(field for field, kind in annotations.items() if not str(kind).startswith("ClassVar"))
        defaults = {field: namespace.pop(field) for field in own if field in namespace}
        namespace["__slots__"] = (*own, "_bits") if namespace.get("shared") else own
        namespace["__init__"] = _first_init  # each class its own: a base may have made its already
        cls = super().__new__(mcs, name, bases, namespace, **words)
        inherited = [base for base in bases if isinstance(base, MessageType)]
        cls.__fields__ = tuple(field for base in inherited for field in base.__fields__) + own
        cls.__defaults__ = {field: value for base in inherited for field, value in base.__defaults__.items()} | defaults
        return cls


class Message(metaclass=MessageType):
    """A frozen value whose class is its grammar.

    Built with keywords, one a field (TypeError on one that is missing or unknown); an absent optional field is None, an absent list the
    empty tuple. Facets are checked when it is encoded (`Schema.encode`, `check`), and by the decoder as it reads.
    """

    choice: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of field names of which exactly one is present (or, where "" is a member of the group, at most one)."""
    content: ClassVar[Sequence | Choice | Relaxed | None] = None
    """The content model, where annotations cannot say it (repeated groups, wildcards, several types)."""
    mixed: ClassVar[bool] = False
    abstract: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    """For small classes whose values come again and again: the decoder gives one object for equal bits, the object keeps its bits."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: build a new one with but({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__class__.__fields__)

    def __hash__(self) -> int:
        return hash((self.__class__, *(getattr(self, name) for name in self.__class__.__fields__)))

    def __repr__(self) -> str:
        cls = self.__class__
        shown = ((name, getattr(self, name)) for name in cls.__fields__)
        return f"{cls.__name__}({', '.join(f'{n}={v!r}' for n, v in shown if v is not None and v != ())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), {name: getattr(self, name) for name in type(self).__fields__})

    def but(self, **changes: Any) -> Self:
        """The same message with some fields replaced. Raises TypeError on a name it does not have."""
        return type(self)(**{name: getattr(self, name) for name in type(self).__fields__} | changes)


def _rebuild(cls: type[Message], values: dict[str, Any]) -> Message:
    return cls(**values)
