"""The parties to a conversation as it knows them: a session of either role, and a scribe that keeps what it went through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from iso15118.sequence.phases import Phase
from iso15118.session.commands import Command
from iso15118.session.events import Event


class SessionLike(Protocol):
    """All that the shell knows of a session."""

    @property
    def phase(self) -> Phase: ...
    @property
    def clean(self) -> bool:
        """Has SessionStop been answered?"""

    @property
    def renegotiated_in(self) -> tuple[str, ...]:
        """Names of the schema sets in which a frame of the renegotiation stream may be, the one that is due first."""


class Scribe(Protocol):
    """Keeps what goes into `step` and what comes out (`recorder`)."""

    def saw(self, event: Event, raw: bytes, world: object, commands: Sequence[Command] | None, written: tuple[bytes, ...]) -> None:
        """`raw`: the octets of what was received; `written`: of what was said. `commands` None: the session failed on this event."""
