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
        case "lint":
            return _linted(arguments.path, now)
        case "import":
            from iso15118.service.pki.foreign import take_over

            _say(*take_over(Path(arguments.source), Path(arguments.dir), password))
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
    lines = []
    for place, certificates in _certificates(path).items():
        keys = {key.name.removesuffix(".key") for key in (place / folder.KEY).glob("*.key")}
        lines += [str(place), *picture(certificates, now, keys), ""]
    return lines[:-1]


def _linted(path: str | None, now: datetime) -> int:
    """Every breach on a line; 1 where there are any."""
    from iso15118.pki.lint import RULES, lint, profile_of

    if path is None:
        _say(*(f"{rule.id}  {rule.text} ({rule.source})" for rule in RULES))
        return 0
    count, breaches = 0, 0
    for place, certificates in _certificates(Path(path)).items():
        for label, each in certificates.items():
            wanted = profile_of(each, label)
            issuer = next((above for above in certificates.values() if above != each and folder.issued(each, above)), None)
            found = lint(each, now, profile=wanted, issuer=issuer)
            _say(*(f"{place}: {label}: {breach}" for breach in found))
            if wanted is None:
                _say(f"{place}: {label}: of no profile that is known: only what holds for all was looked at")
            count, breaches = count + 1, breaches + len(found)
    _say(f"{count} certificates, {breaches} breaches")
    return 1 if breaches else 0


def _certificates(path: Path) -> dict[Path, dict[str, x509.Certificate]]:
    """Those of a folder of one curve, of the folders in it, or of a file; by place and role; of a leaf, the one that is in use."""
    if not path.is_dir():
        found = folder.read_certificates(path, missing="allowed: a folder as `chargeloop pki make` writes it, or certificates (PEM)")
        return {path: {f"{path.name}:{number}": each for number, each in enumerate(found, 1)}}
    parts = [path] if (path / folder.CHAIN).is_dir() else [each for each in sorted(path.iterdir()) if (each / folder.CHAIN).is_dir()]
    if not parts:
        raise LocalError(f"{path}: no PKI; allowed: a folder as `chargeloop pki make` writes it, or certificates (PEM)")
    files = {
        part: [file for name in (folder.CA, folder.LEAF, folder.CHAIN) for file in sorted((part / name).glob("*.pem"))] for part in parts
    }
    return {part: {file.stem: folder.read_certificates(file)[0] for file in listed} for part, listed in files.items()}


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
