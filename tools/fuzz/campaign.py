"""One schema under fire: every mutated stream gives a message that codes back to itself, or a CodecError, soon and in little memory."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from resource import getpagesize
from time import perf_counter

from iso15118.errors import CodecError
from iso15118.exi import Schema
from tools.fuzz.mutate import mutated

SETTLED = 0.1
"""After this share of the frames memory is measured from: what is remembered is full by then."""


@dataclass(slots=True)
class Found:
    """What became of the frames of one schema. Times in seconds, memory in octets; `broken`: stream and what was wrong."""

    schema: str
    frames: int = 0
    accepted: int = 0
    rejections: Counter[int] = field(default_factory=Counter)
    """How many took so many microseconds: counted, since a million single times would be the memory that is measured."""
    slowest: tuple[float, bytes] = (0.0, b"")
    growth: int = 0
    broken: list[tuple[bytes, str]] = field(default_factory=list)

    def rejection(self, share: float) -> float:
        """The time within which this share of the rejections came."""
        wanted = int(self.rejections.total() * share)
        for micros, times in sorted(self.rejections.items()):
            wanted -= times
            if wanted < 0:
                return micros * 1e-6
        return 0.0


def campaign(
    schema: Schema, streams: Sequence[bytes], *, frames: int, seed: int, fragments: bool = False, progress: Callable[[int], object] = id
) -> Found:
    """Let `schema` read `frames` mutations of `streams`; the same seed gives the same frames. `fragments`: they are fragments.

    `progress` is told the number of frames now and then.
    """
    found = Found(schema.name)
    for stream in streams:  # the first of each kind generates its codec
        judge(schema, schema.decode_fragment(stream) if fragments else schema.decode(stream))
    settled = int(frames * SETTLED)
    began = 0
    for number, stream in enumerate(islice(mutated(streams, Random(f"{seed} {schema.name}")), frames)):
        if number == settled:
            gc.collect()
            began = _resident()
        if number % 1000 == 0:
            progress(number)
        _try(schema, stream, fragments, found)
    gc.collect()
    found.growth = _resident() - began
    found.frames = frames
    return found


def _try(schema: Schema, stream: bytes, fragments: bool, found: Found) -> None:
    started = perf_counter()
    try:
        read = schema.decode_fragment(stream) if fragments else schema.decode(stream)
    except CodecError:
        taken = perf_counter() - started
        found.rejections[round(taken * 1e6)] += 1
        found.slowest = max(found.slowest, (taken, stream))
    except Exception as error:
        found.broken.append((stream, f"{type(error).__name__}: {error}"))
    else:
        found.accepted += 1
        problem = judge(schema, read)
        if problem:
            found.broken.append((stream, problem))


def judge(schema: Schema, read: object) -> str:
    """What is wrong with a message that was read: "" if it is valid, that is, if it can be said and comes back the same."""
    try:
        if isinstance(read, tuple):
            element, message = read
            again: object = schema.decode_fragment(schema.encode_fragment(message, element))
        else:
            again = schema.decode(schema.encode(read))  # type: ignore[arg-type]
    except Exception as error:
        return f"read, but {type(error).__name__} when said again: {error}"
    return "" if again == read else "comes back as another message"


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
