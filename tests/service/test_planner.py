"""The planner in its own process: killed, babbling, late, asked again. Whoever asks gets a plan or a reason, and the loop goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from iso15118.errors import LocalError
from iso15118.grid.planning import Question, SitePlan
from iso15118.grid.planning.program import plan
from iso15118.grid.signals import Kind, Signal
from iso15118.service.plain import build, plain
from iso15118.service.planner import Planner, answer, serve
from iso15118.value import replace
from tests.grid.planning.made import any_question, ask, car

QUESTION = ask([car("a", 15.0)], [0.3, 0.2, 0.1, 0.25])


def saying(program: str) -> list[str]:
    """A process that does something else with each question `q`."""
    return [
        sys.executable,
        "-u",
        "-c",
        f"import json, sys, time\nfor line in sys.stdin:\n    q = json.loads(line)['question']\n    {program}",
    ]


@pytest.fixture
async def planner() -> AsyncIterator[Planner]:
    made = Planner(again=0.0)
    yield made
    await made.close()


async def refused(planner: Planner, question: Question = QUESTION) -> str:
    with pytest.raises(LocalError) as caught:
        await planner.plan(question)
    return str(caught.value)


async def test_it_plans_elsewhere_what_is_planned_here(planner: Planner) -> None:
    assert await planner.plan(QUESTION) == plan(QUESTION)
    first = planner.pid
    assert first not in (None, os.getpid())
    question = replace(any_question(3), epoch=1)
    assert (await planner.plan(question)).evses == plan(question).evses
    assert planner.pid == first


async def test_a_planner_that_is_killed_is_started_anew(planner: Planner) -> None:
    await planner.plan(QUESTION)
    first = planner.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)  # the question is still open when it dies
    asked = asyncio.create_task(planner.plan(replace(QUESTION, epoch=1)))
    await asyncio.sleep(0.1)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(LocalError) as caught:
        await asked
    assert str(caught.value) == "no plan: the planner was killed by signal 9"
    assert (await planner.plan(replace(QUESTION, epoch=2))).epoch == 2
    assert planner.pid != first


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print('hello')", "the planner said what is no answer"),
        ("print('[1, 2]')", "the planner said what is no answer"),
        ("print(json.dumps({'epoch': q['epoch'], 'plan': 7}))", "the planner said what is no plan"),
        ("print(json.dumps({'epoch': q['epoch'], 'plan': {'made': 1}}))", "the planner said what is no plan"),
        ("sys.exit(3)", "the planner has ended with 3"),
    ],
)
async def test_a_planner_that_says_anything_else_is_ended(program: str, why: str) -> None:
    planner = Planner(command=saying(program))
    assert await refused(planner) == f"no plan: {why}"
    assert "it is started again in" in await refused(planner)
    await planner.close()
    assert planner.pid is None


async def test_a_plan_of_other_cars_is_none() -> None:
    wrong = json.dumps(plain(plan(ask([car("b", 15.0)], [0.3, 0.2, 0.1, 0.25]))))
    planner = Planner(command=saying(f"print(json.dumps({{'epoch': 0, 'plan': json.loads({wrong!r})}}))"))
    assert await refused(planner) == "no plan: the planner said what is no plan of these cars"
    await planner.close()


async def test_a_late_answer_is_none_and_meanwhile_the_loop_runs() -> None:
    planner = Planner(patience=0.3, command=saying("time.sleep(60)"))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    counting = asyncio.create_task(count())
    assert await refused(planner) == "no plan: the planner gave no answer within 0.3 s"
    counting.cancel()
    assert turns >= 3
    await planner.close()


async def test_an_answer_to_an_older_question_is_void() -> None:
    made = json.dumps(plain(plan(QUESTION)))
    slow = "time.sleep(0.3 if q['epoch'] == 0 else 0)"
    said = f"p = json.loads({made!r}); p['epoch'] = q['epoch']; print(json.dumps({{'epoch': q['epoch'], 'plan': p}}))"
    planner = Planner(command=saying(f"{slow}; {said}"))
    older = asyncio.create_task(planner.plan(QUESTION))
    await asyncio.sleep(0.05)
    newer = asyncio.create_task(planner.plan(replace(QUESTION, epoch=1)))
    await asyncio.sleep(0)
    with pytest.raises(LocalError, match="a newer question was asked"):
        await older
    assert "question 0 is not newer than 1" in await refused(planner)
    assert (await newer).epoch == 1
    await planner.close()


async def test_a_program_that_is_not_there_is_said() -> None:
    planner = Planner(command=["/nonexistent/planner"])
    assert "the planner cannot be started" in await refused(planner)
    await planner.close()


async def test_what_no_program_can_be_made_of_is_refused_and_the_process_lives(planner: Planner) -> None:
    await planner.plan(QUESTION)
    first = planner.pid
    mad = replace(QUESTION, epoch=1, visits=(replace(QUESTION.visits[0], efficiency=0.0),))
    assert await refused(planner, mad) == "a: efficiency 0.0, wear 0.04; allowed: above 0 up to 1, 0 and more"
    need = replace(QUESTION.visits[0].need, target_energy=float("nan"))
    assert "allowed: finite numbers" in await refused(planner, replace(QUESTION, epoch=2, visits=(replace(QUESTION.visits[0], need=need),)))
    assert (await planner.plan(replace(QUESTION, epoch=3))).epoch == 3
    assert planner.pid == first


def test_lines_are_answered_by_lines() -> None:
    limit = Signal(id="l", source="box", kind=Kind.IMPORT_LIMIT, value=QUESTION.prices.import_price, expires=9e9, failsafe=4.2e3)
    questions = [replace(QUESTION, epoch=4), replace(any_question(5), epoch=5, signals=(limit,))]
    asked = b"".join(json.dumps({"question": plain(question), "offset": 0.0}).encode() + b"\n" for question in questions)
    answers = BytesIO()
    serve(BytesIO(asked), answers)
    said = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert [build(SitePlan, one["plan"]) for one in said] == [plan(question) for question in questions]
    with pytest.raises(LocalError):
        answer(b'{"question": {}, "offset": 0}')


async def test_a_planner_that_is_closed_starts_no_other(planner: Planner) -> None:
    """Whether the question is on its way, or has not got there yet."""
    await planner.plan(QUESTION)
    asked = asyncio.create_task(planner.plan(replace(QUESTION, epoch=1)))
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await planner.close()
        with pytest.raises(LocalError, match="the site is closed"):
            await asked
    assert planner.pid is None
    assert "the site is closed" in await refused(planner, replace(QUESTION, epoch=2))
