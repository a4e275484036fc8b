"""The base of every message class, and the markers its annotations carry. Lowered by `grammar`.

Fields stand in schema order. `X | None` is minOccurs 0; `Annotated[tuple[X, ...], Occurs(a, b)]` a list; a union of classes a
substitution group (with `Head` naming its abstract head); `choice` names the fields of which exactly one is present; a subclass
is an extension, base fields first. Facets are stated once, in the annotation, and serve validation, coding and documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self, dataclass_transform

from iso15118.value import Value, ValueType, replace


class Integer(Value):
    """An integer type by its effective bounds, both included; None: unbounded on that side."""

    low: int | None
    high: int | None


class Text(Value):
    """A string of `min` to `max` code points; `max` None: no bound but the stream's own length."""

    max: int | None = None
    min: int = 0


class Binary(Value):
    """`min` to `max` octets; `hex` decides the JSON form only (upper-case hex, else base64)."""

    max: int | None = None
    min: int = 0
    hex: bool = False


class Occurs(Value):
    """How often a list's element stands; `max` None: unbounded."""

    min: int
    max: int | None


class Name(Value):
    """The element's or attribute's name on the wire, where `wire_name` does not give it."""

    wire: str


class Head(Value):
    """The abstract head of a substitution group: it can never be sent, but occupies an event code under this name."""

    wire: str


class Attribute(Value):
    """The field is an XML attribute, not an element."""


class Content(Value):
    """The field is the simple content of the element itself (which then has attributes only beside it)."""


class Element(Value):
    """In an explicit `content`: the element of this field."""

    field: str
    min: int = 1
    max: int | None = 1


class Wildcard(Value):
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
    " ski soc spki tpm uri v2g v2x vas wpt x509 crl dsa"
    " bssid dso eirp evpc frt ieee1547 ip lf pd pt1 rssi sd spc ssid wlan".split()
)
_PHASES = {"l2": "_L2", "l3": "_L3"}


def wire_name(field: str) -> str:
    """The name on the wire of a Python field: `evse_present_soc` gives EVSEPresentSOC, `power_l2` Power_L2."""
    return "".join(_PHASES.get(word) or (word.upper() if word in CAPITALS else word[:1].upper() + word[1:]) for word in field.split("_"))


@dataclass_transform(kw_only_default=True, frozen_default=True)
class MessageType(ValueType):
    """Of values that are built with keywords alone; `shared` ones have a place for their bits."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **words: Any) -> MessageType:
        hidden = ("_bits",) if namespace.get("shared") else ()
        return super().__new__(mcs, name, bases, namespace, kw_only=True, hidden=hidden, **words)  # type: ignore[return-value]


class Message(Value, metaclass=MessageType):
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

    def __repr__(self) -> str:
        cls = self.__class__
        shown = ((name, getattr(self, name)) for name in cls.__fields__)
        return f"{cls.__name__}({', '.join(f'{n}={v!r}' for n, v in shown if v is not None and v != ())})"

    def but(self, **changes: Any) -> Self:
        """The same message with some fields replaced. Raises TypeError on a name it does not have."""
        return replace(self, **changes)
