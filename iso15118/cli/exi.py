"""`chargeloop exi`: messages between EXI in hexadecimal and the neutral JSON form, one or a batch.

JSON goes out as ASCII on one line: whatever characters a peer has put into a string, the output stays one line and moves no cursor.
"""

from __future__ import annotations

import io
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Enumeration, Schema, from_json, to_json
from iso15118.exi.describe import facets, reached, rows
from iso15118.messages.catalogue import NEGOTIATED, PAYLOADS, SCHEMAS
from iso15118.messages.quantities import unit
from iso15118.service.log import one_line

Convert: TypeAlias = Callable[[str], str]
"""One message in one form to the other. Raises CodecError."""

_JSON: Final = json.JSONEncoder(separators=(",", ":"))
LONGEST: Final = 400
"""Characters of an error that are told: it may quote a whole message."""


def run(arguments: Namespace) -> int:
    """Perform `arguments.action`. Raises LocalError on an unknown schema, CodecError where a single message is none."""
    if arguments.action == "schemas":
        print("\n".join(table()))
        return 0
    schema = SCHEMAS.get(arguments.schema)
    if schema is None:
        raise LocalError(f"unknown schema {arguments.schema!r}; known: {', '.join(SCHEMAS)}")
    if arguments.action == "describe":
        print("\n".join(described(schema, arguments.type)))
        return 0
    convert = (decoding if arguments.action == "decode" else encoding)(schema, fragment=arguments.fragment)
    given = [part for part in arguments.input if part != "-"]
    if arguments.lines:
        if given:
            raise LocalError("--lines reads standard input: leave the message out")
        _batch(convert, standard_input())
        return 0
    try:
        print(convert(" ".join(given) or "".join(standard_input())))
    except CodecError as error:
        raise CodecError(told(error)) from None
    return 0


def _batch(convert: Convert, lines: Iterable[str]) -> None:
    """A line in, a line out, each written before the next is read, so that another program may converse with us."""
    out = sys.stdout
    for line in lines:
        try:
            said = convert(line)
        except CodecError as error:
            said = f"error: {told(error)}"
        out.write(f"{said}\n")
        out.flush()


def standard_input() -> Iterable[str]:
    """Its lines. Octets that are not UTF-8 become characters that no message may hold, so that they fail only their own line."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def told(error: CodecError) -> str:
    """The error on one line of bearable length."""
    text = str(error)
    return one_line(text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...")


def decoding(schema: Schema, *, fragment: bool) -> Convert:
    """From hexadecimal, in either case and with any white space, to `{"<root>": {...}}`."""

    def decode(text: str) -> str:
        data = _octets(text)
        if fragment:
            root, message = schema.decode_fragment(data)
        else:
            message = schema.decode(data)
            root = type(message).__name__
        return _JSON.encode({root: to_json(message)})

    return decode


def encoding(schema: Schema, *, fragment: bool) -> Convert:
    """From `{"<root>": {...}}` to hexadecimal."""
    roots = schema.fragment_roots if fragment else schema.roots
    kind = "fragment" if fragment else "message"

    def encode(text: str) -> str:
        root, content = _rooted(text)
        cls = roots.get(root)
        if cls is None:
            raise CodecError(f"{root!r:.60} is no {kind} of {schema.name}")
        try:
            message = from_json(cls, content)
        except CodecError as error:
            raise error.inside(root) from None
        return (schema.encode_fragment(message, root) if fragment else schema.encode(message)).hex()

    return encode


def _octets(text: str) -> bytes:
    digits = "".join(text.split())
    if not digits:
        raise CodecError("empty: hexadecimal digits are wanted")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        odd = all(digit in "0123456789abcdefABCDEF" for digit in digits)
        raise CodecError("half an octet at the end of the hexadecimal digits" if odd else "not hexadecimal") from None


def _rooted(text: str) -> tuple[str, object]:
    """Root name and content of a message in JSON."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise CodecError("not a message: nested too deeply") from None
    except ValueError as error:  # no JSON, or a number of thousands of digits
        raise CodecError(f"not JSON: {error}" if text.strip() else 'empty: {"<name>": {...}} is wanted') from None
    if not isinstance(value, dict) or len(value) != 1:
        raise CodecError('not a message: {"<name>": {...}} is wanted')
    ((root, content),) = value.items()
    return root, content


def table() -> list[str]:
    """The schema sets, a line each: payload type of the main stream, messages, and what else may be a document or a fragment."""
    types = {name: f"{payload_type:#06x}" for payload_type, name in PAYLOADS.items() if payload_type < 0x8100}
    types |= dict.fromkeys(NEGOTIATED.values(), "0x8001")  # told from SAP by what was negotiated
    lines = [("SCHEMA", "PAYLOAD", "MESSAGES", "DOCUMENTS", "FRAGMENTS")]
    for name, schema in SCHEMAS.items():
        spoken = sum(element.endswith(("Req", "Res")) for element in schema.roots)
        lines.append((name, types.get(name, "-"), str(spoken or "-"), str(len(schema.roots)), str(len(schema.fragment_roots))))
    return columns(lines)


def described(schema: Schema, name: str | None) -> list[str]:
    """A type of a set, its meaning and its elements or values; without a name, the names there are. Raises LocalError on one not there."""
    types = {cls.__name__: cls for cls in reached(schema.fragment_roots.values())}
    if name is None:
        return sorted(types)
    cls = types.get(name)
    if cls is None:
        raise LocalError(f"{schema.name} has no type {name!r}; `chargeloop exi describe {schema.name}` lists those it has")
    if issubclass(cls, Enumeration):
        lines: list[tuple[str, ...]] = [("INDEX", "VALUE"), *((str(index), value) for index, value in enumerate(cls))]
    else:
        lines = [("ELEMENT", "FIELD", "TYPE", "OCCURS", "UNIT")]
        lines += [(row.wire, row.field, facets(row.value), row.occurs, unit(row)) for row in rows(cls)]
    return [" ".join((cls.__doc__ or "").split()), "", *columns(lines)]


def columns(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Cells below each other, two spaces between."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
