"""What went into a session, kept so that it can be lived again: a ring in memory, a file on demand, a stream for benches.

Inputs are events (received octets as they came) with the snapshot they met; of what came out only a chained digest is kept, because the
same inputs make the same commands (`replay`). The loop's thread only puts references into a deque: all writing, also the digests, is done
by other threads, and a disk that fails is said once and disturbs nothing.

A recording is a file of JSON lines: the head; one line an event, with what of the snapshot has changed; the end.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from iso15118.service.background import LARGEST, QUEUE, Background
from iso15118.service.log import Log
from iso15118.service.plain import plain
from iso15118.session.commands import Command, Send
from iso15118.session.events import Event, Garbled, Received
from iso15118.value import Value

RING: Final = 4096
"""Events kept in memory: some three minutes of a charge loop."""
FORMAT: Final = "chargeloop recording 1"


class Heard(Value):
    """A message received: its octets say the rest."""

    payload_type: int


class Said(Value):
    """A message sent: its octets say the rest."""

    payload_type: int


class Entry(NamedTuple):
    """One turn of a session. `commands` None: the session failed.

    Messages are kept as the octets they were: a ring full of decoded ones would take several times the memory, and with it the time that
    an answer takes where many sessions share a processor's cache.
    """

    event: Event | Heard
    raw: bytes
    world: object
    commands: tuple[Command | Said, ...] | None
    written: tuple[bytes, ...]

    @classmethod
    def of(cls, event: Event, raw: bytes, world: object, commands: Sequence[Command] | None, written: tuple[bytes, ...]) -> Entry:
        """The turn of these."""
        kept = None if commands is None else tuple(_said(c.payload_type) if isinstance(c, Send) else c for c in commands)
        return cls(_heard(event.payload_type) if isinstance(event, Received) else event, raw, world, kept, written)


_heard, _said = cache(Heard), cache(Said)


class Head(Value):
    """What a session began with. `role`: secc or evcc; `config`: the plain form of that role's Config; `session_id`: for a charger.

    `paused`: the plain form of what was kept of a pause before. `challenge`: of Plug & Charge, for a charger.
    """

    role: str
    config: Mapping[str, Any]
    session_id: str = ""
    name: str = ""
    paused: Mapping[str, Any] | None = None
    challenge: str = ""


class Recorder:
    """The memory of one conversation (`parties.Scribe`)."""

    def __init__(self, head: Head, *, ring: int = RING, stream: Stream | None = None) -> None:
        """`stream` gets everything as it happens; the ring has the last `ring` turns."""
        self.head = head
        self.turns = 0
        self._ring: deque[Entry] = deque(maxlen=ring)
        self._stream = stream

    def saw(self, event: Event, raw: bytes, world: object, commands: Sequence[Command] | None, written: tuple[bytes, ...]) -> None:
        """Keep one turn."""
        entry = Entry.of(event, raw, world, commands, written)
        self.turns += 1
        self._ring.append(entry)
        if self._stream is not None:
            self._stream.put(entry)

    def __len__(self) -> int:
        return len(self._ring)

    def dump(self, path: Path, why: str, *, log: Log | None = None) -> Future[bool]:
        """Write the ring to `path`, in a thread of its own. The result: is it written? A failure is said in the log."""
        entries, skipped = tuple(self._ring), self.turns - len(self._ring)
        transcript, log = Transcript(self.head), log or Log()
        written: Future[bool] = Future()

        def write() -> None:
            try:
                with path.open("w", encoding="utf-8") as file:
                    file.write(transcript.opening(skipped))
                    file.writelines(transcript.turn(entry) for entry in entries)
                    file.write(transcript.ending(why))
                written.set_result(True)
            except OSError as error:
                log.error("recording unwritten", f"recording {path} not written: {error.strerror}")
                written.set_result(False)

        threading.Thread(target=write, name="recording", daemon=True).start()
        return written

    def close(self, why: str) -> None:
        """The session is over: the stream, if there is one, gets its end."""
        if self._stream is not None:
            self._stream.close(why)


class Stream(Background[Entry]):
    """A recording that is written while the session goes on. A recording with a gap could not be replayed: it ends before the gap."""

    def __init__(self, path: Path, head: Head, *, largest: int = LARGEST, waiting: int = QUEUE, log: Log | None = None) -> None:
        """`largest`, `waiting`: as of `Background`."""
        transcript = Transcript(head)
        super().__init__(
            path,
            lambda entry: transcript.turn(entry).encode(),
            opening=transcript.opening().encode(),
            ending=lambda why: transcript.ending(why).encode(),
            largest=largest,
            waiting=waiting,
            log=log,
        )


class Transcript:
    """The lines of one recording, in their order: `opening`, one `turn` an entry, `ending`."""

    __slots__ = ("_before", "_chain", "_head", "_turns")

    def __init__(self, head: Head) -> None:
        self._head = head
        self._before: dict[str, Any] = {}
        self._chain = b""
        self._turns = 0

    def opening(self, skipped: int = 0) -> str:
        """`skipped`: turns that came before the first one here and are gone."""
        head = self._head
        who = {"role": head.role, "name": head.name, "session_id": head.session_id, "config": head.config, "paused": head.paused}
        who |= {"challenge": head.challenge} if head.challenge else {}
        return _line({"format": FORMAT, "skipped": skipped, **who})

    def turn(self, entry: Entry) -> str:
        """The event, what of the world has changed since the last one, the digest of all commands up to here."""
        self._turns += 1
        world: dict[str, Any] = plain(entry.world)
        changed = {name: value for name, value in world.items() if name not in self._before or self._before[name] != value}
        self._before = world
        said: dict[str, Any] = {"e": _event(entry), "w": changed}
        if entry.commands is None:
            return _line({**said, "failed": True})
        self._chain = digest(self._chain, entry.commands, entry.written)
        return _line({**said, "d": self._chain.hex()})

    def ending(self, why: str) -> str:
        """Without it a recording was cut off."""
        return _line({"end": self._turns, "why": why})


def digest(chain: bytes, commands: Sequence[Command | Said], written: Sequence[bytes]) -> bytes:
    """The next link: over the link before, and over every command, messages as their octets."""
    hashed = blake2b(chain, digest_size=16)
    octets = iter(written)
    for command in commands:
        if isinstance(command, Send | Said):
            hashed.update(f"Send {command.payload_type} ".encode() + next(octets, b""))
        else:
            hashed.update(f"{type(command).__name__} {json.dumps(plain(command))}".encode())
    return hashed.digest()


def _event(entry: Entry) -> list[Any]:
    event = entry.event
    name = type(event).__name__
    if isinstance(event, Heard):
        return [Received.__name__, event.payload_type, entry.raw.hex()]
    if isinstance(event, Garbled):
        return [name, event.error.what, event.error.path, event.error.bit]
    return [name, *(plain(getattr(event, field)) for field in type(event).__fields__)]


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":")) + "\n"


def numbered(path: Path, number: int) -> Path:
    """`path` for the first recording, `path-2` (before the suffix) for the second, and so on."""
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")
