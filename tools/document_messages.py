"""Writes docs/messages/: a page a message set, out of the classes, so that the pages cannot differ from what is coded.

    python -m tools.document_messages

A type that several sets share is described once, on the page of common types.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from iso15118.exi.grammar import ATTRIBUTE, CHARACTERS, Position, fields
from iso15118.exi.message import Binary, Choice, Element, Enumeration, Integer, Message, Sequence, Text, Wildcard
from iso15118.exi.schema import Schema
from iso15118.exi.source import SMALL
from iso15118.messages.catalogue import NEGOTIATED, PAYLOADS, SCHEMAS, response_of
from iso15118.messages.v20.common import RationalNumber

TARGET = Path(__file__).parents[1] / "docs" / "messages"
COMMON, EARLIER = "common", "earlier"
"""Pages of types that several sets share."""
TITLES: Final = {
    "XMLDSIG": "XML signature",
    "SAP": "SupportedAppProtocol",
    "CommonMessages": "ISO 15118-20: common messages",
    "DC": "ISO 15118-20: DC",
    "AC": "ISO 15118-20: AC",
    "ACDP": "ISO 15118-20: automatic connection (ACDP)",
    "WPT": "ISO 15118-20: wireless power transfer",
    "AC_DER_IEC": "ISO 15118-20 Amendment 1: AC DER, IEC",
    "AC_DER_SAE": "ISO 15118-20 Amendment 1: AC DER, SAE",
    "ISO2": "ISO 15118-2",
    "DIN": "DIN SPEC 70121",
    COMMON: "Types that sets of ISO 15118-20 share",
    EARLIER: "Types that ISO 15118-2 and DIN SPEC 70121 share",
}
"""Pages in their order; a type reached from several sets stands on the first that has it as a document, or on one of common types."""
UNITS: Final = (
    (r"EV(SE)?\w*ApparentPower\w*", "VA"),
    (r"EV(SE)?\w*(ReactivePower|Var(Absorption|Injection)\w*)", "var"),
    (r"EV(SE)?(Maximum|Minimum|Nominal|Present|Target)\w*Power|Power|PowerTolerance|PowerRangeStart|OverstayPowerThreshold", "W"),
    (r"DSOMaximumDischargePower", "W"),
    (r"EV(SE)?(Maximum|Minimum|Present|Target)\w*Current", "A"),
    (r"EV(SE)?(Maximum|Minimum|Nominal|Present|Target)Voltage", "V"),
    (r"EV(SE)?(Present|Target|Nominal)Frequency", "Hz"),
    (r"EV\w*EnergyRequest|BatteryEnergyCapacity|AvailableEnergy", "Wh"),
)
"""Units of RationalNumber by element name, as the module docstrings of `messages/v20` state them; blank where the name does not tell."""

Type = type[Message] | type[Enumeration]


def pages() -> dict[str, str]:
    """File name to text."""
    reached = {name: _reached(SCHEMAS[name]) for name in TITLES if name in SCHEMAS}
    homes = _homes(reached)
    made = {f"{name}.md": "\n".join(_page(name, homes, reached)) for name in TITLES}
    return {"README.md": _index(homes, reached), **made}


def _reached(schema: Schema) -> list[Type]:
    """Every type that a set's documents and fragments are made of, in the order of reading."""
    found: dict[Type, None] = {}

    def walk(kind: Type) -> None:
        if kind in found:
            return
        found[kind] = None
        if issubclass(kind, Message):
            for _, position in _positions(kind):
                if isinstance(position.value, type) and issubclass(position.value, Message | Enumeration):
                    walk(position.value)

    roots = sorted(schema.roots.values(), key=lambda root: not root.__name__.endswith(("Req", "Res")))  # messages first
    for root in [*roots, *schema.fragment_roots.values()]:
        walk(root)
    return list(found)


