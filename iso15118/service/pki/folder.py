"""A PKI on disk, one folder a curve. It is written whole or not at all, and whatever is wrong with it is said before anything starts.

DIR/secp521r1/ca/v2g_root.pem     authorities; those whose name ends in _root are what is trusted
              leaf/secc.pem       leaf certificates
              chain/secc.pem      a leaf and the sub-CAs above it, as it is sent
              key/secc.key        private keys (PKCS #8), mode 0600
              ocsp/secc.der       what a responder says of the certificate
              crl/cpo_sub2.pem    revocation lists, by authority
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES, PrivateKey, curve_of
from iso15118.pki.tree import Member, Tree
from iso15118.pki.trust import TrustStore

CA, LEAF, CHAIN, KEY, OCSP, CRL = "ca", "leaf", "chain", "key", "ocsp", "crl"
LEAVES: Final = ("secc", "vehicle", "oem_provisioning", "contract", "cps")
"""Those that are shown to somebody, with a chain."""
ROOTS: Final = {"v2g": "v2g_root", "oem": "oem_root", "mo": "mo_root"}
"""Kind of anchor -> the files in ca/ that are of it: this name, or this name and more (v2g_root-2.pem)."""
BUILT: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock that stands before this is wrong: no certificate can be judged by it."""
NEXT: Final = "next"
"""A key whose certificate has been asked for: key/secc.next.key."""
STAMP: Final = "%Y-%m-%d %H:%M"
_PRIVATE: Final = stat.S_IRWXG | stat.S_IRWXO


class Owned(NamedTuple):
    """What one of ours shows and signs with: its chain, leaf first; its key; what is said of the chain (empty where nothing is)."""

    certificates: tuple[x509.Certificate, ...]
    key: PrivateKey
    staples: tuple[bytes, ...]

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates, DER."""
        return tuple(each.public_bytes(Encoding.DER) for each in self.certificates)


# Writing.


def files_of(tree: Tree, password: bytes | None = None) -> dict[str, bytes]:
    """What stands in the folder of a tree, by path."""
    authorities = {member.issuer.role for member in tree.members.values() if member.issuer is not None} | set(ROOTS.values())
    files: dict[str, bytes] = {}
    for role, member in tree.members.items():
        files[f"{CA if role in authorities else LEAF}/{role}.pem"] = member.certificate.public_bytes(Encoding.PEM)
        files[f"{KEY}/{role}.key"] = member.pem_key(password)
        if role in authorities:
            files[f"{CRL}/{role}.pem"] = pem_list(tree.crl(role))
        if role in LEAVES:
            files[f"{CHAIN}/{role}.pem"] = member.pem_chain
        if member.issuer is not None and not role.startswith(f"{OCSP}_"):
            files[f"{OCSP}/{role}.der"] = tree.ocsp_response(role)
    return files


def write(tree: Tree, folder: Path, *, password: bytes | None = None) -> None:
    """Write a tree to a folder that is not there yet. Raises LocalError, and then nothing is left behind."""
    write_files(files_of(tree, password), folder)


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Make a folder of these files: aside first, then in one step. Raises LocalError where it is there already, or cannot be written."""
    if folder.exists():
        raise LocalError(f"{folder}: is there already; allowed: a folder that is not, so that no key is lost")
    aside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for name in sorted({Path(name).parts[0] for name in files}):
            (aside / name).mkdir(mode=0o700 if name == KEY else 0o755)
        for name, octets in files.items():
            _create(aside / name, octets)
        aside.chmod(0o755)
        aside.rename(folder)
    except OSError as error:
        raise LocalError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def replace_file(path: Path, octets: bytes) -> None:
    """Put `octets` in the place of a file, in one step. Raises LocalError."""
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.unlink(missing_ok=True)
        path.parent.mkdir(mode=0o700 if path.parent.name == KEY else 0o755, exist_ok=True)
        _create(aside, octets, durable=True)
        aside.replace(path)
    except OSError as error:
        raise LocalError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def _create(path: Path, octets: bytes, *, durable: bool = False) -> None:
    mode = 0o600 if path.parent.name == KEY else 0o644
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(octets)
        if durable:
            file.flush()
            os.fsync(file.fileno())


