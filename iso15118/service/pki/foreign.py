"""PKIs that other programs have laid out, taken over: the folders of Josev (iso15118_2, iso15118_20) and of EVerest (certs).

Files are told by their names, chains are put together by who has issued whom, keys are found by their public half. What is taken is written
as `folder` wants it, with its modes; the source is left as it is. Responses and lists are not part of either layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES, PrivateKey, PublicKey, curve_of
from iso15118.service.pki.folder import CA, CHAIN, KEY, LEAF, LEAVES, ROOTS, issued, read_octets, write_files

ROLES: Final = (
    (r"v2groot", "v2g_root"),
    (r"oemroot", "oem_root"),
    (r"moroot", "mo_root"),
    (r"cposubca([12])", "cpo_sub"),
    (r"cpssubca([12])", "cps_sub"),
    (r"(?:prov)?oem(?:prov)?subca([12])", "oem_sub"),
    (r"vehiclesubca([12])", "vehicle_sub"),
    (r"mosubca([12])", "mo_sub"),
    (r"secc(?:leaf|cert)", "secc"),
    (r"vehicle(?:leaf|cert)", "vehicle"),
    (r"oem(?:prov)?(?:leaf|cert)", "oem_provisioning"),
    (r"(?:contract|mo)(?:leaf|cert)", "contract"),
    (r"cps(?:leaf|cert)", "cps"),
)
"""Beginning of a file's name, in small letters and without anything else between them -> whose certificate it is."""
AUTHORITIES: Final = ("_root", "_sub1", "_sub2")
MOST: Final = 500
"""Files that are looked into: more is no PKI of these layouts."""
LARGEST: Final = 64 * 1024


class Found(NamedTuple):
    """What lies in the source."""

    certificates: Mapping[str, tuple[x509.Certificate, ...]]
    """By role. One program may have made several, on other curves."""
    others: tuple[x509.Certificate, ...]
    """All there are, to put chains together."""
    keys: tuple[PrivateKey, ...]


def take_over(source: Path, target: Path, password: bytes | None = None) -> list[str]:
    """Write what `source` holds to target/CURVE, and say in lines what that is. Raises LocalError, and then nothing is written.

    `password` is what all keys are written with, and it is tried on them, as are the passwords that lie in files beside them. Keys of
    authorities that nothing opens are left out.
    """
    found = _found(source, password)
    folders: dict[Path, dict[str, bytes]] = {}
    said = []
    for curve in CURVES:
        files, roles = _files(found, curve, password)
        if f"{CA}/{ROOTS['v2g']}.pem" not in files:
            continue
        folders[target / curve] = files
        missing = [role for role in LEAVES if role not in roles]
        said.append(f"{target / curve}: {', '.join(roles) or 'roots only'}" + (f"; not there: {', '.join(missing)}" if missing else ""))
    if not folders:
        raise LocalError(f"{source}: no V2G root; allowed: Josev's folder (with certs and private_keys in it), or EVerest's certs")
    for folder in folders:
        if folder.exists():
            raise LocalError(f"{folder}: is there already; allowed: a folder that is not, so that no key is lost")
    for folder, files in folders.items():
        write_files(files, folder)
    return said


def _files(found: Found, curve: str, password: bytes | None) -> tuple[dict[str, bytes], list[str]]:
    """What of one curve is written, and the leaves that come with chain and key."""
    files: dict[str, bytes] = {}
    roles = []
    for role, several in found.certificates.items():
        for certificate in several:
            if _curve(certificate) != curve:
                continue
            authority = role.endswith(AUTHORITIES)
            files[f"{CA if authority else LEAF}/{role}.pem"] = certificate.public_bytes(Encoding.PEM)
            key = next((key for key in found.keys if key.public_key() == certificate.public_key()), None)
            if key is not None:
                files[f"{KEY}/{role}.key"] = _pem(key, password)
            if not authority:
                chain = (certificate, *_above(certificate, found.others))
                files[f"{CHAIN}/{role}.pem"] = b"".join(each.public_bytes(Encoding.PEM) for each in chain)
                roles += [role] if key is not None else []
    return files, roles


def _above(certificate: x509.Certificate, others: tuple[x509.Certificate, ...]) -> Iterator[x509.Certificate]:
    """The sub-CAs above a leaf, up to but without the root."""
    for _ in range(4):
        issuer = next((each for each in others if each != certificate and issued(certificate, each)), None)
        if issuer is None or issuer.issuer == issuer.subject:
            return
        yield issuer
        certificate = issuer


def _found(source: Path, password: bytes | None) -> Found:
    if not source.is_dir():
        raise LocalError(f"{source}: no folder; allowed: Josev's folder (with certs and private_keys in it), or EVerest's certs")
    paths = sorted(path for path in islice(source.rglob("*"), MOST * 4) if path.is_file() and path.stat().st_size <= LARGEST)[:MOST]
    words = _words(paths, password)
    by_role: dict[str, list[x509.Certificate]] = {}
    others: list[x509.Certificate] = []
    keys: list[PrivateKey] = []
    for path in paths:
        octets = read_octets(path)
        for number, certificate in enumerate(_certificates(octets)):
            if certificate not in others:
                others.append(certificate)
            role = _role(path)
            fits = number == 0 and role is not None and role.endswith(AUTHORITIES) == _is_authority(certificate)
            if fits and role is not None and certificate not in by_role.setdefault(role, []):
                by_role[role].append(certificate)
        if (key := _key(path, octets, words)) is not None:
            keys.append(key)
    if "vehicle" not in by_role and "oem_provisioning" in by_role:  # Josev's car shows that one in the handshake, too
        by_role["vehicle"] = by_role["oem_provisioning"]
    return Found({role: tuple(each) for role, each in by_role.items()}, tuple(others), tuple(keys))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _role(path: Path) -> str | None:
    name = re.sub(r"[^a-z0-9]", "", path.stem.lower())
    for pattern, role in ROLES:
        if match := re.match(pattern, name):
            return role + "".join(match.groups())
    return None


def _certificates(octets: bytes) -> list[x509.Certificate]:
    try:
        if b"BEGIN CERTIFICATE-" in octets:
            return x509.load_pem_x509_certificates(octets)
        return [x509.load_der_x509_certificate(octets)]
    except ValueError:
        return []


def _key(path: Path, octets: bytes, words: Sequence[bytes]) -> PrivateKey | None:
    """The private key in a file, opened with one of `words`. Raises LocalError where none opens that of a leaf."""
    if b"PRIVATE KEY" not in octets and path.suffix.lower() not in (".key", ".der"):
        return None
    load = load_pem_private_key if b"PRIVATE KEY" in octets else load_der_private_key
    for word in (None, *words):
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            key = load(octets, word)
            return key if isinstance(key, PrivateKey) else None
    if b"ENCRYPTED" in octets and _role(path.with_stem(f"{path.stem}Cert")) in LEAVES:
        raise LocalError(f"{path}: no password opens it; allowed: one in a file {path.stem}Password.txt beside it, or --password-file")
    return None


def _words(paths: Sequence[Path], password: bytes | None) -> tuple[bytes, ...]:
    """Passwords: the given one, then those that lie in files."""
    files = [path for path in paths if path.name.lower().endswith("password.txt")]
    return tuple(dict.fromkeys(word for word in (password, *(read_octets(path).split(b"\n")[0].strip() for path in files)) if word))


def _pem(key: PrivateKey, password: bytes | None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _curve(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return curve_of(key) if isinstance(key, PublicKey) else ""
