"""What a ledger holds: records, one a line, JSON with a checksum in it; and what all of them together say.

    {"crc":"5a0c1f2e","flowed":{"number":8,"at":1780000001.5,"transaction":7,"charged":1204.25,"discharged":0.0}}

The checksum is the CRC-32 of what stands behind it, up to the end of the line. Energies are readings of the outlet's meter in Wh, which
counts both directions up; `at` is UTC, s since the epoch. The file they are in: `ledger`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias
from zlib import crc32

from iso15118.errors import DeviceFault
from iso15118.service.plain import plain
from iso15118.units import Second, WattHour
from iso15118.value import Value

POWER_LOST: Final = "power lost"
"""Why a transaction was closed whose charger has ended without a word."""
HISTORY: Final = 512 * 1024
"""Octets of what is over and done that are kept: some 1,300 transactions."""

_HEAD, _DIGITS = b'{"crc":"', 8
_REST = len(_HEAD) + _DIGITS + 2
"""Where what the checksum is of begins."""


class Opened(Value):
    """The contactor has closed for a session: energy may flow. `number` is that of the transaction, too."""

    number: int
    at: Second
    outlet: str
    vehicle: str
    """Its EVCCID."""
    contract: str
    """The EMAID that pays; empty: none does."""
    session: str
    """Its id, hexadecimal: one that has paused and goes on is another transaction of the same session."""
    meter: str
    charged: WattHour
    discharged: WattHour


class Flowed(Value):
    """So far the meter has come."""

    number: int
    at: Second
    transaction: int
    charged: WattHour
    discharged: WattHour


class Closed(Value):
    """A transaction is over; `taken`: when the meter stood so. `clean`: its session ended in order, by SessionStop; `why`: in words."""

    number: int
    at: Second
    opened: Opened
    taken: Second
    charged: WattHour
    discharged: WattHour
    why: str
    clean: bool


class Latched(Value):
    """A fault that needs a person."""

    number: int
    at: Second
    outlet: str
    fault: DeviceFault


class Reset(Value):
    """A person has said that the outlet may be used again."""

    number: int
    at: Second
    latched: Latched


Record: TypeAlias = Opened | Flowed | Closed | Latched | Reset
_KINDS: Final[dict[str, type[Record]]] = {kind.__name__.lower(): kind for kind in (Opened, Flowed, Closed, Latched, Reset)}


def line(record: Record) -> bytes:
    """The record as a line of the file, with its end."""
    said = json.dumps({type(record).__name__.lower(): plain(record)}, separators=(",", ":"))[1:].encode()
    return b'%s%08x",%s\n' % (_HEAD, crc32(said), said)


def parse(text: bytes) -> Record | None:
    """The record in a line without its end; None: it is damaged."""
    rest = text[_REST:]
    if text[:_REST] != b'%s%08x",' % (_HEAD, crc32(rest)):
        return None
    try:
        ((kind, fields),) = json.loads(b"{" + rest).items()
        return _built(_KINDS[kind], fields)
    except (ValueError, TypeError, KeyError, AttributeError):  # whole, but no record of ours
        return None


def _built(kind: type[Record], fields: dict[str, Any]) -> Record:
    """Raises TypeError or KeyError for what are not its fields."""
    for name, inner in fields.items():
        if name == "fault":
            fields[name] = DeviceFault[inner]
        elif name in _KINDS:
            fields[name] = _built(_KINDS[name], inner)
    return kind(**fields)


class Found(NamedTuple):
    """What was found in a file: its records, damaged parts before the last line, and what is left of a last line that is none."""

    records: tuple[Record, ...]
    damaged: tuple[bytes, ...]
    torn: bytes


def read(octets: bytes) -> Found:
    """What is in the octets of a file. Nothing in them is fatal."""
    records, damaged, torn = [], [], b""
    *lines, rest = octets.split(b"\n")
    for number, text in enumerate(lines, 1):
        bad, record = _rescued(text)
        if record is not None:
            records.append(record)
        if bad and record is None and number == len(lines) and not rest:
            torn = bad + b"\n"
        elif bad:
            damaged.append(bad)
    return Found(tuple(records), tuple(damaged), rest or torn)


def _rescued(text: bytes) -> tuple[bytes, Record | None]:
    """The record in a line, and what is in front of it where the end of the line before has been lost."""
    if (record := parse(text)) is not None:
        return b"", record
    start = max(0, text.rfind(_HEAD))
    return (text, None) if (record := parse(text[start:])) is None else (text[:start], record)


class Transaction(NamedTuple):
    """One that goes on, as far as it is known."""

    opened: Opened
    flowed: Flowed | None

    @property
    def last(self) -> Opened | Flowed:
        """What has the newest reading of the meter."""
        return self.flowed or self.opened


class Books:
    """What the records say that have been added. What is over is kept as lines only."""

    def __init__(self) -> None:
        self.newest = 0
        """The highest number so far."""
        self.going_on: dict[int, Transaction] = {}
        self.latches: dict[tuple[str, DeviceFault], Latched] = {}
        self._history: dict[int, bytes] = {}
        self._octets = 0

    def add(self, record: Record) -> bytes:
        """One more record; its line."""
        self.newest = max(self.newest, record.number)
        said = line(record)
        if isinstance(record, Opened):
            self.going_on[record.number] = Transaction(record, None)
        elif isinstance(record, Flowed):
            if record.transaction in self.going_on:
                self.going_on[record.transaction] = self.going_on[record.transaction]._replace(flowed=record)
        elif isinstance(record, Latched):
            self.latches[record.outlet, record.fault] = record
        else:
            if isinstance(record, Closed):
                self.going_on.pop(record.opened.number, None)
            else:
                self.latches.pop((record.latched.outlet, record.latched.fault), None)
            self._history[record.number] = said
            self._octets += len(said)
        return said

    def compact(self, history: int = HISTORY) -> bytes:
        """A file that says the same in the fewest lines, in the order of their numbers, less what is oldest of more than `history` octets.

        The newest record is always in it: numbers go on rising.
        """
        while self._octets > history and len(self._history) > 1:
            self._octets -= len(self._history.pop(next(iter(self._history))))
        lines = dict(self._history)
        lines.update((record.number, line(record)) for record in self._lasting())
        return b"".join(said for _, said in sorted(lines.items()))

    def _lasting(self) -> Iterator[Record]:
        yield from self.latches.values()
        for opened, flowed in self.going_on.values():
            yield opened
            if flowed is not None:
                yield flowed
