"""Quantities of alternating current, phase by phase: three elements of a message as one `PerPhase`, and back.

Single phase: the base element alone [V2G20-1815]. Three phases: the base element alone is the sum, evenly spread [V2G20-1817]; beside
an element of L2 or L3 it is L1 [V2G20-1818].
"""

from __future__ import annotations

from typing import Final

from iso15118.exi import Message
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.rational import number, rational
from iso15118.units import PerPhase

OTHERS: Final = ("_l2", "_l3")
EVEN: Final = 1.0
"""W or var by which phases may differ and still be said in one element."""


def told(mode: Message, name: str, phases: int) -> PerPhase | None:
    """What the elements of `mode` called `name` say, phase by phase; None where the base element is absent.

    `phases`: 1 or 3, those of the connector; elements of L2 and L3 are left unread on a single one (`superfluous` finds them).
    """
    base: RationalNumber | None = getattr(mode, name)
    if base is None:
        return None
    l2, l3 = (getattr(mode, name + other) for other in OTHERS) if phases > 1 else (None, None)
    if l2 is None and l3 is None:
        return PerPhase.even(number(base), phases)
    return PerPhase(number(base), 0.0 if l2 is None else number(l2), 0.0 if l3 is None else number(l3))


def superfluous(mode: Message) -> tuple[str, ...]:
    """The fields of `mode` that name a phase beyond the first, though a single phase is used [V2G20-1815]."""
    return tuple(name for name in type(mode).__fields__ if name.endswith(OTHERS) and getattr(mode, name) is not None)


def said(name: str, power: PerPhase, phases: int) -> dict[str, RationalNumber]:
    """The elements called `name` that say `power`: one where the phases agree, else three."""
    if phases == 1:
        return {name: rational(round(power.l1))}
    if max(power) - min(power) <= EVEN:
        return {name: rational(round(power.total))}
    return {name + other: rational(round(phase)) for other, phase in zip(("", *OTHERS), power, strict=True)}