def _homes(reached: Mapping[str, list[Type]]) -> dict[Type, str]:
    homes: dict[Type, str] = {}
    for name, kinds in reached.items():
        for kind in kinds:
            if kind not in homes:
                homes[kind] = name
            elif homes[kind] not in ("XMLDSIG", COMMON, EARLIER) and kind not in SCHEMAS[homes[kind]].roots.values():
                homes[kind] = COMMON if ".v20." in kind.__module__ else EARLIER
    return homes


def _positions(kind: type[Message]) -> Iterator[tuple[str, Position]]:
    """Field and position, members of substitution groups one by one; what can never be sent is left out."""
    for field, position in fields(kind).items():
        for each in position if isinstance(position, list) else [position]:
            if each.field:
                yield field, each


def _index(homes: Mapping[Type, str], reached: Mapping[str, list[Type]]) -> str:
    lines = ["# Messages", "", "Written by `tools/document_messages.py` from the classes in `iso15118/messages`.", ""]
    lines += ["| page | set | messages | types there |", "|---|---|---|---|"]
    for name, title in TITLES.items():
        roots = str(sum(root.endswith(("Req", "Res")) for root in SCHEMAS[name].roots) or "") if name in SCHEMAS else ""
        lines.append(f"| [{title}]({name}.md) | {name if name in reached else ''} | {roots} | {list(homes.values()).count(name)} |")
    lines += [
        "",
        "In the tables: `0..1` is optional, `1..*` unbounded. Bits are those of a value in the stream; where none are given the number",
        "takes as many groups of seven bits as it needs, a string a length and a code point a character, octets a length. Units stand",
        "where an element's name and its message's module tell them; currents, powers and targets are positive into the vehicle.",
        "",
    ]
    return "\n".join(lines)


def _page(name: str, homes: Mapping[Type, str], reached: Mapping[str, list[Type]]) -> Iterator[str]:
    yield f"# {TITLES[name]}\n"
    yield "Written by `tools/document_messages.py`. [All sets](README.md).\n"
    kinds = [kind for kind, home in homes.items() if home == name]
    if name in SCHEMAS:
        yield from _summary(SCHEMAS[name], homes, name)
    for kind in kinds:
        yield from _message(kind, homes, name) if issubclass(kind, Message) else _enumeration(kind)


def _summary(schema: Schema, homes: Mapping[Type, str], here: str) -> Iterator[str]:
    types = [f"{kind:#06x}" for kind, name in PAYLOADS.items() if name == schema.name]
    types += [f"0x8001 once {space} is negotiated" for space, name in NEGOTIATED.items() if name == schema.name]
    if types:
        yield f"V2GTP payload type {', '.join(types)}. `chargeloop exi decode {schema.name} HEX` reads a message.\n"
    requests = [root for root in schema.roots.values() if response_of(root) is not None]
    if requests:
        yield "| request | response | what for |\n|---|---|---|"
        for request in requests:
            response = response_of(request)
            yield f"| {_link(request, homes, here)} | {_link(response, homes, here) if response else ''} | {_first_line(request)} |"
        yield ""
    paired = {*requests, *map(response_of, requests)}
    others = [root for root in schema.roots.values() if root not in paired and (homes[root] != "XMLDSIG" or here == "XMLDSIG")]
    if others:
        more = "" if here == "XMLDSIG" else "; and those of [XML signature](XMLDSIG.md)"
        yield f"Other documents: {', '.join(_link(root, homes, here) for root in others)}{more}.\n"
    signed = [f"{element} ({_link(kind, homes, here)})" for element, kind in schema.fragment_roots.items() if element not in schema.roots]
    if signed:
        yield f"Fragments besides, the input of digests: {', '.join(signed)}.\n"


