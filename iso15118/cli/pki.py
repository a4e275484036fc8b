"""`chargeloop pki`: a whole PKI made, shown, checked, taken over, renewed, and revoked in."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from iso15118.cli.pki_arguments import ALL
from iso15118.errors import LocalError
from iso15118.pki.keys import CURVES
from iso15118.pki.picture import picture
from iso15118.pki.tree import NAMES, make_tree
from iso15118.service.pki import folder, renewal


def run(arguments: Namespace) -> int:
    """Perform `arguments.action`. Raises LocalError."""
    now = datetime.now(UTC)
    password = _password(getattr(arguments, "password_file", None))
    match arguments.action:
        case "make":
            folder.trusted_clock(now)
            _make(arguments, now, password)
        case "show":
            _say(*_shown(Path(arguments.path), now))
        case "csr":
            sys.stdout.write(renewal.begin(Path(arguments.folder), arguments.role, password).decode())
        case "sign":
            pem = folder.read_octets(Path(arguments.request))
            sys.stdout.write(renewal.signed(Path(arguments.folder), arguments.role, pem, now, password).decode())
        case "install":
            renewal.finish(Path(arguments.folder), arguments.role, Path(arguments.chain), now, password)
            _say(_now(Path(arguments.folder), arguments.role))
        case "renew":
            renewal.renew(Path(arguments.folder), arguments.role, now, password)
            _say(_now(Path(arguments.folder), arguments.role))
        case _:
            revoke = getattr(arguments, "role", "")
            lists, responses = renewal.attest(Path(arguments.folder), now, password, revoke=revoke)
            said = f"{revoke} is revoked; " if revoke else ""
            _say(f"{said}{lists} lists and {responses} responses written: lists hold for 30 days, responses for a week")
    return 0


def _make(arguments: Namespace, now: datetime, password: bytes | None) -> None:
    curves = CURVES if arguments.curve == ALL else (arguments.curve,)
    names = {name: getattr(arguments, name) for name in NAMES}
    for curve in curves:
        if (target := Path(arguments.dir) / curve).exists():
            raise LocalError(f"{target}: is there already; allowed: a folder that is not, so that no key is lost")
    for curve in curves:
        target = Path(arguments.dir) / curve
        try:
            tree = make_tree(curve, now=now, names=names)
        except ValueError as error:  # a name longer than X.509 allows
            raise LocalError(f"{', '.join(names.values())}: {error}; allowed: 1 to 64 characters each") from None
        folder.write(tree, target, password=password)
        _say(f"{target}: {len(tree.members)} certificates")


def _shown(path: Path, now: datetime) -> list[str]:
    """A folder of one curve, a folder of such folders, or a file of certificates."""
    if not path.is_dir():
        found = folder.read_certificates(path, missing="allowed: a folder as `chargeloop pki make` writes it, or certificates (PEM)")
        return picture({f"{path.name}:{number}": each for number, each in enumerate(found, 1)}, now)
    parts = [each for each in sorted(path.iterdir()) if (each / folder.CHAIN).is_dir()]
    if not (path / folder.CHAIN).is_dir() and not parts:
        raise LocalError(f"{path}: no PKI; allowed: a folder as `chargeloop pki make` writes it, or certificates (PEM)")
    lines = []
    for each in parts or [path]:
        keys = {key.name.removesuffix(".key") for key in (each / folder.KEY).glob("*.key")}
        lines += [str(each), *picture(_certificates(each), now, keys), ""]
    return lines[:-1]


def _certificates(path: Path) -> dict[str, x509.Certificate]:
    """All in a folder, by role; of a leaf, the one that is in use."""
    files = [each for name in (folder.CA, folder.LEAF, folder.CHAIN) for each in sorted((path / name).glob("*.pem"))]
    return {each.stem: folder.read_certificates(each)[0] for each in files}


def _now(path: Path, role: str) -> str:
    leaf = folder.read_certificates(path / folder.CHAIN / f"{role}.pem")[0]
    return f"{role}: valid until {leaf.not_valid_after_utc:%Y-%m-%d}; whoever serves with it reads it when it is started again"


def _password(name: str | None) -> bytes | None:
    if name is None:
        return None
    lines = folder.read_octets(Path(name)).splitlines()
    if not lines or not lines[0]:
        raise LocalError(f"{name}: no password; allowed: one, in the first line")
    return lines[0]


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
