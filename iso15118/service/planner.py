"""The planner in a process of its own: `python -m iso15118.service.planner`. What it does there stops nobody here.

Questions and answers are lines of JSON. A process that was killed, says what is no plan, or is late is ended and started anew, not more
often than every `AGAIN` s; until then there is no plan, and who asked is told why. `grid.planning.ladder` says what holds then.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from typing import Any, BinaryIO, Final

from iso15118.errors import ChargeloopError, LocalError
from iso15118.grid.planning import Question, SitePlan
from iso15118.service.plain import build, plain
from iso15118.units import Second

PATIENCE: Final[Second] = 10.0
"""An answer that takes longer does not come: so many cars are planned in a third of it as one controller leads."""
AGAIN: Final[Second] = 5.0
"""Between two starts of the process."""
LONGEST: Final = 1 << 28
"""Octets of a line."""
NICE: Final = 10
"""Behind what talks to cars."""


class Planner:
    """One such process, as it is asked here."""

    def __init__(self, patience: Second = PATIENCE, again: Second = AGAIN, command: Sequence[str] = ()) -> None:
        """It is started when it is asked first. `command`: another program that speaks the same lines."""
        self._patience, self._again = patience, again
        self._command = command or (sys.executable, "-m", "iso15118.service.planner")
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._started = float("-inf")
        self._starting = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._ended = ""
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def plan(self, question: Question, offset: Second = 0.0) -> SitePlan:
        """The plan, as `program.plan` makes it. Raises LocalError saying why there is none.

        A question replaces older ones: theirs are answered with that. Each has an `epoch` of its own, above those before.
        """
        for epoch in [epoch for epoch in self._asked if epoch < question.epoch]:
            self._fail(epoch, "a newer question was asked")
        if self._asked:
            raise LocalError(f"no plan: question {question.epoch} is not newer than {max(self._asked)}, which is still open")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[question.epoch] = answer
        try:
            async with asyncio.timeout(self._patience):
                line = await asyncio.to_thread(_line, question, offset)  # of a thousand cars it takes a while
                await self._say(line, answer)
                said = await answer
                return await asyncio.to_thread(_plan_in, said, question)
        except TimeoutError:
            self._end(f"no answer within {self._patience:g} s")
            raise LocalError(f"no plan: the planner gave no answer within {self._patience:g} s") from None
        except ConnectionError:
            raise LocalError(f"no plan: {self._ended or 'the planner has ended'}") from None
        except _NoPlanError as error:
            self._end(str(error))
            raise LocalError(f"no plan: {error}") from None
        finally:
            self._asked.pop(question.epoch, None)

    async def close(self) -> None:
        """End the process. What is still asked is answered with that, and no other process is started."""
        self._closed = True
        self._end("the site is closed")
        if self._process is not None:
            await self._process.wait()
        if self._reader is not None:
            await asyncio.wait([self._reader])

    async def _say(self, line: bytes, answer: asyncio.Future[Any]) -> None:
        async with self._starting:
            process = self._process if self.pid is not None and not self._ended else await self._start()
        if process is not None and process.stdin is not None and not answer.done():
            process.stdin.write(line)
            await process.stdin.drain()

    async def _start(self) -> asyncio.subprocess.Process:
        now = asyncio.get_running_loop().time()
        if self._closed:
            raise LocalError(f"no plan: {self._ended}")
        if now - self._started < self._again:
            left = self._again - (now - self._started)
            raise LocalError(f"no plan: {self._ended or 'the planner has ended'}; it is started again in {left:.1f} s")
        self._started, self._ended = now, ""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST
            )
        except OSError as error:
            self._ended = f"the planner cannot be started: {error}"
            raise LocalError(f"no plan: {self._ended}") from None
        self._reader = asyncio.create_task(self._listen(self._process))
        return self._process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Until the process ends."""
        while process.stdout is not None:
            try:
                line = await process.stdout.readline()
                if not line:
                    break
                said = await asyncio.to_thread(json.loads, line)
                epoch = said["epoch"]
            except (ValueError, KeyError, TypeError):
                self._end("the planner said what is no answer")
                break
            if (answer := self._asked.get(epoch)) is not None and not answer.done():
                answer.set_result(said)
        code = await process.wait()
        if process is self._process:
            self._ended = self._ended or (f"the planner was killed by signal {-code}" if code < 0 else f"the planner has ended with {code}")
            for epoch in list(self._asked):
                self._fail(epoch, self._ended)

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _fail(self, epoch: int, why: str) -> None:
        answer = self._asked.pop(epoch)
        if not answer.done():
            answer.set_exception(LocalError(f"no plan: {why}"))


class _NoPlanError(Exception):
    """What was said is no plan: who says that is not asked again."""


def _line(question: Question, offset: Second) -> bytes:
    return json.dumps({"question": plain(question), "offset": offset}).encode() + b"\n"


def _plan_in(said: dict[str, Any], question: Question) -> SitePlan:
    """The answer, if it is one to this question. Raises LocalError with the planner's own reason."""
    if isinstance(said.get("why"), str):
        raise LocalError(said["why"])
    try:
        made = build(SitePlan, said.get("plan"))
        fits = _fits(made, question)
    except (LocalError, TypeError):
        raise _NoPlanError("the planner said what is no plan") from None
    if not fits:
        raise _NoPlanError("the planner said what is no plan of these cars")
    return made


def _fits(made: SitePlan, question: Question) -> bool:
    """Whether a plan is one of these cars, from that moment on, in numbers."""
    steps = len(made.edges) - 1
    cars = [visit.evse for visit in question.visits]
    series = [made.grid, made.price, made.curtailed, *(car.power for car in made.evses), *(car.energy for car in made.evses)]
    return (
        steps > 0
        and made.made == made.edges[0] == question.now
        and made.epoch == question.epoch
        and [car.evse for car in made.evses if not car.expected] == cars
        and all(len(values) == steps and all(map(isfinite, values)) for values in series)
    )


def answer(line: bytes) -> bytes:
    """The line that answers a line. Raises LocalError on one that is no question."""
    from iso15118.grid.planning.program import plan

    told = json.loads(line)
    question = build(Question, told["question"])
    try:
        said: dict[str, object] = {"plan": plain(plan(question, told["offset"]))}
    except ChargeloopError as error:
        said = {"why": str(error)}
    return json.dumps({"epoch": question.epoch, **said}).encode() + b"\n"


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Until no more questions come."""
    for line in questions:
        answers.write(answer(line))
        answers.flush()


if __name__ == "__main__":
    with suppress(OSError):
        os.nice(NICE)
    mine = os.fdopen(os.dup(1), "wb")  # what libraries print is no answer
    os.dup2(2, 1)
    serve(sys.stdin.buffer, mine)
