"""`service.advice`: questions to others, which may be slow, broken or silent; then the answer is no."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.errors import LocalError
from iso15118.service.advice import PATIENCE, Consultations
from iso15118.service.log import Log
from iso15118.service.virtual import run
from iso15118.session.consult import NO_ADVICE, Advice, Matter, Question
from tests.session.contracts import PAYS, showing

QUESTION = Question(7, Matter.AUTHORISE, showing())


async def good(question: Question) -> Advice:
    assert question == QUESTION
    return PAYS


async def refusing(question: Question) -> Advice:
    raise LocalError("nobody here")


async def broken(question: Question) -> Advice:
    raise RuntimeError("oh")


async def silent(question: Question) -> Advice:
    await asyncio.sleep(10 * PATIENCE)
    return PAYS


@pytest.mark.parametrize(
    ("adviser", "advice"),
    [
        (good, PAYS),
        (refusing, Advice(why="nobody here")),
        (broken, NO_ADVICE),
        (silent, Advice(why="nobody has answered within 50 s")),
        (None, NO_ADVICE),
    ],
)
def test_an_answer_comes_in_any_case_and_a_no_unless_there_is_a_yes(adviser: object, advice: Advice) -> None:
    told: list[tuple[int, Advice]] = []

    async def main() -> None:
        asked = Consultations(adviser, lambda n, a: told.append((n, a)), "1", Log(), asyncio.get_running_loop())  # type: ignore[arg-type]
        asked.ask(QUESTION)
        assert told == [], "never within the call"
        await asyncio.sleep(PATIENCE + 1)

    run(main())
    assert told == [(7, advice)]


def test_whoever_has_gone_is_not_told() -> None:
    told: list[Advice] = []

    async def main() -> None:
        asked = Consultations(good, lambda n, a: told.append(a), "1", Log(), asyncio.get_running_loop())
        asked.ask(QUESTION)
        asked.drop()
        await asyncio.sleep(1)

    run(main())
    assert told == []
