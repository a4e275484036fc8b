"""The arguments of `chargeloop pki`. They are read whatever command is run, so nothing is imported here that takes time."""

from __future__ import annotations

import argparse
from typing import Final

CURVES: Final = ("secp521r1", "ed448", "secp256r1")
ALL: Final = "all"
NAMES: Final = {"seccid": "DECLPE12345", "evccid": "WMIV1234567890ABCDEX", "pcid": "WMIV1234567890ABCD", "emaid": "DECLPC123456789"}
"""As `pki.keys` and `pki.tree` have them."""
HELP: Final = """A PKI on disk, DIR/CURVE/{ca,leaf,chain,key,ocsp,crl}. FOLDER is one curve's part of it (DIR/secp521r1). Private keys
are written with mode 0600, and are not read with any other."""


def add(pki: argparse.ArgumentParser) -> None:
    """The arguments."""
    actions = pki.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str, *, password: bool = True) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text)
        if password:
            made.add_argument("--password-file", metavar="FILE", help="the password of the private keys is the first line of it")
        return made

    make = action("make", "make a whole PKI, for benches and tests")
    make.add_argument("dir", metavar="DIR")
    make.add_argument("--curve", choices=(*CURVES, ALL), default=CURVES[0], help=f"{CURVES[0]} if absent; all: a folder for each")
    for name, value in NAMES.items():
        make.add_argument(f"--{name}", default=value, metavar="ID", help=f"name in the certificate ({value})")
    show = action("show", "draw the certificates of a folder or a file, and what is left of their time", password=False)
    show.add_argument("path", metavar="PATH")
    lint = action("lint", "hold the certificates of a folder or a file against the profiles", password=False)
    lint.add_argument("path", metavar="PATH", nargs="?", help="the rules themselves if absent")
    taken = action("import", "take over what another program has laid out, into DIR/CURVE")
    taken.add_argument("source", metavar="SOURCE", help="Josev's folder (iso15118_20), or EVerest's (certs)")
    taken.add_argument("dir", metavar="DIR")
    csr = action("csr", "make a new key, and a request for its certificate on standard output; what is in use stays")
    _add_role(csr)
    sign = action("sign", "answer a request as the authority in FOLDER; the chain goes to standard output")
    _add_role(sign)
    sign.add_argument("request", metavar="FILE", help="the request (PEM)")
    install = action("install", "put the answer to a request in the place of the old certificate, in one step")
    _add_role(install)
    install.add_argument("chain", metavar="FILE", help="the new leaf, then the sub-CAs above it (PEM)")
    _add_role(action("renew", "request, answer and install in one, where the authority is in FOLDER"))
    crl = action("crl", "write new revocation lists and responses by the authorities in FOLDER")
    crl.add_argument("folder", metavar="FOLDER")
    _add_role(action("revoke", "revoke a certificate: in the list of its issuer, and in the response about it"))


def _add_role(action: argparse.ArgumentParser) -> None:
    action.add_argument("folder", metavar="FOLDER")
    action.add_argument("role", metavar="ROLE", help="name of the certificate: secc, vehicle, contract, ...")
