"""All that was seen of a session, message by message and watt by watt, for whoever asks afterwards: JSON lines, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from iso15118.exi import to_json
from iso15118.power import Reading, VehicleReading
from iso15118.sequence.phases import Phase
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged, Seen
from iso15118.units import Ampere, Second, Volt, Watt

COLUMNS: Final = ("at", "phase", "voltage", "current", "power")


class Measured(NamedTuple):
    """What flowed at one moment of a session, + into the vehicle, and where the session stood."""

    at: Second
    phase: Phase
    voltage: Volt
    current: Ampere
    power: Watt


def at_outlet(reading: Reading) -> tuple[Volt, Ampere, Watt]:
    """What flows, by the charger's reading."""
    return reading.voltage.value, reading.current.value, reading.power


def at_inlet(reading: VehicleReading) -> tuple[Volt, Ampere, Watt]:
    """The same by the car's."""
    voltage, current = reading.voltage.value, reading.current.value
    return voltage, current, voltage * current if reading.ac is None else reading.ac.value.active.total


class Journal:
    """A watcher that forgets nothing. `measure` is asked what flows with every message that comes or goes."""

    def __init__(self, measure: Callable[[], tuple[Volt, Ampere, Watt]]) -> None:
        self.seen: list[Seen] = []
        self.measured: list[Measured] = []
        self.phase = Phase.APP_PROTOCOL
        self._measure = measure

    def __call__(self, seen: Seen) -> None:
        """Keep it."""
        self.seen.append(seen)
        if isinstance(seen, PhaseChanged):
            self.phase = seen.after
        elif isinstance(seen, Exchanged):
            self.measured.append(Measured(seen.at, self.phase, *self._measure()))

    def messages(self, name: str = "", direction: Direction | None = None) -> list[Exchanged]:
        """The messages that came and went, in order: all of them, or those called `name`, or of one direction."""
        return [
            seen
            for seen in self.seen
            if isinstance(seen, Exchanged)
            and name in ("", type(seen.message).__name__)
            and (direction is None or seen.direction is direction)
        ]

    @property
    def notes(self) -> list[str]:
        """What the sessions had to say to people."""
        return [seen.text for seen in self.seen if isinstance(seen, Noted)]

    @property
    def ends(self) -> list[Ended]:
        """How the sessions ended."""
        return [seen for seen in self.seen if isinstance(seen, Ended)]

    def json_lines(self) -> Iterator[str]:
        """A JSON object for everything that was seen, in order; messages in the neutral form and as their EXI octets."""
        for seen in self.seen:
            yield json.dumps(_line(seen), separators=(",", ":"))

    def csv(self) -> str:
        """The measurements as a table with a heading: s, phase, V, A, W."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(map(figures, self.measured))
        return text.getvalue()


def figures(each: Measured) -> tuple[object, ...]:
    """One measurement as a row under `COLUMNS`."""
    return round(each.at, 6), str(each.phase), round(each.voltage, 3), round(each.current, 3), round(each.power, 3)


def _line(seen: Seen) -> dict[str, Any]:
    at = round(seen.at, 6)
    match seen:
        case Exchanged(_, direction, payload_type, message, raw):
            said = {type(message).__name__: to_json(message)}
            return {"at": at, "direction": direction, "payload_type": f"{payload_type:#06x}", "message": said, "exi": raw.hex()}
        case PhaseChanged(_, _, after):
            return {"at": at, "phase": after}
        case Noted(_, text):
            return {"at": at, "note": text}
        case Ended(_, why, clean, phase):
            return {"at": at, "ended": why, "clean": clean, "stood_in": phase}
