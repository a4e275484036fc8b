"""What TLS on this machine can and cannot do of ISO 15118-20, tried out: a handshake with fresh certificates for each curve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import STRICT
from iso15118.pki.tree import make_tree
from iso15118.service.tls.choose import candidates
from iso15118.service.tls.engine import Credentials, Engine, Session, TlsError
from iso15118.service.tls.store import of_tree
from iso15118.value import replace


class Finding(NamedTuple):
    """A requirement, whether it is met, and why not."""

    what: str
    requirement: str
    met: bool
    remark: str = ""


class Diagnosis(NamedTuple):
    """An engine, why it cannot be used (empty: it can), and what it can do."""

    name: str
    version: str
    why: str
    findings: tuple[Finding, ...] = ()


def examine(now: datetime) -> Iterator[Diagnosis]:
    """Each engine there is, the one that is used first."""
    for name, made in candidates():
        try:
            engine = made()
        except LocalError as error:
            yield Diagnosis(name, "", str(error))
        else:
            yield Diagnosis(engine.name, engine.version, "", tuple(_findings(engine, now)))


def _findings(engine: Engine, now: datetime) -> Iterator[Finding]:
    for curve, requirement in (("secp521r1", "V2G20-2674"), ("ed448", "V2G20-2319")):
        tree = make_tree(curve, now=now)
        charger, car = of_tree(tree, "secc"), of_tree(tree, "vehicle")
        seen = shake(engine, charger, car)
        yield Finding(f"mutual TLS 1.3 with {curve} certificates", requirement, not seen, seen)
        if curve == "ed448":
            continue
        for suite in STRICT.suites:
            why = shake(engine, charger, replace(car, profile=replace(STRICT, suites=(suite,))))
            yield Finding(f"suite {suite}", "V2G20-2458", not why, why)
        for group in STRICT.groups:
            why = shake(engine, charger, replace(car, profile=replace(STRICT, groups=(group,))))
            yield Finding(f"group {group}", "V2G20-1634", not why, why)
        bare = replace(charger, chains=(charger.chains[0]._replace(staples=()),))
        yield Finding("a car refuses a charger without a response about revocation", "V2G20-1240", bool(shake(engine, bare, car)))
        yield from _authorities(engine, charger, car)
        yield Finding("responses for every certificate of the chain are checked", "V2G20-2409", engine.reads_every_staple)
        yield Finding(
            "responses for every certificate of the chain are sent", "V2G20-2388", engine.sends_every_staple, "the leaf's only: the library"
        )
        tickets = "some that nobody can use: the library"
        yield Finding("no tickets are given", "RFC 8446 4.6.1", engine.gives_no_tickets, "" if engine.gives_no_tickets else tickets)


def _authorities(engine: Engine, charger: Credentials, car: Credentials) -> Iterator[Finding]:
    ends = engine.context(charger, server=True).session(), engine.context(car, server=False).session()
    turns(*ends)
    yield Finding("a car names the roots it trusts", "V2G20-1006", bool(ends[0].outcome().authorities))
    stranger = replace(car, anchors=charger.anchors[:1])
    refused = engine.names_roots and bool(shake(engine, charger, stranger))
    yield Finding("a charger shows no chain that the car does not trust", "V2G20-2379", refused, "it shows its first one: the library")


def shake(engine: Engine, charger: Credentials, car: Credentials) -> str:
    """Why two sides do not come together; empty: they do."""
    ends = engine.context(charger, server=True).session(), engine.context(car, server=False).session()
    return turns(*ends)


def turns(charger: Session, car: Session) -> str:
    """Both shake hands in turn. What the first of them says that fails."""
    done = {charger: False, car: False}
    for _ in range(6):
        for side, other in ((car, charger), (charger, car)):
            if not done[side]:
                try:
                    done[side] = side.handshake()
                except TlsError:
                    return side.outcome().error
            other.feed(side.outgoing())
    return "" if all(done.values()) else "it does not come to an end"
