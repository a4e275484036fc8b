"""What a charger and a car of the bench have in common: a journal, waiting for what is to be seen, and the words of a wish."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from iso15118.errors import LocalError
from iso15118.sequence.phases import Phase
from iso15118.service.journal import Journal
from iso15118.service.misbehave import Wiring, misbehaving
from iso15118.service.seen import Ended, Exchanged, PhaseChanged, Seen
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import Misbehaviour
from iso15118.units import Second

E = TypeVar("E", ServiceID, ControlMode)
PATIENCE: Second = 120.0
"""So long a test waits for what should come, on the clock of its loop."""


class Side:
    """One of the two. `journal` has all that it saw and measured, over all its sessions."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._waiting: list[tuple[Callable[[Seen], bool], asyncio.Future[Seen]]] = []

    def saw(self, seen: Seen) -> None:
        """The watcher of its conversations."""
        self.journal(seen)
        for wanted, future in tuple(self._waiting):
            if not future.done() and wanted(seen):
                future.set_result(seen)

    async def sees(self, wanted: Callable[[Seen], bool], within: Second = PATIENCE) -> Seen:
        """The next thing seen that is `wanted`. Raises TimeoutError after `within` seconds."""
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        entry = (wanted, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(within):
                return await future
        finally:
            self._waiting.remove(entry)

    async def until(self, phase: Phase, within: Second = PATIENCE) -> None:
        """Returns when its session stands in `phase`. Raises TimeoutError, LocalError where the session ends without."""
        if self.journal.phase is phase:
            return
        seen = await self.sees(lambda s: (isinstance(s, PhaseChanged) and s.after is phase) or isinstance(s, Ended), within)
        if isinstance(seen, Ended) and phase is not Phase.ENDED:
            raise LocalError(f"the session ended in {seen.phase} without {phase}: {seen.why}")

    async def exchanged(self, name: str, times: int = 1, within: Second = PATIENCE) -> Exchanged:
        """The next message called `name` that comes or goes, or the last of the next `times`. Raises TimeoutError."""
        seen: Seen | None = None
        for _ in range(times):
            seen = await self.sees(lambda s: isinstance(s, Exchanged) and type(s.message).__name__ == name, within)
        if not isinstance(seen, Exchanged):
            raise LocalError(f"{times} messages are none to wait for")
        return seen


def wiring_of(misbehaviour: Misbehaviour | Sequence[Misbehaviour] | None) -> Wiring | None:
    """What stands between a side and its connection; an honest one needs nothing."""
    if misbehaviour is None:
        return None
    return misbehaving(*((misbehaviour,) if isinstance(misbehaviour, Misbehaviour) else misbehaviour))


def members(kind: type[E], named: Iterable[E | str]) -> tuple[E, ...]:
    """Members of an enumeration, of which some may be given by name, in either case. Raises LocalError naming those there are."""
    names = {each.name: each for each in kind}
    found = []
    for each in named:
        if isinstance(each, str) and each.upper() not in names:
            raise LocalError(f"{each!r} is none of {', '.join(names)}")
        found.append(names[each.upper()] if isinstance(each, str) else each)
    return tuple(found)
