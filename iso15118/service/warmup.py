"""Generates the codec of all messages that may come, in idle time, so that no message of a session waits for it.

First those of the sessions that are served, in the order in which they come; then those that would only be refused, lest the first of
them hold up the loops of other cars. Where there are no others they stay away, and 3 MB with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Set
from typing import Final

from iso15118.exi import Message
from iso15118.exi.generate import warming
from iso15118.messages.catalogue import COMMON, PAYLOADS, SCHEMAS, response_of
from iso15118.messages.xmldsig import Signature
from iso15118.sequence.table import ROWS, Transfer
from iso15118.units import Second

GAP: Final[Second] = 0.002
"""Between two turns, for whoever has something to do."""


def warm_up(loop: asyncio.AbstractEventLoop, served: Set[Transfer] | None = None) -> None:
    """Start now and go on turn by turn, each of some milliseconds. Signatures wait for their day.

    `served`: nothing but sessions of these kinds; None: all that may come.
    """
    _turn(loop, warming(met(served), without=[Signature]))


def met(served: Set[Transfer] | None) -> Iterator[type[Message]]:
    """The classes in the order in which they are met; those that are not served are imported when their turn comes."""
    for request in dict.fromkeys(row.request for row in ROWS if served is None or row.transfers & served):
        yield from filter(None, (request, response_of(request)))
    names = PAYLOADS.values() if served is None else ("SAP", COMMON, *served)
    for name in dict.fromkeys(names):
        yield from (cls for cls in SCHEMAS[name].roots.values() if response_of(cls))


def _turn(loop: asyncio.AbstractEventLoop, turns: Iterator[None]) -> None:
    try:
        next(turns)
    except StopIteration:
        return
    loop.call_later(GAP, _turn, loop, turns)
