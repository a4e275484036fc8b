"""A PKI on disk: one folder a curve, with chains, keys, responses and roots. Written whole or not at all; keys are for their owner's eyes.

    DIR/roots/v2g_root.pem ...    what is trusted
    DIR/secc.pem, secc.key        a chain (leaf first) and its private key, mode 0600
    DIR/secc.0.ocsp ...           responses about revocation, in the order of the chain
    DIR/crl/oem_sub2.crl ...      revocation lists

Everything that is wrong here is said before anything is started: nothing is served with half a PKI.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import STRICT, TlsProfile
from iso15118.pki.tree import Member, Tree
from iso15118.service.tls.engine import Chain, Credentials

ROOTS: Final = ("v2g_root", "oem_root", "mo_root")
LEAVES: Final = ("secc", "vehicle", "oem_provisioning", "contract", "cps")
TRUSTED_BY: Final = {"secc": ("oem_root", "v2g_root"), "vehicle": ("v2g_root",)}
"""Roots that a peer's certificate may end at: a vehicle's at its maker's or the V2G root [V2G20-2331], a charger's at the V2G root."""
STAMP: Final = "%Y-%m-%d %H:%M"
BUILT: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock that stands before this is wrong."""


def write(tree: Tree, folder: Path, *, password: bytes | None = None) -> None:
    """Write a tree to a folder that is not there yet. Raises LocalError, and then nothing is left behind."""
    if folder.exists():
        raise LocalError(f"{folder}: is there already; allowed: a folder that is not")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (part / "roots").mkdir()
        (part / "crl").mkdir()
        for role in ROOTS:
            (part / "roots" / f"{role}.pem").write_bytes(tree[role].certificate.public_bytes(Encoding.PEM))
        for role, member in tree.members.items():
            if any(other.issuer is member for other in tree.members.values()):
                (part / "crl" / f"{role}.crl").write_bytes(tree.crl(role))
            if role in LEAVES:
                _leaf(tree, member, part, password)
        part.chmod(0o755)
        part.rename(folder)
    except OSError as error:
        raise LocalError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _leaf(tree: Tree, member: Member, folder: Path, password: bytes | None) -> None:
    (folder / f"{member.role}.pem").write_bytes(member.pem_chain)
    with os.fdopen(os.open(folder / f"{member.role}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(member.pem_key(password))
    for number, response in enumerate(tree.staples(member.role)):
        (folder / f"{member.role}.{number}.ocsp").write_bytes(response)


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
    """What `role` ("secc" or "vehicle") brings to a handshake. Raises LocalError on anything missing, open to others, or not valid now."""
    now = now or datetime.now(UTC)
    if now < BUILT:
        raise LocalError(f"the clock says {now:{STAMP}}, before this program was made; allowed: the time, to judge certificates by")
    chain, key = certificates(folder / f"{role}.pem"), private_key(folder / f"{role}.key", password)
    valid(folder / f"{role}.pem", chain, now)
    anchors = [root for name in TRUSTED_BY[role] for root in certificates(folder / "roots" / f"{name}.pem")]
    staples = tuple(path.read_bytes() for path in sorted(folder.glob(f"{role}.*.ocsp")))
    return Credentials(
        (Chain(tuple(_der(c) for c in chain), key, chain[-1].issuer.public_bytes(), staples),),
        tuple(map(_der, anchors)),
        profile=profile,
        key_log=key_log,
        staple_needed=staple_needed,
    )


def of_tree(tree: Tree, role: str, *, profile: TlsProfile = STRICT, key_log: str = "") -> Credentials:
    """The same from a tree in memory."""
    anchors = tuple(tree[name].der for name in TRUSTED_BY[role])
    return Credentials((chain_of(tree, role),), anchors, profile=profile, key_log=key_log)


def chain_of(tree: Tree, role: str) -> Chain:
    """The chain, key and staples of any leaf of a tree in memory."""
    member = tree[role]
    key = member.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Chain(member.chain, key, member.root.certificate.subject.public_bytes(), tree.staples(role))


def certificates(path: Path) -> list[x509.Certificate]:
    """Those in a PEM file, in its order. Raises LocalError."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}; allowed: certificates, as `chargeloop pki make` writes them") from None
    except ValueError:
        raise LocalError(f"{path}: no certificates; allowed: PEM, the leaf first") from None


def private_key(path: Path, password: bytes | None) -> bytes:
    """The private key (PKCS #8 DER) in a PEM file that only its owner may read. Raises LocalError."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}; allowed: a private key") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LocalError(f"{path}: mode {stat.S_IMODE(mode):04o}; allowed: 0600, nobody but its owner may read a private key")
    try:
        key = load_pem_private_key(text, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        encrypted = "the password does not open it" if b"ENCRYPTED" in text else "no key to be read"
        why = encrypted if b"PRIVATE KEY" in text else "no private key"
        raise LocalError(f"{path}: {why}; allowed: a private key in PEM, with its password") from None
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def valid(path: Path, chain: Iterable[x509.Certificate], now: datetime) -> None:
    """Raises LocalError where a certificate of ours is not valid now: nobody would let us in, so it is said at once."""
    for certificate in chain:
        name = certificate.subject.rfc4514_string()
        if now < certificate.not_valid_before_utc:
            begins = certificate.not_valid_before_utc
            raise LocalError(f"{path}: {name} is not valid before {begins:{STAMP}}, and now it is {now:{STAMP}}; allowed: a valid one")
        if now > certificate.not_valid_after_utc:
            raise LocalError(f"{path}: {name} has expired on {certificate.not_valid_after_utc:{STAMP}}; allowed: a new one")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
