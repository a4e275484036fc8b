"""The way between a session and those it asks: a task a question, bounded in time; whatever goes wrong there is a no, said in one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from iso15118.errors import ChargeloopError
from iso15118.service.log import Log
from iso15118.session.consult import NO_ADVICE, Advice, Question
from iso15118.units import Second

PATIENCE: Final[Second] = 50.0
"""The longest anybody may take: within the 55 s after which a charger gives up."""


class Adviser(Protocol):
    """Holds keys, trust or contracts."""

    async def consulted(self, question: Question) -> Advice:
        """The answer. Whatever is raised is a no."""


class Consultations:
    """The open questions of one session."""

    def __init__(
        self,
        adviser: Callable[[Question], Awaitable[Advice]] | None,
        tell: Callable[[int, Advice], None],
        name: str,
        log: Log,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`tell` gets each answer with the number of its question."""
        self._adviser, self._tell, self._name, self._log, self._loop = adviser, tell, name, log, loop
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, question: Question) -> None:
        """The answer comes later, never within this call."""
        task = self._loop.create_task(self._asked(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drop(self) -> None:
        """Nobody wants to know any more."""
        for task in self._tasks:
            task.cancel()

    async def _asked(self, question: Question) -> None:
        advice = NO_ADVICE
        try:
            if self._adviser is not None:
                async with asyncio.timeout(PATIENCE):
                    advice = await self._adviser(question)
        except TimeoutError:
            advice = Advice(why=f"nobody has answered within {PATIENCE:g} s")
        except ChargeloopError as error:
            advice = Advice(why=str(error))
        except Exception as defect:
            self._log.error("adviser failed", f"{self._name}: {question.matter}: whoever was asked has failed", error=defect)
        self._tell(question.number, advice)
