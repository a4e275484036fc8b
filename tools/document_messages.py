"""Writes docs/messages from the message classes: an index, a page a schema set, and one of the types that several sets share."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from sys import modules
from typing import Final

from iso15118.errors import LocalError
from iso15118.exi import Enumeration, Message, Schema
from iso15118.exi.describe import Row, Type, facets, model, reached, rows, width
from iso15118.exi.grammar import ATTRIBUTE, CHARACTERS
from iso15118.messages.catalogue import PAYLOADS, RENEGOTIATION, SCHEMAS, payload_type_of, response_of
from iso15118.messages.quantities import unit

TARGET = Path(__file__).parents[1] / "docs" / "messages"
COMMON: Final = "common_types"
XMLDSIG: Final = "XMLDSIG"

SUBJECTS: Final = {
    "SAP": "The first exchange: which protocol both sides speak",
    "CommonMessages": "ISO 15118-20: session, authorisation, services, schedules, metering, certificates, parking",
    "DC": "ISO 15118-20: energy transfer by direct current",
    "AC": "ISO 15118-20: energy transfer by alternating current",
    "ACDP": "ISO 15118-20: the automatic connection device (pantograph)",
    "WPT": "ISO 15118-20: wireless power transfer",
    "AC_DER_IEC": "ISO 15118-20, Amendment 1: the vehicle as a generator, by European rules",
    "AC_DER_SAE": "ISO 15118-20, Amendment 1: the vehicle as a generator, by North American rules",
    "ISO2": "ISO 15118-2",
    "DIN": "DIN 70121",
    "XMLDSIG": "XML Signature, as headers carry it",
}
"""The sets in the order of the index, and what each is."""


# Which page a type is described on.


@cache
def _homes() -> dict[Type, str]:
    """Type to page. A set has the types of the modules that its messages are written in, and those that no other set uses."""
    found = {name: reached(SCHEMAS[name].fragment_roots.values()) for name in SUBJECTS}
    module_of: dict[str, str] = {}
    for name in sorted(SUBJECTS, key=lambda name: -len(SCHEMAS[name].roots)):  # what other sets import is smaller than they are
        module_of |= {cls.__module__: name for cls in SCHEMAS[name].roots.values()}
    users: dict[Type, list[str]] = {}
    for name, classes in found.items():
        for cls in classes:
            users.setdefault(cls, []).append(name)
    return {cls: module_of.get(cls.__module__) or (names[0] if len(names) == 1 else COMMON) for cls, names in users.items()}


@cache
def _titles() -> dict[Type, str]:
    """Type to the title of its section: its name; where two types of a page share one, with the module behind it."""
    titles = {}
    for cls, home in _homes().items():
        twins = [other for other in _homes() if other.__name__ == cls.__name__ and _homes()[other] == home]
        titles[cls] = cls.__name__ if len(twins) == 1 else f"{cls.__name__} ({_module(cls).replace('/', ' ')})"
    return titles


def _module(cls: Type) -> str:
    """Its module below `messages`, as a path: `v20/dc`."""
    return cls.__module__.removeprefix("iso15118.messages.").replace(".", "/")


def anchor(title: str) -> str:
    """The anchor that code-hosting sites give a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _link(cls: Type, page: str) -> str:
    """A link from `page` to the type's section, under the type's own name."""
    home = _homes()[cls]
    return f"[{cls.__name__}]({'' if home == page else f'{home}.md'}#{anchor(_titles()[cls])})"


# Words.


def _escaped(text: str) -> str:
    """The text with what Markdown would take for markup escaped, beside what stands between backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<!\w)_|_(?!\w)|[*#<>+]", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


def _prose(text: str) -> str:
    """Paragraphs of a docstring, wrapped."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]
    return "\n\n".join(_wrapped(_escaped(paragraph)) for paragraph in paragraphs)


