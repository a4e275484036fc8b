"""A charger's staples, kept fresh while it runs: one `Staples` a chain whose certificates say where they can be asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from cryptography import x509

from iso15118.pki.ocsp import objection
from iso15118.service.log import Log, one_line
from iso15118.service.staples import Fetch, Staples, fetch, where
from iso15118.service.tls.engine import Chain, Context, Credentials

SOON: Final = timedelta(days=14)
"""Before a certificate of ours ends, it is said at every start."""


class Stapling:
    """Give the context new staples as they come; `start`, then `stop`."""

    def __init__(self, context: Context, credentials: Credentials, *, fetch: Fetch = fetch, log: Log | None = None) -> None:
        self._context = context
        self._log = log or Log()
        self._remarks = [remark for chain in credentials.chains for remark in remarks(chain, credentials)]
        self._remarks += ending_lists(credentials)
        self._staples = [chain.staples for chain in credentials.chains]
        self._kept: list[Staples] = []
        self._tasks: list[asyncio.Task[None]] = []
        for number, chain in enumerate(credentials.chains):
            path = _path(chain, credentials.anchors)
            if any(where(certificate) for certificate in path):
                renewed = partial(self._renewed, number)
                self._kept.append(Staples(path, chain.staples, renewed, now=credentials.now, fetch=fetch, log=self._log))

    def start(self) -> None:
        """Say what will soon be wrong; ask at once for what is missing or old, and from then on in time."""
        for remark in self._remarks:
            self._log.warning("certificate", remark)
        self._tasks = [asyncio.create_task(each.run(), name="stapling") for each in self._kept]

    def stop(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def _renewed(self, number: int, new: tuple[bytes, ...]) -> None:
        self._staples[number] = new
        self._context.renew(tuple(self._staples))


def remarks(chain: Chain, credentials: Credentials) -> Iterator[str]:
    """What an owner has to hear about a chain that still serves: it ends soon; or no response says that its leaf is good."""
    now, path = credentials.now(), _path(chain, credentials.anchors)
    for certificate in path:
        if certificate.not_valid_after_utc - now < SOON:
            name, ends = one_line(certificate.subject.rfc4514_string()), certificate.not_valid_after_utc
            yield f"{name} ends on {ends:%Y-%m-%d %H:%M}: have it renewed (chargeloop pki renew, or csr)"
    if len(path) < 2 or where(path[0]):
        return
    held = objection(chain.staples[0], path[0], path[1], now) if chain.staples else "there is none"
    if held:
        yield f"no response about our own certificate that a car could believe ({held}): put one there (chargeloop pki crl)"


def ending_lists(credentials: Credentials) -> Iterator[str]:
    """What an owner has to hear about revocation lists: once one has ended, nobody under its authority is let in."""
    now = credentials.now()
    for found in map(x509.load_der_x509_crl, credentials.crls):
        if found.next_update_utc is None or found.next_update_utc - now < SOON:
            name, ends = one_line(found.issuer.rfc4514_string()), found.next_update_utc
            when = "has no end" if ends is None else f"ends on {ends:%Y-%m-%d %H:%M}"
            yield f"the revocation list of {name} {when}: put a newer one there (chargeloop pki crl), and start again"


def _path(chain: Chain, anchors: Sequence[bytes]) -> list[x509.Certificate]:
    """The chain and, where it is among those we trust, its root."""
    certificates = [x509.load_der_x509_certificate(der) for der in chain.certificates]
    roots = [x509.load_der_x509_certificate(der) for der in anchors]
    return [*certificates, *[root for root in roots if root.subject == certificates[-1].issuer][:1]]