def _message(kind: type[Message], homes: Mapping[Type, str], here: str) -> Iterator[str]:
    yield f"## {kind.__name__}\n"
    yield f"{_first_line(kind)}\n"
    rows = list(_rows(kind, homes, here))
    if not rows:
        yield "Without content.\n"
        return
    yield "| element | occurs | type | unit |\n|---|---|---|---|"
    yield from rows
    yield ""
    if isinstance(kind.content, Sequence | Choice):
        yield f"In this order: `{_model(kind, kind.content)}`\n"


def _rows(kind: type[Message], homes: Mapping[Type, str], here: str) -> Iterator[str]:
    groups = {name: number for number, group in enumerate(kind.choice, 1) for name in group if name}
    for field, each in _positions(kind):
        form = {ATTRIBUTE: " (attribute)", CHARACTERS: " (content)"}.get(each.kind, "")
        occurs = f"{each.min}..{'*' if each.max is None else each.max}"
        if field in groups:
            empty = "" in kind.choice[groups[field] - 1]
            occurs = f"choice{f' {groups[field]}' if len(kind.choice) > 1 else ''}{', or none' if empty else ''}"
        elif isinstance(fields(kind)[field], list):
            occurs = f"one of {field}{', or none' if each.min == 0 else ''}"
        yield f"| {each.wire if form != ' (content)' else ''}{form} | {occurs} | {_type(each, homes, here)} | {_unit(each)} |"


def _type(position: Position, homes: Mapping[Type, str], here: str) -> str:
    match position.value:
        case Integer(low, high):
            span = f"{'' if low is None else low}..{'' if high is None else high}" if (low, high) != (None, None) else "any"
            small = low is not None and high is not None and high - low < SMALL
            return f"integer {span}{f', {(high - low).bit_length()} bits' if small else ''}"  # type: ignore[operator]
        case Text(high, low):
            return f"string{_lengths(low, high, 'characters')}"
        case Binary(high, low, digits):
            return f"{'hexBinary' if digits else 'base64Binary'}{_lengths(low, high, 'octets')}"
        case type() as kind if kind is bool:
            return "boolean, 1 bit"
        case type() as kind:
            return _link(kind, homes, here)  # type: ignore[arg-type]
        case _:
            return ""


def _lengths(low: int, high: int | None, what: str) -> str:
    if high is None:
        return f", {low} {what} at least" if low else ""
    return f", {low} {what}" if low == high else f", {low}..{high} {what}"


def _unit(position: Position) -> str:
    name = re.sub(r"_L[23]$", "", position.wire)
    if position.value is RationalNumber:
        return next((unit for pattern, unit in UNITS if re.fullmatch(pattern, name)), "")
    return ""


def _enumeration(kind: type[Enumeration]) -> Iterator[str]:
    yield f"## {kind.__name__}\n"
    yield f"{_first_line(kind)}\n"
    members = list(kind)
    values = ", ".join(f"{index} `{member}`" for index, member in enumerate(members))
    yield f"{(len(members) - 1).bit_length()} bits: {values}.\n"


def _model(kind: type[Message], item: Element | Wildcard | Sequence | Choice) -> str:
    mark = {(1, 1): "", (0, 1): "?", (0, None): "*", (1, None): "+"}[item.min, item.max]
    match item:
        case Element(field):
            found = fields(kind)[field]
            return f"{' | '.join(each.wire for each in found) if isinstance(found, list) else found.wire}{mark}"
        case Wildcard():
            return f"(any element){mark}"
        case _:
            inner = (", " if isinstance(item, Sequence) else " | ").join(_model(kind, each) for each in item.items)
            return f"({inner}){mark}"


def _link(kind: Type, homes: Mapping[Type, str], here: str) -> str:
    home = homes[kind]
    return f"[{kind.__name__}]({'' if home == here else f'{home}.md'}#{kind.__name__.lower()})"


def _first_line(kind: type) -> str:
    """What it is: the first paragraph of its docstring, on one line."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split()).replace("|", "\\|")


def main() -> None:
    """Write all pages."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (TARGET / name).write_text(f"{text.rstrip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
