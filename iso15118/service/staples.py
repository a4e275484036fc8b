"""Responses about revocation, fetched: of a chain of our own, to be stapled before the last are old; and of a peer's, when asked.

A responder that is silent, slow or wrong costs two seconds and proves nothing: what is not known to be good is not said to be. What an
answer is worth is `pki.ocsp`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from cryptography import x509

from iso15118.pki.chain import Status, common_name
from iso15118.pki.ocsp import LARGEST, Heard, OcspError, Statement, ask, fingerprint, heard, responder
from iso15118.service.log import Log, one_line
from iso15118.units import Second

PATIENCE: Final[Second] = 2.0
"""For everything about one answer: name, connection, request, reply."""
RETRY: Final[Second] = 300.0
"""Between two rounds at least; a charger asks no more often, whatever it hears."""
REST: Final[Second] = 6 * 3600.0
"""Between two rounds at most: a machine that has slept through the time of one notices."""
HEAD: Final = 4096
"""Octets of what stands before an answer."""

Fetch: TypeAlias = Callable[[str, bytes], Awaitable[bytes]]
"""A URL and a question, to an answer. Raises OcspError."""


async def fetch(url: str, question: bytes) -> bytes:
    """What a responder (http) answers, within `PATIENCE`. Raises OcspError."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _fetched(url, question)
    except TimeoutError:
        raise OcspError(f"{_shown(url)} does not answer within {PATIENCE:g} s") from None
    except (OSError, ValueError, EOFError) as error:
        raise OcspError(f"{_shown(url)}: {one_line(str(error) or type(error).__name__)}") from None


async def _fetched(url: str, question: bytes) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise OcspError(f"{_shown(url)} is no http URL")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (target + parts.netloc).isascii() or not (target + parts.netloc).isprintable() or " " in target + parts.netloc:
        raise OcspError(f"{_shown(url)} is no http URL")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, limit=HEAD)
    try:
        head = f"POST {target} HTTP/1.0\r\nHost: {parts.netloc}\r\nContent-Type: application/ocsp-request\r\n"
        writer.write(f"{head}Content-Length: {len(question)}\r\n\r\n".encode() + question)
        await writer.drain()
        return await _answer(reader, _shown(url))
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader, name: str) -> bytes:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.LimitOverrunError:
        raise OcspError(f"{name} sends more before its answer than anybody reads") from None
    if head[0].split(" ")[1:2] != ["200"]:
        raise OcspError(f"{name} answers {one_line(head[0])[:60]!r}")
    lengths = [line.partition(":")[2].strip() for line in head[1:] if line.lower().startswith("content-length:")]
    if lengths and lengths[0].isdecimal() and int(lengths[0]) <= LARGEST:
        return await reader.readexactly(int(lengths[0]))
    if lengths:
        raise OcspError(f"{name} announces an answer of {lengths[0][:20]} octets; allowed: {LARGEST} at most")
    octets = b""
    while piece := await reader.read(LARGEST):
        octets += piece
        if len(octets) > LARGEST:
            raise OcspError(f"{name} sends an answer of more than {LARGEST} octets")
    return octets


async def about(
    path: Sequence[x509.Certificate], known: Heard, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), fetch: Fetch = fetch
) -> Status:
    """Of a peer's chain (`path`, leaf first, the root last): what responders say, as `pki.chain.verify` asks for it.

    All are asked at once, those that `known` remembers not at all; `PATIENCE` bounds the whole. Who does not answer leaves it unknown.
    """
    wanted = [(each, issuer) for each, issuer in pairwise(path) if known.of(each, now()) is None]

    async def one(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        with suppress(OcspError):
            known.add(await _asked(certificate, issuer, now, fetch))

    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one(*each) for each in wanted))
    return known.status(now())


class Staples:
    """Keeps the responses about a chain of our own fresh: those that are half through their time are asked for anew.

    `path`: the chain, leaf first, and the root it ends at. `renewed` is given what to staple whenever that has changed, in the order of
    the chain and up to the first that is missing. What has ended is stapled no more, whether or not there is a new one.
    """

    def __init__(
        self,
        path: Sequence[x509.Certificate],
        staples: Sequence[bytes],
        renewed: Callable[[tuple[bytes, ...]], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        fetch: Fetch = fetch,
        log: Log | None = None,
    ) -> None:
        self._pairs = tuple(pairwise(path))
        self._renewed = renewed
        self._now = now
        self._fetch = fetch
        self._log = log or Log()
        self._known: dict[bytes, Statement] = {}
        self._stapled = tuple(each for each in staples if each)
        for (certificate, issuer), response in zip(self._pairs, self._stapled, strict=False):
            with suppress(OcspError):
                self._known[fingerprint(certificate)] = heard(response, certificate, issuer, now())

    async def run(self) -> None:
        """Round after round, until it is cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self.rest())

    async def round(self) -> None:
        """Ask for what is due, and hand over what there is."""
        await asyncio.gather(*(self._one(*each) for each in self._pairs if self._due(each[0])))
        fresh = self._fresh()
        if fresh != self._stapled:
            self._stapled = fresh
            self._renewed(fresh)
            if len(fresh) < len(self._pairs):
                self._log.warning("staples", f"{len(fresh)} of {len(self._pairs)} certificates have a response about revocation to staple")

    def rest(self) -> Second:
        """Until the next round."""
        times = [each.renew for each in self._known.values()]
        if len(times) < len(self._pairs):
            return RETRY
        return min(max((min(times) - self._now()).total_seconds(), RETRY), REST)

    def _due(self, certificate: x509.Certificate) -> bool:
        known = self._known.get(fingerprint(certificate))
        return known is None or self._now() >= known.renew

    async def _one(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        try:
            self._known[fingerprint(certificate)] = await _asked(certificate, issuer, self._now, self._fetch)
        except OcspError as error:
            self._log.warning("staple", f"no new response about {one_line(common_name(certificate))}: {error}")

    def _fresh(self) -> tuple[bytes, ...]:
        found = list[bytes]()
        for certificate, _ in self._pairs:
            known = self._known.get(fingerprint(certificate))
            if known is None or not known.holds(self._now()):
                break
            found.append(known.response)
        return tuple(found)


def where(certificate: x509.Certificate) -> str | None:
    """Where it can be asked about. The certificates of a bench name a host under .invalid: there is nobody (RFC 6761)."""
    url = responder(certificate)
    try:
        nobody = url is None or (urlsplit(url).hostname or "").endswith(".invalid")
    except ValueError:
        return None
    return None if nobody else url


async def _asked(certificate: x509.Certificate, issuer: x509.Certificate, now: Callable[[], datetime], fetch: Fetch) -> Statement:
    """What the responder that the certificate names says of it. Raises OcspError."""
    url = where(certificate)
    if url is None:
        raise OcspError("it names no responder")
    nonce = secrets.token_bytes(16)
    return heard(await fetch(url, ask(certificate, issuer, nonce)), certificate, issuer, now(), nonce=nonce)


def _shown(url: str) -> str:
    return f"responder {one_line(url)[:80]}"
