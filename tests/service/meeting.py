"""The other end of a conversation, by hand, and what a test asks of both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.service import memory
from iso15118.session.commands import Send
from iso15118.session.events import Received, Tick


class Peer(asyncio.Protocol):
    """The other end, by hand."""

    def __init__(self) -> None:
        self.got = b""
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def kinds(events: tuple[Any, ...]) -> list[type]:
    """What kinds of event came, ticks left out."""
    return [type(event) for event in events if type(event) is not Tick]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def meet(rig: Any, **words: Any) -> Peer:
    peer = Peer()
    memory.connect(rig.make(), peer, **words)
    await asyncio.sleep(0)
    return peer


def answering(words: SimpleNamespace) -> Callable[[Any], list[Any]]:
    return lambda event: [Send(words.answer, 0x8001)] if isinstance(event, Received) else []
