"""A recorded session lived again: the same inputs through `step` must make the same commands, digest by digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from iso15118.errors import ChargeloopError, CodecError, LocalError
from iso15118.messages.catalogue import RENEGOTIATION, renegotiated, schema_for, schema_of
from iso15118.messages.v20.common import EVSENotification
from iso15118.sequence.streams import Stream
from iso15118.sequence.timers import Timer
from iso15118.service.plain import build
from iso15118.service.recorder import FORMAT, Head, digest
from iso15118.session.commands import Command, Send
from iso15118.session.consult import Advice
from iso15118.session.events import (
    Closed,
    Connected,
    Consulted,
    Elapsed,
    Event,
    Garbled,
    NotificationWanted,
    Received,
    Sent,
    StopWanted,
    Tick,
)
from iso15118.session.snapshot import EvccSnapshot, SeccSnapshot
from iso15118.value import Value

WORLDS: Final[Mapping[str, type[SeccSnapshot] | type[EvccSnapshot]]] = {"secc": SeccSnapshot, "evcc": EvccSnapshot}
_PLAIN: Final[Mapping[str, Event]] = {
    "Tick": Tick(),
}

Step = Callable[[Any, Event, Any], tuple[Any, Sequence[Command]]]
Look = Callable[[int, Event, Any, Sequence[Command]], None]


class ReplayResult(Value):
    """What came of it. `turns`: lived again; `different`: the first turn whose commands are not those recorded, None: all are."""

    head: Head
    turns: int
    different: int | None
    complete: bool
    """The recording has an end, and it was reached."""
    remark: str
    """What is to be said about the recording; empty: nothing."""
    session: Any
    """As it stands after the last turn."""

    @property
    def equal(self) -> bool:
        """The same commands, as far as the recording goes."""
        return self.different is None


def begin(head: Head) -> Any:
    """The session of a recording before its first event. Raises LocalError if its configuration is not one of today's."""
    if head.role == "secc":
        from iso15118.session import secc

        paused = None if head.paused is None else build(secc.Paused, head.paused)
        return secc.begin(build(secc.Config, head.config), bytes.fromhex(head.session_id), paused, bytes.fromhex(head.challenge))
    from iso15118.session import evcc

    return evcc.begin(build(evcc.Config, head.config), None if head.paused is None else build(evcc.Paused, head.paused))


def step_of(head: Head) -> Step:
    """The `step` of the role that was recorded."""
    if head.role == "secc":
        from iso15118.session import secc

        return secc.step
    from iso15118.session import evcc

    return evcc.step


def replay(path: Path, begin: Callable[[Head], Any] = begin, step: Step | None = None, look: Look | None = None) -> ReplayResult:
    """Live the recording at `path` again. `look(turn, event, world, commands)` sees each turn.

    Raises LocalError for what is no recording, has a damaged line, or has lost its beginning (a ring that ran over). One that breaks off
    is lived up to there.
    """
    rows = _rows(path)
    head = _head(path, next(rows, None))
    kind, step = WORLDS[head.role], step or step_of(head)
    session = begin(head)
    world: dict[str, Any] = {}
    chain, turns, remark, complete = b"", 0, "the recording breaks off", False
    for row in rows:
        if row is None:
            break
        if "end" in row:
            complete, remark = True, ""
            break
        turns += 1
        try:
            world |= row["w"]
            event, snapshot, recorded = _event(row["e"], session), build(kind, world), "" if row.get("failed") else row["d"]
        except (ChargeloopError, KeyError, TypeError, ValueError, IndexError) as error:
            raise LocalError(f"{path}: turn {turns} is damaged: {type(error).__name__}: {error}") from None
        try:
            session, commands = step(session, event, snapshot)
            chain = digest(chain, commands, [_octets(command) for command in commands if isinstance(command, Send)])
        except Exception as error:  # what is replayed may be what went wrong
            if row.get("failed"):
                remark = f"the session failed here: {type(error).__name__}: {error}"
                return ReplayResult(head, turns, None, complete=True, remark=remark, session=session)
            raise
        if look is not None:
            look(turns, event, snapshot, commands)
        if row.get("failed"):
            return ReplayResult(head, turns, turns, complete=True, remark="the session failed here, and does not now", session=session)
        if recorded != chain.hex():
            return ReplayResult(head, turns, turns, complete=False, remark=f"turn {turns} decides otherwise", session=session)
    return ReplayResult(head, turns, None, complete=complete, remark=remark, session=session)


def _rows(path: Path) -> Iterator[dict[str, Any] | None]:
    """The lines; None in the place of one that is cut off."""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                try:
                    row = json.loads(line)
                except ValueError:
                    yield None
                    return
                yield row if isinstance(row, dict) and line.endswith("\n") else None
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: cannot be read: {error}") from None


def _head(path: Path, row: dict[str, Any] | None) -> Head:
    if row is None or row.get("format") != FORMAT or row.get("role") not in WORLDS:
        raise LocalError(f"{path}: no recording of a session ({FORMAT})")
    if row["skipped"]:
        raise LocalError(f"{path}: the first {row['skipped']} turns are missing, so it cannot be lived again (record with a stream)")
    return Head(row["role"], row["config"], row["session_id"], row["name"], row.get("paused"), row.get("challenge", ""))


def _event(said: list[Any], session: Any) -> Event:
    name, *words = said
    match name:
        case "Received":
            payload_type, octets = words[0], bytes.fromhex(words[1])
            if payload_type == RENEGOTIATION:
                return Received(renegotiated(octets, session.renegotiated_in), payload_type)
            return Received(schema_for(payload_type).decode(octets), payload_type)
        case "Garbled":
            return Garbled(CodecError(words[0], path=words[1], bit=words[2]))
        case "Sent":
            return Sent(Stream[words[0]]) if words else Sent()
        case "Elapsed":
            return Elapsed(Timer[words[0]])
        case "Connected":
            return Connected(words[0], bytes.fromhex(words[1])) if len(words) > 1 else Connected(*words)
        case "StopWanted":
            return StopWanted(words[0])
        case "NotificationWanted":
            return NotificationWanted(EVSENotification[words[0]], words[1])
        case "Consulted":
            return Consulted(words[0], build(Advice, words[1]))
        case "Closed":
            return Closed(words[0])
        case _ if name in _PLAIN:
            return _PLAIN[name]
    raise LocalError(f"unknown event {name!r} in a recording")


def _octets(command: Send) -> bytes:
    try:
        return schema_of(command.message, command.payload_type).encode(command.message)
    except ChargeloopError as error:
        raise LocalError(f"cannot be encoded: {error}") from None
