"""A session that can be scripted, and what a conversation needs around it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.messages.app_protocol import AppProtocol, AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import schema_for
from iso15118.power import OFF, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.service.conversation import Conversation
from iso15118.session.commands import Command
from iso15118.session.events import Event
from iso15118.value import Value, replace
from iso15118.wire.v2gtp import frame_bytes

ASK = supportedAppProtocolReq(
    app_protocol=(
        AppProtocol(
            protocol_namespace="urn:iso:std:iso:15118:-20:DC", version_number_major=1, version_number_minor=0, schema_id=1, priority=1
        ),
    )
)
ANSWER = supportedAppProtocolRes(response_code=AppProtocolResponseCode.OK_SuccessfulNegotiation, schema_id=1)


class FakeSession(Value):
    """Remembers its events; what it does is given."""

    phase: Phase = Phase.APP_PROTOCOL
    clean: bool = False
    events: tuple[Event, ...] = ()


@dataclass
class Rig:
    """A conversation over a scripted session. `script(event)` gives commands; a Phase among them is where the session goes."""

    script: Callable[[Event], Sequence[Command | Phase]] = lambda event: ()
    applied: list[Any] = field(default_factory=list)
    conversation: Conversation[FakeSession, float] | None = None

    def step(self, session: FakeSession, event: Event, world: float) -> tuple[FakeSession, Sequence[Command]]:
        session = replace(session, events=(*session.events, event))
        said = self.script(event)
        for phase in said:
            if isinstance(phase, Phase):
                session = replace(session, phase=phase)
        return session, [command for command in said if not isinstance(command, Phase)]

    def make(self, **words: Any) -> Conversation[FakeSession, float]:
        words = {"snapshot": lambda: 0.0, "perform": self.applied.append, "safe": OFF, "name": "rig"} | words
        self.conversation = Conversation(FakeSession(), self.step, **words)
        return self.conversation

    @property
    def events(self) -> tuple[Event, ...]:
        assert self.conversation is not None
        return self.conversation.session.events


@pytest.fixture(autouse=True, scope="module")
def no_long_searches() -> None:
    """A search for garbage through all that thousands of tests have left behind takes longer than a guard waits for its station."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def rig() -> type[Rig]:
    return Rig


@pytest.fixture
def words() -> SimpleNamespace:
    """A request and its answer, as messages and as frames."""
    schema = schema_for(0x8001)
    return SimpleNamespace(
        ask=ASK,
        answer=ANSWER,
        ask_frame=frame_bytes(0x8001, schema.encode(ASK)),
        answer_frame=frame_bytes(0x8001, schema.encode(ANSWER)),
        live=Setpoint(400.0, 10.0, contactor=True, lock=True),
    )
