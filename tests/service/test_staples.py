"""`service.staples`: responses are fetched before they are old; whoever answers late, wrongly or not at all proves nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from iso15118.pki.chain import ChainError, Reason, verify
from iso15118.pki.keys import ED448
from iso15118.pki.ocsp import Heard, OcspError, responder
from iso15118.pki.tree import Tree, make_tree
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.service import staples as module
from iso15118.service.staples import PATIENCE, REST, RETRY, Staples, about, fetch

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TREE = make_tree(ED448, now=NOW, ocsp_url="http://ocsp.test/status")
DAY = timedelta(days=1)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def path(tree: Tree, role: str = "secc") -> list[x509.Certificate]:
    return [*(each.certificate for each in tree[role].members), tree[role].root.certificate]


class Responder:
    """Answers at once, as of `at`; `fails`: it does not."""

    def __init__(self, tree: Tree = TREE) -> None:
        self.at = NOW
        self.fails = ""
        self.revoked: tuple[str, ...] = ()
        self.asked: list[str] = []
        self._tree = tree

    def now(self) -> datetime:
        return self.at

    async def __call__(self, url: str, question: bytes) -> bytes:
        serial = ocsp.load_der_ocsp_request(question).serial_number
        role = next(role for role, each in self._tree.members.items() if each.certificate.serial_number == serial)
        self.asked.append(role)
        if self.fails:
            raise OcspError(self.fails)
        status = ocsp.OCSPCertStatus.REVOKED if role in self.revoked else ocsp.OCSPCertStatus.GOOD
        return self._tree.ocsp_response(role, status=status, this_update=self.at)


CHAIN = ["secc", "cpo_sub2", "cpo_sub1"]


async def test_what_is_missing_is_asked_for_at_once_and_what_is_half_through_anew() -> None:
    asked, given = Responder(), list[tuple[bytes, ...]]()
    kept = Staples(path(TREE), (), given.append, now=asked.now, fetch=asked)
    assert kept.rest() == RETRY
    await kept.round()
    assert (asked.asked, [len(each) for each in given]) == (CHAIN, [3])
    assert kept.rest() == REST
    asked.at = NOW + 3 * DAY
    await kept.round()
    assert (len(asked.asked), len(given)) == (3, 1)
    asked.at = NOW + 3.6 * DAY
    assert kept.rest() == RETRY
    await kept.round()
    assert (asked.asked[3:], len(given)) == (CHAIN, 2)


async def test_what_is_there_at_the_start_is_used() -> None:
    asked, given = Responder(), list[tuple[bytes, ...]]()
    kept = Staples(path(TREE), TREE.staples("secc"), given.append, now=asked.now, fetch=asked)
    await kept.round()
    assert (asked.asked, given) == ([], [])


async def test_a_silent_responder_costs_nothing_until_the_week_is_over_and_then_nothing_is_stapled() -> None:
    asked, given = Responder(), list[tuple[bytes, ...]]()
    kept = Staples(path(TREE), TREE.staples("secc"), given.append, now=asked.now, fetch=asked)
    asked.fails = "silent"
    asked.at = NOW + 5 * DAY
    await kept.round()
    assert (len(asked.asked), given) == (3, [])
    asked.at = NOW + 8 * DAY
    await kept.round()
    assert given == [()]
    asked.fails = ""
    await kept.round()
    assert [len(each) for each in given] == [0, 3]


async def test_what_was_old_at_the_start_is_taken_away() -> None:
    asked, given = Responder(), list[tuple[bytes, ...]]()
    asked.fails, asked.at = "silent", NOW + 30 * DAY
    await Staples(path(TREE), TREE.staples("secc"), given.append, now=asked.now, fetch=asked).round()
    assert given == [()]


async def test_it_goes_on_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.001)
    third = asyncio.Event()
    asked: list[str] = []

    async def silent(url: str, question: bytes) -> bytes:
        asked.append(url)
        if len(asked) == 9:
            third.set()
        raise OcspError("silent")

    task = asyncio.create_task(Staples(path(TREE), (), lambda staples: None, now=lambda: NOW, fetch=silent).run())
    await third.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_certificates_of_a_bench_are_not_asked_about() -> None:
    tree, given = make_tree(ED448, now=NOW), list[tuple[bytes, ...]]()
    asked = Responder(tree)
    assert responder(tree["secc"].certificate) == "http://ocsp.invalid/"
    await Staples(path(tree), (), given.append, now=asked.now, fetch=asked).round()
    assert (asked.asked, given) == ([], [])


@pytest.mark.parametrize(
    ("fails", "revoked", "reason"),
    [("", (), None), ("", ("contract",), Reason.REVOKED), ("", ("mo_sub2",), Reason.REVOKED), ("silent", (), Reason.UNKNOWN_STATUS)],
)
async def test_a_peer_is_asked_about(fails: str, revoked: tuple[str, ...], reason: Reason | None) -> None:
    asked, store = Responder(), TrustStore(mo=(TREE["mo_root"].der,))
    asked.fails, asked.revoked = fails, revoked
    known = Heard()

    async def judged() -> Reason | None:
        status = await about(path(TREE, "contract"), known, now=asked.now, fetch=asked)
        try:
            verify(TREE["contract"].chain, Purpose.CONTRACT, store, NOW, status, require_status=True)
        except ChainError as error:
            return error.reason
        return None

    assert await judged() is reason
    before = len(asked.asked)
    assert await judged() is reason
    assert len(asked.asked) == (before if not fails else 2 * before)


# Over a socket.


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/ocsp"
    finally:
        server.close()


def saying(octets: bytes, *, lasting: bool = False) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(octets)
        if lasting:
            await reader.read()
        writer.close()

    return serve


async def test_a_question_goes_over_http() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        got.append(await reader.readexactly(8))
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 6\r\n\r\nanswer and more")
        writer.close()

    async with serving(serve) as url:
        assert await fetch(url, b"question") == b"answer"
    assert got[0].startswith(b"POST /ocsp HTTP/1.0\r\nHost: 127.0.0.1:")
    assert got[1] == b"question"


async def test_an_answer_may_end_with_its_connection() -> None:
    async with serving(saying(b"HTTP/1.1 200 OK\r\n\r\nanswer")) as url:
        assert await fetch(url, b"question") == b"answer"


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "bytes read on a total|0 bytes"),
        (b"HTTP/1.0 503 Later\r\n\r\n", "answers 'HTTP/1.0 503 Later'"),
        (b"?\r\n\r\n", "answers '\\?'"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n", "announces an answer of 99999 octets"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n", "announces an answer of many octets"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nshort", "5 bytes read"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + bytes(20_000), "more than 8192 octets"),
        (b"HTTP/1.0 200 OK\r\nX: " + b"y" * 20_000, "sends more before its answer"),
    ],
)
async def test_an_answer_that_is_none(octets: bytes, told: str) -> None:
    async with serving(saying(octets)) as url:
        with pytest.raises(OcspError, match=told):
            await fetch(url, b"question")


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
async def test_a_responder_that_hangs_is_left_in_time(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PATIENCE == 2.0
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    began = time.monotonic()
    async with serving(saying(octets, lasting=True)) as url:
        with pytest.raises(OcspError, match=r"does not answer within 0\.05 s"):
            await fetch(url, b"question")
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://a/", "is no http URL"),
        ("http:///", "is no http URL"),
        ("http://a/ HTTP/1.0\r\nX: y", "is no http URL"),
        ("http://a:99999/", "ut of range"),
        ("http://127.0.0.1:1/", "responder http://127.0.0.1:1/: "),
    ],
)
async def test_where_nobody_can_be_asked(url: str, told: str) -> None:
    with pytest.raises(OcspError, match=told):
        await fetch(url, b"question")
