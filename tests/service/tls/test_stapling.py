"""`service.tls.stapling`: a charger whose responses are old gets new ones before a car asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509 import ocsp

from iso15118.pki.keys import ED448
from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls.engine import Chain, Credentials, Session
from iso15118.service.tls.stapling import Stapling, ending_lists, remarks
from iso15118.service.tls.store import chain_of, of_tree
from iso15118.value import replace

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(ED448, now=NOW, ocsp_url="http://ocsp.test/")
OTHER = make_tree(ED448, now=NOW)


class Context:
    """Remembers what it is given."""

    def __init__(self) -> None:
        self.staples: list[Sequence[tuple[bytes, ...]]] = []
        self.given = asyncio.Event()

    def session(self) -> Session:
        raise NotImplementedError

    def renew(self, staples: Sequence[tuple[bytes, ...]]) -> None:
        self.staples.append(staples)
        self.given.set()


def credentials(tree: Tree, *chains: Chain, later: timedelta = timedelta()) -> Credentials:
    made = of_tree(tree, "secc")
    return replace(made, chains=chains or made.chains, now=lambda: NOW + later)


async def answer(url: str, question: bytes) -> bytes:
    serial = ocsp.load_der_ocsp_request(question).serial_number
    role = next(role for role, each in TREE.members.items() if each.certificate.serial_number == serial)
    return TREE.ocsp_response(role, this_update=NOW + timedelta(days=6))


async def test_old_staples_are_replaced_and_those_of_other_chains_stay() -> None:
    context, other = Context(), chain_of(OTHER, "secc")
    stapling = Stapling(context, credentials(TREE, other, chain_of(TREE, "secc"), later=timedelta(days=6)), fetch=answer)
    stapling.start()
    await context.given.wait()
    stapling.stop()
    assert [len(each) for each in context.staples[0]] == [3, 3]
    assert context.staples[0][0] == other.staples
    assert set(context.staples[0][1]).isdisjoint(chain_of(TREE, "secc").staples)


async def test_without_the_root_the_last_certificate_is_not_asked_about() -> None:
    context = Context()
    given = replace(credentials(TREE, later=timedelta(days=6)), anchors=(TREE["oem_root"].der,))
    stapling = Stapling(context, given, fetch=answer)
    stapling.start()
    await context.given.wait()
    stapling.stop()
    assert [len(each) for each in context.staples[0]] == [2]


async def test_where_nobody_can_be_asked_nothing_runs() -> None:
    stapling = Stapling(Context(), credentials(OTHER, later=timedelta(days=30)), fetch=answer)
    before = asyncio.all_tasks()
    stapling.start()
    assert asyncio.all_tasks() == before
    stapling.stop()


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (1, []),
        (8, ["no response about our own certificate that a car could believe (holds from"]),
        (50, ["DC=CPO,O=chargeloop,CN=DECLPE12345 ends on 2027-01-29 23:55", "no response about our own"]),
    ],
)
def test_what_an_owner_has_to_hear(days: int, told: list[str]) -> None:
    given = credentials(OTHER, later=timedelta(days=days))
    said = list(remarks(given.chains[0], given))
    assert [text[: len(start)] for text, start in zip(said, told, strict=True)] == told


@pytest.mark.parametrize(("days", "said"), [(10, False), (17, True), (40, True)])
def test_a_revocation_list_that_ends_is_said_in_time(days: int, said: bool) -> None:
    given = replace(credentials(OTHER, later=timedelta(days=days)), crls=(OTHER.crl("vehicle_sub2"),))
    told = list(ending_lists(given))
    assert bool(told) is said
    assert all("CN=Vehicle Sub-CA 2" in text and "ends on 2026-12-31 00:00" in text for text in told)


def test_where_a_response_can_be_fetched_nobody_has_to_hear_of_it() -> None:
    given = credentials(TREE, later=timedelta(days=8))
    assert not list(remarks(given.chains[0], given))
    assert list(remarks(chain_of(OTHER, "secc")._replace(staples=()), given)) == [
        "no response about our own certificate that a car could believe (there is none): put one there (chargeloop pki crl)"
    ]


async def test_it_is_said_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    Stapling(Context(), credentials(OTHER, later=timedelta(days=8))).start()
    assert "no response about our own certificate" in caplog.text
