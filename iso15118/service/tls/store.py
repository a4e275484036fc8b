"""What a side brings to a handshake: from a PKI on disk (`service.pki.folder`), or from a tree in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from iso15118.errors import LocalError
from iso15118.pki.keys import PrivateKey
from iso15118.pki.tls_profile import STRICT, TlsProfile
from iso15118.pki.tree import Tree
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.service.pki.folder import read_lists, read_owned, read_trust
from iso15118.service.tls.engine import Chain, Credentials

PEER: Final = {"secc": Purpose.VEHICLE, "vehicle": Purpose.SECC}
"""Whom a role meets: a charger's certificate ends at a V2G root, a vehicle's at its maker's or a V2G root [V2G20-2331]."""


def credentials(
    folder: Path,
    role: str,
    *,
    password: bytes | None = None,
    profile: TlsProfile = STRICT,
    key_log: str = "",
    staple_needed: bool = True,
    now: datetime | None = None,
) -> Credentials:
    """What `role` ("secc" or "vehicle") brings to a handshake. Raises LocalError on anything missing, open to others, or not valid now.

    A charger judges vehicles by the revocation lists in the folder, where there are any; a car judges chargers by what they staple.
    """
    owned, trust = read_owned(folder, role, now or datetime.now(UTC), password), read_trust(folder)
    return Credentials(
        (Chain(owned.chain, _octets(owned.key), owned.certificates[-1].issuer.public_bytes(), _leading(owned.staples)),),
        _anchors(trust, role),
        crls=read_lists(folder) if role == "secc" else (),
        profile=profile,
        key_log=key_log,
        staple_needed=staple_needed,
    )


def of_tree(tree: Tree, role: str, *, profile: TlsProfile = STRICT, key_log: str = "") -> Credentials:
    """The same from a tree in memory, without revocation lists."""
    trust = TrustStore(v2g=(tree["v2g_root"].der,), oem=(tree["oem_root"].der,), mo=(tree["mo_root"].der,))
    return Credentials((chain_of(tree, role),), _anchors(trust, role), profile=profile, key_log=key_log)


def chain_of(tree: Tree, role: str) -> Chain:
    """The chain, key and staples of any leaf of a tree in memory."""
    member = tree[role]
    return Chain(member.chain, _octets(member.key), member.root.certificate.subject.public_bytes(), tree.staples(role))


def _anchors(trust: TrustStore, role: str) -> tuple[bytes, ...]:
    anchors = trust.anchors(PEER[role])
    if not anchors:
        raise LocalError(f"no root for a {PEER[role]}; allowed: one at least, since without it nobody is let in")
    return anchors


def _octets(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _leading(staples: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Up to the first that is missing: they are sent in the order of the chain."""
    return staples[: staples.index(b"")] if b"" in staples else staples
