"""What the handshake says on the wire, dissected by scapy and held against the profile of ISO 15118-20."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls import engine_std
from iso15118.service.tls.choose import engine
from iso15118.service.tls.engine_std import staples_in
from iso15118.service.tls.store import of_tree
from tests.service.tls.handshake import between

TLS13, P521, X448 = 0x0304, 25, 30
SUITES, SIGNATURES = [0x1302, 0x1303], [0x0603, 0x0808]
SCSV = 0x00FF
STATUS_REQUEST, GROUPS, SIGNATURE_ALGORITHMS, EARLY_DATA, VERSIONS, AUTHORITIES, OID_FILTERS, KEY_SHARE = 5, 10, 13, 42, 43, 47, 48, 51


@pytest.fixture(scope="module")
def tree() -> Tree:
    return make_tree("secp521r1", now=datetime.now(UTC))


@pytest.mark.case("TLS-15")
def test_the_client_hello(tree: Tree) -> None:
    from scapy.layers.tls.handshake import TLSClientHello
    from scapy.layers.tls.record import TLS

    session = engine().context(of_tree(tree, "vehicle"), server=False).session()
    session.handshake()
    hello = TLS(session.outgoing())[TLSClientHello]
    assert [suite for suite in hello.ciphers if suite != SCSV] == SUITES
    extensions = {extension.type: extension for extension in hello.ext}
    assert extensions[GROUPS].groups == [P521, X448]
    assert extensions[SIGNATURE_ALGORITHMS].sig_algs == SIGNATURES
    assert extensions[VERSIONS].versions == [TLS13]
    assert [share.group for share in extensions[KEY_SHARE].client_shares] == [P521]
    assert EARLY_DATA not in extensions
    status = extensions[STATUS_REQUEST]
    assert (status.stype, status.req[0].respid) == (1, []), "an empty list of responders [V2G20-2373]"
    root = tree["v2g_root"].certificate.subject.public_bytes()
    assert bytes(extensions[AUTHORITIES])[4:] == _vector(_vector(root)), "the roots that the car trusts [V2G20-1006]"


@pytest.mark.case("TLS-04")
def test_the_certificate_request(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is encrypted: what the car's library has read of it."""
    said: list[bytes] = []
    heard = engine_std._heard

    def listening(connection: Any, direction: str, version: Any, content: Any, kind: Any, octets: bytes) -> None:
        if content == 22 and kind == 13 and direction == "read":
            said.append(octets)
        heard(connection, direction, version, content, kind, octets)

    monkeypatch.setattr(engine_std, "_heard", listening)
    car, charger = engine().context(of_tree(tree, "vehicle"), server=False), engine().context(of_tree(tree, "secc"), server=True)
    assert between(charger.session(), car.session()).talks
    (request,) = said
    extensions = dict(_extensions(request[4 + 1 + request[4] :]))
    assert extensions[SIGNATURE_ALGORITHMS] == _vector(b"".join(number.to_bytes(2) for number in SIGNATURES))
    roots = [tree[role].certificate.subject.public_bytes() for role in ("oem_root", "v2g_root")]
    assert extensions[AUTHORITIES] == _vector(b"".join(map(_vector, roots))), "its V2G and OEM roots [V2G20-2401]"
    assert not {OID_FILTERS, STATUS_REQUEST} & set(extensions), "[V2G20-2406] [V2G20-2407]"


def test_staples_of_every_certificate_are_read() -> None:
    def entry(certificate: bytes, staple: bytes) -> bytes:
        status = b"\x01" + len(staple).to_bytes(3) + staple
        extension = STATUS_REQUEST.to_bytes(2) + _vector(status) if staple else b""
        return len(certificate).to_bytes(3) + certificate + _vector(extension)

    entries = entry(b"leaf", b"first") + entry(b"sub2", b"") + entry(b"sub1", b"third")
    body = b"\x00" + len(entries).to_bytes(3) + entries
    assert staples_in(b"\x0b" + len(body).to_bytes(3) + body) == (b"first", b"", b"third")


def _vector(octets: bytes) -> bytes:
    return len(octets).to_bytes(2) + octets


def _extensions(octets: bytes) -> list[tuple[int, bytes]]:
    """Those of a list with its length in front."""
    found, place = [], 2
    while place < 2 + int.from_bytes(octets[:2]):
        length = int.from_bytes(octets[place + 2 : place + 4])
        found.append((int.from_bytes(octets[place : place + 2]), octets[place + 4 : place + 4 + length]))
        place += 4 + length
    return found
