"""The cases of tlsfuzzer that apply, each against the charger's link and engine; and that they would find something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache

import pytest

from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls.choose import candidates
from tools.tlscases.bench import Charger, charger
from tools.tlscases.cases import CASES, FAILURE, Case
from tools.tlscases.client import Client, ClosedError
from tools.tlscases.plays import DATA, HANDSHAKE
from tools.tlscases.run import honest, judge
from tools.tlscases.scripts import LEFT_OUT, UNMET, scripts

pytestmark = [
    pytest.mark.long,
    pytest.mark.waits,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of pyOpenSSL
]

ENGINES = dict(candidates())
PLAYED = [
    pytest.param(case, curve, name, id=f"{name}-{curve}-{case.script}-{case.what}")
    for case in CASES
    for curve in case.curves
    for name in ENGINES
    if (name, case.script) not in UNMET
]


@cache
def tree_of(curve: str) -> Tree:
    return make_tree(curve, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def chargers() -> Iterator[dict[tuple[str, str], Charger]]:
    with ExitStack() as stack:
        yield {
            (name, curve): stack.enter_context(charger(make(), tree_of(curve)))
            for name, make in ENGINES.items()
            for curve in ("secp521r1", "ed448")
        }


@pytest.mark.case("TLS-17")
@pytest.mark.parametrize(("case", "curve", "engine"), PLAYED)
def test_a_case_of_tlsfuzzer(chargers: dict[tuple[str, str], Charger], case: Case, curve: str, engine: str) -> None:
    assert judge(case, chargers[engine, curve], tree_of(curve), curve).problem == ""


@pytest.mark.parametrize("script", sorted({script for _, script in UNMET}))
def test_what_an_engine_does_not_meet_is_still_so(chargers: dict[tuple[str, str], Charger], script: str) -> None:
    """Else the line goes."""
    for name, unmet in UNMET:
        for case in (case for case in CASES if case.script == script == unmet):
            assert judge(case, chargers[name, "secp521r1"], tree_of("secp521r1"), "secp521r1").problem


def test_a_case_that_wants_the_wrong_thing_fails(chargers: dict[tuple[str, str], Charger]) -> None:
    tree, listening = tree_of("secp521r1"), chargers["ssl", "secp521r1"]
    whole = next(case for case in CASES if case.what == "a whole session")
    refused = next(case for case in CASES if case.what.startswith("secp256r1 alone"))
    assert judge(whole, listening, tree, "secp521r1").problem == ""
    assert judge(whole._replace(alerts=frozenset({FAILURE})), listening, tree, "secp521r1").problem
    assert judge(refused._replace(alerts=frozenset()), listening, tree, "secp521r1").problem
    assert judge(refused._replace(alerts=frozenset({50})), listening, tree, "secp521r1").problem == "alert handshake_failure"


def test_every_script_has_cases_or_a_reason() -> None:
    for name, cases in scripts().items():
        assert bool(cases) is not (name in LEFT_OUT), name
    assert len({(case.script, case.what, case.curves) for case in CASES}) == len(CASES)


def ended(client: Client, records: list[tuple[int, bytes]]) -> None:
    """The charger hangs up while or after these are sent."""
    try:
        for kind, octets in records:
            client.record(kind, octets)
        while True:
            client.answer()
    except (ConnectionError, ClosedError):
        pass
    finally:
        client.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_records_of_nothing_without_end_are_not_borne(chargers: dict[tuple[str, str], Charger], engine: str) -> None:
    tree, listening = tree_of("secp521r1"), chargers[engine, "secp521r1"]
    client = Client(listening.port, tree["vehicle"], "secp521r1")
    client.shake()
    ended(client, [(DATA, b"")] * 10_000)
    assert honest(listening, tree, "secp521r1")


@pytest.mark.parametrize("size", [64 * 1024, 1024 * 1024])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_chain_that_does_not_end_is_not_read(chargers: dict[tuple[str, str], Charger], engine: str, size: int) -> None:
    tree, listening = tree_of("secp521r1"), chargers[engine, "secp521r1"]
    client = Client(listening.port, tree["vehicle"], "secp521r1")
    client.say(client.hello())
    client.flight()
    chain = client.certificate([bytes(size)])
    ended(client, [(HANDSHAKE, chain[at : at + 16_000]) for at in range(0, len(chain), 16_000)])
    assert honest(listening, tree, "secp521r1")