# Reading.


def read_owned(folder: Path, role: str, now: datetime, password: bytes | None = None) -> Owned:
    """The chain, key and responses of `role`, checked: there, together, private, valid now. Raises LocalError, one line."""
    trusted_clock(now)
    path = folder / CHAIN / f"{role}.pem"
    certificates = read_certificates(path, missing=_half(folder))
    for below, above in pairwise(certificates):
        if not issued(below, above):
            names = f"{below.subject.rfc4514_string()} is not issued by {above.subject.rfc4514_string()}"
            raise LocalError(f"{path}: {names}; allowed: a leaf, then who has issued it, up to but without the root")
    key = read_key(folder, role, certificates[0], password)
    valid(path, certificates, now)
    return Owned(certificates, key, read_staples(folder, certificates))


def read_certificates(path: Path, *, missing: str = "allowed: PEM, the leaf first") -> tuple[x509.Certificate, ...]:
    """Those in a PEM file, in its order. Raises LocalError."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
        for each in found:
            _ = each.extensions, each.public_key(), each.subject
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror or error}; {missing}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise LocalError(f"{path}: no certificates to be read; allowed: PEM, the leaf first") from None
    return tuple(found)


def read_key(folder: Path, role: str, certificate: x509.Certificate, password: bytes | None = None) -> PrivateKey:
    """The private key of a certificate: key/ROLE.key, or key/ROLE.next.key where a renewal has just taken place. Raises LocalError."""
    path, after = folder / KEY / f"{role}.key", folder / KEY / f"{role}.{NEXT}.key"
    for each in (path, after) if after.exists() else (path,):
        key = load_key(each, password, missing=_half(folder))
        if key.public_key() == certificate.public_key():
            return key
    raise LocalError(f"{path}: not the key of the certificate in {CHAIN}/{role}.pem; allowed: the one that belongs to it")


def load_key(path: Path, password: bytes | None = None, *, missing: str = "allowed: a private key in PEM") -> PrivateKey:
    """The private key in a file that nobody but its owner may read. Raises LocalError."""
    try:
        status, text = path.stat(), path.read_bytes()
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror or error}; {missing}") from None
    if status.st_mode & _PRIVATE:
        raise LocalError(f"{path}: mode {stat.S_IMODE(status.st_mode):04o}; allowed: 0600, nobody but its owner may read a private key")
    if status.st_uid != os.geteuid():
        raise LocalError(f"{path}: belongs to user {status.st_uid}; allowed: the user this runs as, {os.geteuid()}")
    if b"PRIVATE KEY" not in text:
        raise LocalError(f"{path}: no private key; allowed: PEM (PKCS #8)")
    try:
        key = load_pem_private_key(text, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        locked = b"ENCRYPTED" in text
        why = "needs a password" if locked and not password else "the password does not open it" if locked else "no key to be read"
        why = "is not encrypted, and a password was given" if password and not locked else why
        raise LocalError(f"{path}: {why}; allowed: a private key in PEM, and the password it was written with") from None
    if not isinstance(key, PrivateKey) or curve_of(key) not in CURVES:
        raise LocalError(f"{path}: a key of kind {type(key).__name__}; allowed: {', '.join(CURVES)}")
    return key


def read_trust(folder: Path) -> TrustStore:
    """The roots that are trusted. Raises LocalError where there is no V2G root: without it nobody is believed, and that is said at once."""
    found: dict[str, tuple[bytes, ...]] = {}
    for kind, name in ROOTS.items():
        paths = sorted((*(folder / CA).glob(f"{name}.pem"), *(folder / CA).glob(f"{name}-*.pem")))
        found[kind] = tuple(each.public_bytes(Encoding.DER) for path in paths for each in read_certificates(path))
    if not found["v2g"]:
        raise LocalError(f"{folder / CA}: no {ROOTS['v2g']}.pem; {_half(folder)}")
    return TrustStore(v2g=found["v2g"], oem=found["oem"], mo=found["mo"])


def read_staples(folder: Path, certificates: tuple[x509.Certificate, ...]) -> tuple[bytes, ...]:
    """What is said of each certificate of a chain, found by its serial number; empty octets where nothing is."""
    from cryptography.x509 import ocsp

    found: dict[int, bytes] = {}
    for path in sorted((folder / OCSP).glob("*.der")):
        octets = read_octets(path)
        with suppress(ValueError):  # a broken response is none: whoever needs it hears that it is not there
            found[ocsp.load_der_ocsp_response(octets).serial_number] = octets
    return tuple(found.get(each.serial_number, b"") for each in certificates)


def read_lists(folder: Path) -> tuple[bytes, ...]:
    """The revocation lists, DER. Raises LocalError on one that is none."""
    found = []
    for path in sorted((folder / CRL).glob("*.pem")):
        try:
            found.append(x509.load_pem_x509_crl(read_octets(path)).public_bytes(Encoding.DER))
        except ValueError:
            raise LocalError(f"{path}: no revocation list; allowed: PEM") from None
    return tuple(found)


def read_tree(folder: Path, now: datetime, password: bytes | None = None) -> Tree:
    """All certificates whose keys are here: to issue, to list and to answer with. Raises LocalError."""
    trusted_clock(now)
    certificates: dict[str, x509.Certificate] = {}
    for path in sorted((*(folder / CA).glob("*.pem"), *(folder / LEAF).glob("*.pem"))):
        certificates[path.stem] = read_certificates(path)[0]
    if not certificates:
        raise LocalError(f"{folder}: no certificates; {_half(folder)}")
    members: dict[str, Member] = {}
    for role in certificates:
        _join(folder, role, certificates, members, password, ())
    return Tree(members, now)


def _join(
    folder: Path,
    role: str,
    certificates: Mapping[str, x509.Certificate],
    members: dict[str, Member],
    password: bytes | None,
    below: tuple[str, ...],
) -> Member | None:
    """The member `role`, put among the others behind who has issued it; None where a key above it, or its own, is not here."""
    certificate, issuer = certificates[role], None
    if role in members or role in below or not (folder / KEY / f"{role}.key").exists():
        return members.get(role)
    if certificate.issuer != certificate.subject:
        above = next((name for name, each in certificates.items() if issued(certificate, each)), None)
        issuer = None if above is None else _join(folder, above, certificates, members, password, (*below, role))
        if issuer is None:
            return None
    members[role] = Member(role, certificate, read_key(folder, role, certificate, password), issuer)
    return members[role]


def trusted_clock(now: datetime) -> None:
    """Raises LocalError where the clock cannot be right: a machine that boots in 1970 judges no certificate."""
    if now < BUILT:
        raise LocalError(
            f"the clock says {now:{STAMP}}, before this program was made; allowed: the time, since certificates are judged by it"
        )


def valid(path: Path, certificates: tuple[x509.Certificate, ...], now: datetime) -> None:
    """Raises LocalError where one of ours is not valid now: nobody would let us in, so it is said at once."""
    for each in certificates:
        name = each.subject.rfc4514_string()
        if now < each.not_valid_before_utc:
            begins = f"{each.not_valid_before_utc:{STAMP}}"
            raise LocalError(
                f"{path}: {name} is not valid before {begins}, and it is {now:{STAMP}}; allowed: a valid one, and the right time"
            )
        if now > each.not_valid_after_utc:
            raise LocalError(f"{path}: {name} has expired on {each.not_valid_after_utc:{STAMP}}; allowed: a new one (chargeloop pki renew)")


def read_octets(path: Path) -> bytes:
    """A whole file. Raises LocalError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror or error}") from None


def pem_list(der: bytes) -> bytes:
    """A revocation list, DER to PEM."""
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    """Whether one certificate is issued by the other: by name and by signature."""
    try:
        below.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _half(folder: Path) -> str:
    there = [name for name in (CA, LEAF, CHAIN, KEY, OCSP, CRL) if (folder / name).is_dir()]
    if not there:
        return "allowed: a folder as `chargeloop pki make` writes it"
    return "the folder is half written; allowed: one as `chargeloop pki make` or `chargeloop pki import` writes it, whole"
