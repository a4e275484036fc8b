"""`service.tls.stapling`: a charger whose responses are old gets new ones before a car asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.x509 import ocsp

from iso15118.pki.keys import ED448
from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls.engine import Chain, Credentials, Session
from iso15118.service.tls.stapling import Stapling
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
