"""Generates the codec of all messages a session may need, in idle time, so that no message of a first session waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from iso15118.exi.generate import warming
from iso15118.messages.catalogue import response_of
from iso15118.messages.xmldsig import Signature
from iso15118.sequence.table import ROWS
from iso15118.units import Second

GAP: Final[Second] = 0.002
"""Between two turns, for whoever has something to do."""


def warm_up(loop: asyncio.AbstractEventLoop) -> None:
    """Start now and go on turn by turn, each of some milliseconds, in the order in which messages come. Signatures wait for their day."""
    requests = dict.fromkeys(row.request for row in ROWS)
    classes = [cls for request in requests for cls in (request, response_of(request)) if cls]
    _turn(loop, warming(classes, without=[Signature]))


def _turn(loop: asyncio.AbstractEventLoop, turns: Iterator[None]) -> None:
    try:
        next(turns)
    except StopIteration:
        return
    loop.call_later(GAP, _turn, loop, turns)
