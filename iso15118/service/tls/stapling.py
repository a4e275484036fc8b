"""A charger's staples, kept fresh while it runs: one `Staples` a chain whose certificates say where they can be asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from cryptography import x509

from iso15118.service.log import Log
from iso15118.service.staples import Fetch, Staples, fetch, where
from iso15118.service.tls.engine import Chain, Context, Credentials


class Stapling:
    """Give the context new staples as they come; `start`, then `stop`."""

    def __init__(self, context: Context, credentials: Credentials, *, fetch: Fetch = fetch, log: Log | None = None) -> None:
        self._context = context
        self._staples = [chain.staples for chain in credentials.chains]
        self._kept: list[Staples] = []
        self._tasks: list[asyncio.Task[None]] = []
        for number, chain in enumerate(credentials.chains):
            path = _path(chain, credentials.anchors)
            if any(where(certificate) for certificate in path):
                self._kept.append(Staples(path, chain.staples, partial(self._renewed, number), now=credentials.now, fetch=fetch, log=log))

    def start(self) -> None:
        """Ask at once for what is missing or old, and from then on in time."""
        self._tasks = [asyncio.create_task(each.run(), name="stapling") for each in self._kept]

    def stop(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def _renewed(self, number: int, new: tuple[bytes, ...]) -> None:
        self._staples[number] = new
        self._context.renew(tuple(self._staples))


def _path(chain: Chain, anchors: Sequence[bytes]) -> list[x509.Certificate]:
    """The chain and, where it is among those we trust, its root."""
    certificates = [x509.load_der_x509_certificate(der) for der in chain.certificates]
    roots = [x509.load_der_x509_certificate(der) for der in anchors]
    return [*certificates, *[root for root in roots if root.subject == certificates[-1].issuer][:1]]
