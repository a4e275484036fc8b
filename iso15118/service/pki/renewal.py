"""New certificates, lists and responses in a PKI on disk; each takes its place in one step, and an old one serves until then.

A renewal: `begin` makes a key and a request; an authority answers it (`signed`, or one elsewhere); `finish` puts the answer in place, after
which the key that belongs to it is the one that is found (`folder.read_key`). It may be broken off anywhere.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

from iso15118.errors import LocalError
from iso15118.pki.keys import curve_of, new_key
from iso15118.pki.profiles import profiles
from iso15118.pki.request import answer, request
from iso15118.pki.tree import Tree
from iso15118.service.pki.folder import (
    CA,
    CHAIN,
    CRL,
    KEY,
    LEAF,
    NEXT,
    OCSP,
    issued,
    load_key,
    pem_list,
    read_certificates,
    read_octets,
    read_tree,
    replace_file,
    valid,
)

URL: Final = "http://ocsp.invalid/"


def begin(folder: Path, role: str, password: bytes | None = None) -> bytes:
    """Make the next key of `role` and a request (PEM) for its certificate. The one in use stays. Raises LocalError."""
    present = read_certificates(folder / CHAIN / f"{role}.pem")[0]
    key = new_key(curve_of(present.public_key()))  # type: ignore[arg-type]
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    replace_file(folder / KEY / f"{role}.{NEXT}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return request(present, key)


def signed(folder: Path, role: str, pem: bytes, now: datetime, password: bytes | None = None) -> bytes:
    """The answer to a request (PEM): the chain of a new certificate, by the authority in this folder. Raises LocalError."""
    known = profiles()
    if role not in known or not known[role].issuer:
        raise LocalError(f"certificate {role!r}; allowed: {', '.join(name for name, each in known.items() if each.issuer)}")
    issuer = read_tree(folder, now, password)[known[role].issuer]
    certificates = (answer(pem, known[role], issuer, now, ocsp_url=URL), *(each.certificate for each in issuer.members))
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def finish(folder: Path, role: str, chain: Path, now: datetime, password: bytes | None = None) -> None:
    """Put a new chain in the place of the old one. Raises LocalError, and then the old one stays."""
    certificates = read_certificates(chain)
    key = load_key(folder / KEY / f"{role}.{NEXT}.key", password, missing="allowed: a renewal that was begun (chargeloop pki csr)")
    if key.public_key() != certificates[0].public_key():
        raise LocalError(f"{chain}: the leaf is not for the key that was made; allowed: the answer to the last request")
    present = read_certificates(folder / CHAIN / f"{role}.pem")
    if certificates[0].subject != present[0].subject:
        raise LocalError(f"{chain}: {certificates[0].subject.rfc4514_string()}; allowed: {present[0].subject.rfc4514_string()}")
    if not all(issued(below, above) for below, above in pairwise(certificates)):
        raise LocalError(f"{chain}: not in order; allowed: the leaf, then who has issued it, up to but without the root")
    if not _rooted(folder, certificates[-1], present[-1]):
        raise LocalError(
            f"{chain}: ends at {certificates[-1].issuer.rfc4514_string()}; allowed: a root in {folder / CA}, or that of the old one"
        )
    valid(chain, certificates, now)
    replace_file(folder / CHAIN / f"{role}.pem", b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    # From here on the new one is in use; the rest puts names in order.
    replace_file(folder / LEAF / f"{role}.pem", certificates[0].public_bytes(Encoding.PEM))
    (folder / KEY / f"{role}.{NEXT}.key").replace(folder / KEY / f"{role}.key")


def _rooted(folder: Path, top: x509.Certificate, before: x509.Certificate) -> bool:
    """Whether a root here has issued the top of a chain; where none of its name is here, whether the chain before ended there, too."""
    roots = [each for path in sorted((folder / CA).glob("*.pem")) for each in read_certificates(path) if each.subject == top.issuer]
    return any(issued(top, root) for root in roots) if roots else top.issuer == before.issuer


def renew(folder: Path, role: str, now: datetime, password: bytes | None = None) -> None:
    """All of it, where the authority is in the same folder. Raises LocalError."""
    chain = signed(folder, role, begin(folder, role, password), now, password)
    path = folder / CHAIN / f"{role}.{NEXT}.pem"
    replace_file(path, chain)
    finish(folder, role, path, now, password)
    path.unlink()
    attest(folder, now, password)


def attest(folder: Path, now: datetime, password: bytes | None = None, *, revoke: str = "") -> tuple[int, int]:
    """Write new revocation lists and responses by the authorities in the folder, and say there that `revoke` is revoked, too.

    How many lists, and how many responses. Raises LocalError.
    """
    tree = read_tree(folder, now, password)
    if revoke and tree[revoke].issuer is None:
        raise LocalError(f"{revoke}: a root; allowed: what an authority has issued")
    authorities = {member.issuer.role for member in tree.members.values() if member.issuer is not None}
    authorities |= {path.stem for path in (folder / CRL).glob("*.pem")} & tree.members.keys()
    revoked = {role: _list(tree, folder, role, revoke) for role in sorted(authorities)}
    told = 0
    for role, member in tree.members.items():
        if member.issuer is None or f"{OCSP}_{member.issuer.role}" not in tree.members or role.startswith(f"{OCSP}_"):
            continue
        known = member.certificate.serial_number in revoked[member.issuer.role]
        status = ocsp.OCSPCertStatus.REVOKED if known else ocsp.OCSPCertStatus.GOOD
        replace_file(folder / OCSP / f"{role}.der", tree.ocsp_response(role, status=status))
        told += 1
    return len(authorities), told


def _list(tree: Tree, folder: Path, role: str, revoke: str) -> frozenset[int]:
    """Write an authority's next list: what the last one names, and one more if it is of this authority. Its serial numbers."""
    path = folder / CRL / f"{role}.pem"
    serials, number = set[int](), 0
    if path.exists():
        try:
            last = x509.load_pem_x509_crl(read_octets(path))
            number = last.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except (ValueError, x509.ExtensionNotFound):
            raise LocalError(f"{path}: no revocation list that could be continued; allowed: PEM, with its number") from None
        serials = {each.serial_number for each in last}
    if revoke and (issuer := tree[revoke].issuer) is not None and issuer.role == role:
        serials.add(tree[revoke].certificate.serial_number)
    replace_file(path, pem_list(tree.crl(role, serials=serials, number=number + 1)))
    return frozenset(serials)