def _wrapped(text: str, indent: str = "") -> str:
    """The text in lines of 120 characters, those behind the first indented."""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _first(cls: Type) -> str:
    """The first paragraph of the docstring, on one line."""
    return _escaped(" ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split()))


def _table(head: tuple[str, ...], lines: Iterable[Iterable[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in (head, ["---"] * len(head), *lines))


# Sections.


def _pairs(schema: Schema) -> list[tuple[type[Message], type[Message] | None]]:
    """The requests of a set, each with its response."""
    return [(cls, response_of(cls)) for name, cls in schema.roots.items() if name.endswith("Req")]


def _payload(schema: Schema, cls: type[Message]) -> str:
    """The payload type a message travels under; of the older editions that of their one document."""
    try:
        return f"{payload_type_of(cls):#06x}"
    except LocalError:
        return f"{payload_type_of(schema.roots['V2G_Message']):#06x}"


def _row(row: Row, page: str) -> tuple[str, ...]:
    element = "(text)" if row.kind == CHARACTERS else f"`{row.wire}`{' (attribute)' if row.kind == ATTRIBUTE else ''}"
    occurs = f"{row.occurs}, for {row.head}" if row.head else row.occurs
    value = row.value
    kind = _link(value, page) if isinstance(value, type) and issubclass(value, Message | Enumeration) else facets(value)
    return element, f"`{row.field}`", kind, occurs, unit(row)


def _section(cls: Type, page: str) -> str:
    """A type: what it means, what it extends, its rows or values."""
    parts = [f"### {_titles()[cls]}", _prose(cls.__doc__ or "")]
    if issubclass(cls, Enumeration):
        parts += [f"{width(cls)}.", _table(("index", "value"), ((str(i), f"`{value}`") for i, value in enumerate(cls)))]
        return "\n\n".join(parts)
    if bases := [base for base in cls.__bases__ if base in _homes()]:
        parts.append(f"Extends {', '.join(_link(base, page) for base in bases)}.")
    content = model(cls)
    if content:
        parts.append(f"Content: `{content}`")
    table = [_row(row, page) for row in rows(cls)]
    parts.append(_table(("element", "field", "type", "occurs", "unit"), table) if table else "Empty.")
    return "\n\n".join(parts)


def _sources(classes: Iterable[Type]) -> str:
    """The modules of a page, each with what it says for all of its classes."""
    items = []
    for name in sorted({cls.__module__ for cls in classes}):
        path = name.replace(".", "/")
        said = _escaped(" ".join((modules[name].__doc__ or "").split()))
        items.append(_wrapped(f"- [`{path}.py`](../../{path}.py): {said}", indent="  "))
    return "\n".join(items)


def _fragments(schema: Schema) -> str:
    """What may be signed: the fragments with an Id, beside those of XML Signature itself."""
    signed = [
        (f"`{element}`", _link(cls, schema.name))
        for element, cls in schema.fragment_roots.items()
        if any(row.kind == ATTRIBUTE and row.wire == "Id" for row in rows(cls)) and _homes()[cls] != XMLDSIG
    ]
    signature = _link(SCHEMAS[XMLDSIG].roots["SignedInfo"], schema.name) if "SignedInfo" in schema.fragment_roots else ""
    if not signature:
        return "Nothing of this set is signed."
    if not signed:
        return f"No element of this set has an Id to be signed by; {signature} itself is what a signature is made over."
    said = f"Elements with an Id, which a Reference may point at. {signature} itself is what the signature is made over."
    return f"{said}\n\n{_table(('element', 'type'), sorted(signed))}"


def _types(classes: Iterable[Type], page: str) -> list[str]:
    """Sections of message classes, then of enumerations, each by name."""
    parts = []
    for title, base in (("Types", Message), ("Enumerations", Enumeration)):
        chosen = sorted((cls for cls in classes if issubclass(cls, base)), key=lambda cls: _titles()[cls].lower())
        if chosen:
            parts += [f"## {title}", *(_section(cls, page) for cls in chosen)]
    return parts


def _set_page(name: str) -> str:
    schema = SCHEMAS[name]
    here = [cls for cls, home in _homes().items() if home == name]
    pairs = _pairs(schema)
    spoken: list[Type] = [schema.roots["V2G_Message"]] if "V2G_Message" in schema.roots else []
    spoken += [cls for pair in pairs for cls in pair if cls]
    parts = [f"# {name}", f"{SUBJECTS[name]}. How to read this page: [README](README.md).", _sources(here)]
    if pairs:
        lines = [(_link(a, name), _link(b, name) if b else "", _payload(schema, a), _first(a)) for a, b in pairs]
        parts += ["## Messages", _table(("request", "response", "payload type", "what the vehicle says"), lines)]
        parts += [_section(cls, name) for cls in spoken]
    parts += ["## Signed", _fragments(schema)] if name != XMLDSIG else []
    parts += _types([cls for cls in here if cls not in spoken], name)
    return "\n\n".join(parts) + "\n"


def _common_page() -> str:
    here = [cls for cls, home in _homes().items() if home == COMMON]
    parts = ["# Common types", "Types that several sets share. How to read this page: [README](README.md).", _sources(here)]
    return "\n\n".join(parts + _types(here, COMMON)) + "\n"


def _index() -> str:
    sets = [(f"[{name}]({name}.md)", str(sum(len(p) for p in _pairs(SCHEMAS[name]))), what) for name, what in SUBJECTS.items()]
    renegotiated = "schedule renegotiation; charge parameter discovery on it is of the set of the energy transfer"
    streams = [
        (f"{number:#06x}", f"[{name}]({name}.md)", "ISO2 and DIN too, once negotiated" if name == "SAP" else _STREAMS.get(number, ""))
        for number, name in PAYLOADS.items()
    ]
    streams = [(n, s, renegotiated if n == f"{RENEGOTIATION:#06x}" else w) for n, s, w in streams]
    messages = sorted((_link(a, ""), _link(b, "") if b else "", name) for name in SUBJECTS for a, b in _pairs(SCHEMAS[name]))
    return _INDEX.format(
        sets=_table(("set", "messages", "what it is"), sets),
        streams=_table(("payload type", "set", "when"), streams),
        messages=_table(("request", "response", "set"), messages),
    )


_STREAMS: Final = {0x8102: "metering confirmation", 0x8103: "system status", 0x8104: "checking in and out"}

_INDEX: Final = """# The messages

Written by `tools/document_messages.py` from the classes in `iso15118/messages`, which are what the codec obeys: do not edit by hand.

{sets}

[Common types](common_types.md): what several sets share.

## How to read the pages

Each message and each type has a table, its elements in the order of the wire; attributes come first.

- **element**: its name on the wire. **field**: its name in the Python class, and the keyword that builds it.
- **type**: a link to the section of a class, or a simple type with its facets and the bits of its value.
- **occurs**: `0..1` may be absent, `1..1` must stand, `1..1024` a list. `1 of 4`: exactly one of four stands, `0..1 of 4`: at most one.
  `for X`: it takes the place of the abstract element X, which is never sent itself (a substitution group).
- **unit**: of the number, a RationalNumber's and PhysicalValue's included. Empty: it has none, or another element beside it tells which.
- **Content**: where order and occurrence need a formula: `,` in this order, `|` one of them, `?` may be absent, `*` any number,
  `+` at least one; `any` is room for foreign content, which is never sent but widens event codes.

Widths are those of EXI, bit-packed. A bounded integer of at most 4096 values and an enumeration are fields of n bits, the value less its
lower bound, or the index. Other integers take octets of 7 bits each, least significant first, with a sign bit before them where they may be
negative; `8..40 bits` runs from the least value to the greatest, for an integer without bounds to the greatest that the decoder takes. A
string is its number of characters plus 2, then the characters; binary data its number of octets, then the octets.

Power, current and energy are positive into the vehicle, negative out of it. What a page says of units and signs for all of its types
stands at its top.

## Payload types

{streams}

## All messages

{messages}
"""


def pages() -> dict[str, str]:
    """File name to text of all pages."""
    return {"README.md": _index(), f"{COMMON}.md": _common_page(), **{f"{name}.md": _set_page(name) for name in SUBJECTS}}


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
