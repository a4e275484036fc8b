"""Rows of the matrix: what one side does wrong, what the other makes of it, and the kinds of session in which it can happen.

`*` in the name of a message stands for AC or DC.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final, TypeAlias

from iso15118.sim.misbehaviour import Instead, Misbehaviour
from iso15118.value import Value, replace
from tests.pair.kinds import KINDS, Kind

EARLY: Final = "supportedAppProtocol SessionSetup AuthorizationSetup Authorization ServiceDiscovery ServiceDetail".split()
"""Here no service is selected yet."""


class Refused(Value):
    """The charger answers in kind with this code, and ends. `answer` "": the one that pairs with the message that was said."""

    code: str
    answer: str = ""


class Ends(Value):
    """The honest side ends the session, not in order."""

    why: str = ""
    """A part of its reason."""
    after: float | None = None
    """s since it spoke last."""
    at_once: bool = False
    """With the message that it heard."""


class Leaves(Value):
    """The car stops in order, with this EVTerminationCode; its charger agrees."""

    code: str


class Borne(Value):
    """The session goes on and ends in order."""

    note: str = ""
    """A part of what the honest side tells people."""
    code: str = ""
    """The charger says it."""


Outcome: TypeAlias = Refused | Ends | Leaves | Borne


class Row(Value):
    """One misdeed: of the car, or of the charger where it is of a response."""

    cases: str
    """The ids of the cases it shows; empty: none of them says it."""
    deed: Misbehaviour | tuple[Misbehaviour, ...]
    outcome: Outcome
    on: str = ""
    """Words that a kind must have (`Kind.words`), such as "DC scheduled"; empty: all kinds."""
    few: bool = False
    """It takes long, or says the same in all kinds: one kind of each current, by turns."""

    @property
    def deeds(self) -> tuple[Misbehaviour, ...]:
        return self.deed if isinstance(self.deed, tuple) else (self.deed,)

    @property
    def by_charger(self) -> bool:
        return self.deeds[0].at.endswith("Res")

    def kinds(self, turn: int) -> list[Kind]:
        """Where it is played. What comes before a service is selected says nothing of a control mode: one mode of each, by turns."""
        meant = [kind for kind in KINDS if kind.words.issuperset(self.on.split())]
        if not self.few and self.deeds[0].at[:-3] not in EARLY:
            return meant
        parts = [list(part) for _, part in groupby(meant, lambda kind: kind.current if self.few else kind.service)]
        return [part[(turn + number) % len(part)] for number, part in enumerate(parts)]

    def deeds_on(self, kind: Kind) -> tuple[Misbehaviour, ...]:
        """The same with the names of this kind's messages."""
        return tuple(named_for(kind, deed) for deed in self.deeds)

    def __str__(self) -> str:
        first = self.deeds[0]
        rest = {name: getattr(first, name) for name in type(first).__fields__ if name not in ("at", "nth", "times", "octets")}
        what = " ".join(str(value) for value in rest.values() if value not in (None, False, ()))
        return f"{self.cases.replace(' ', '_')}-{first.at}-{type(first).__name__}-{what[:60]}"


def named_for(kind: Kind, deed: Misbehaviour) -> Misbehaviour:
    deed = replace(deed, at=deed.at.replace("*", kind.current))
    return replace(deed, say=deed.say.replace("*", kind.current)) if isinstance(deed, Instead) else deed
