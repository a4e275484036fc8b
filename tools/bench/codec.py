"""A message to EXI octets and back, beside JSON of the same content (C code, text of several times the size) and a copy of the octets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import TypeVar

from iso15118.exi import Message, to_json
from iso15118.messages.catalogue import schema_for
from tools.bench.measure import WARM_UP, Progress, Row, Table, Timing, micro, take_turns
from tools.bench.messages import realistic, unseen

X = TypeVar("X")
LONG = 400
"""Octets from which a message is timed less often."""


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """Every message of the set. Raises ValueError where a message does not come back as it was: then the figures mean nothing."""
    rows = [_row(name, *subject, repeats, calls, progress) for name, subject in realistic().items()]
    once = repeats * calls + WARM_UP
    rows.append(_row("DC_ChargeLoopReq, new numbers", 0x8004, unseen(once), repeats, calls, progress, again=unseen(once)))
    return Table(
        "codec",
        f"us a message, p50 / p99, median of {repeats} repeats; json: the same content, dumps and loads; copy: of the octets",
        ("message", "octets", "decode", "p99", "json.loads", "ratio", "encode", "p99", "json.dumps", "ratio", "copy"),
        tuple(rows),
        notes=("numbers of a loop come again and again, as in a session, and are remembered; 'new numbers': never seen before",),
    )


def _row(
    name: str,
    payload_type: int,
    variants: Sequence[Message],
    repeats: int,
    calls: int,
    progress: Progress,
    again: Sequence[Message] | None = None,
) -> Row:
    """`again`: the same messages as other objects, which have never been encoded and thus hold nothing ready."""
    schema = schema_for(payload_type)
    octets = [schema.encode(message) for message in variants]
    for message, data in zip(variants[:8], octets[:8], strict=True):
        if schema.decode(data) != message:
            raise ValueError(f"{name}: decoded to something else than was encoded")
    plain = [to_json(message) for message in variants]
    texts = [json.dumps(each) for each in plain]
    size = max(map(len, octets))
    found = take_turns(
        {
            "decode": _each(schema.decode, octets),
            "encode": _each(schema.encode, again or variants),
            "loads": _each(json.loads, texts),
            "dumps": _each(json.dumps, plain),
            "copy": _each(_copy, octets),
        },
        calls=calls if size < LONG else max(50, calls // 20),
        repeats=repeats,
        progress=progress,
        what=name,
    )
    return Row(_cells(name, size, found), _data(name, size, len(max(texts, key=len)), found))


def _each(function: Callable[[X], object], values: Sequence[X]) -> Callable[[int], object]:
    following = cycle(values).__next__
    return lambda i: function(following())


def _copy(data: bytes) -> bytes:
    return bytes(bytearray(data))


def _cells(name: str, size: int, t: dict[str, Timing]) -> tuple[str, ...]:
    return (
        name,
        str(size),
        micro(t["decode"].p50),
        micro(t["decode"].p99),
        micro(t["loads"].p50),
        f"{t['decode'] / t['loads']:.2f}",
        micro(t["encode"].p50),
        micro(t["encode"].p99),
        micro(t["dumps"].p50),
        f"{t['encode'] / t['dumps']:.2f}",
        micro(t["copy"].p50),
    )


def _data(name: str, size: int, text: int, t: dict[str, Timing]) -> dict[str, object]:
    figures = {f"{key}_{part}_s": getattr(timing, part) for key, timing in t.items() for part in ("p50", "p99")}
    return {"message": name, "octets": size, "json_octets": text, **figures}
