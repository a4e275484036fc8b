"""Writes docs/pki.md: who issues what, what is in each certificate, and the rules it is held against; from certs/ and `pki.lint`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from iso15118.pki.lint import RULES
from iso15118.pki.profiles import OCSP, Profile, profiles
from iso15118.pki.trust import ACCEPTED
from iso15118.service.pki.folder import BUILT

TARGET = Path(__file__).parents[1] / "docs" / "pki.md"


def page() -> str:
    """The page."""
    return f"""# Certificates

Written by `tools/document_pki.py` from `certs/iso15118-20.toml`, `iso15118/pki/trust.py` and `iso15118/pki/lint.py`.

## Who issues what

```
{_tree()}
```

Every authority has a delegated OCSP responder (`ocsp_` and its name). Sub-CAs have path lengths 1 and 0.

| shown for | must end at a root of kind |
|---|---|
{_anchors()}

A kind without a root means no: nobody is let in because nothing was configured. With `contracts_at_v2g` a contract may end at a V2G root,
too; since there are chargers under it, the contract and all sub-CAs above it then have to be a mobility operator's by their names (DC=MO).

## What is in each

| certificate | issuer | DC | CN | CA | key usage | extended | days | source |
|---|---|---|---|---|---|---|---|---|
{_profiles()}

Keys are on secp521r1 (ECDSA with SHA-512) or Ed448, all of a chain on the same; secp256r1 is for counterparties that have nothing else.
`key_agreement` is left out on Ed448, whose key can only sign. Days are what public test PKIs use; the standard's own bounds are wider.

## On disk

```
DIR/secp521r1/ca/v2g_root.pem     authorities; v2g_root, oem_root and mo_root (and v2g_root-2 ...) are what is trusted
              leaf/secc.pem       leaf certificates
              chain/secc.pem      the leaf and the sub-CAs above it, as it is sent: this one is in use
              key/secc.key        private keys (PKCS #8), mode 0600, of the user that runs
              ocsp/secc.der       what a responder says of the certificate, a week old at most
              crl/cpo_sub2.pem    revocation lists, by authority
```

A folder is written aside and moved into place in one step, and so is each file that takes the place of another. At start, before anything
is served, one line says what is wrong: a file missing (half written), a chain in disorder, a key of another certificate, a key that others
may read, the wrong password, our own certificate expired or not yet valid, a clock before {BUILT:%Y-%m-%d} (it booted in 1970).

A charger needs `ca/` (roots), `chain/secc.pem`, `key/secc.key`, `ocsp/` of that chain and `crl/`; a car `ca/`, `vehicle`, and for Plug &
Charge `contract` or `oem_provisioning`. Keys of authorities belong on neither; `pki make` writes them because it makes the whole PKI of
a bench.

## Commands

| `chargeloop pki` | |
|---|---|
| `make DIR [--curve all]` | a whole PKI: 31 certificates, responses, lists |
| `show PATH` | the certificates of a folder or file as a tree, with what is left of their time |
| `lint [PATH]` | every breach of the rules below; exit code 1 where there are any (needs the extra `lint`) |
| `import SOURCE DIR` | Josev's `iso15118_2`/`iso15118_20` folder or EVerest's `certs`, as a folder of ours |
| `csr FOLDER ROLE`, `sign FOLDER ROLE FILE`, `install FOLDER ROLE FILE` | a renewal in three steps, by three parties if need be |
| `renew FOLDER ROLE` | all three, where the authority is in the folder |
| `revoke FOLDER ROLE`, `crl FOLDER` | revoke; new lists (30 days) and responses (a week) |

A renewal makes `key/ROLE.next.key`; the old certificate serves until the new chain is moved into its place, in one step.

## Revocation

| of | by | where nothing is known |
|---|---|---|
| a charger's chain, for a car | responses that the charger staples | the car goes no further (`staple_needed` of its `[tls]`) |
| a car's chain, for a charger | the lists in `crl/` | where there are lists, the car is refused |
| a contract, a provisioning chain | lists, and responders that it names (`ask_responders`) | `revocation` of `[plug_and_charge]` decides |

A charger asks for new staples when half of the time of the old ones is over, at most every five minutes; what has ended is stapled no more.
Each question has two seconds, and an answer counts only from the certificate's issuer or a responder made by it (with OCSPSigning and
id-pkix-ocsp-nocheck), about this certificate, for a week at most. Responders under `.invalid`, as `pki make` names them, are not asked:
refresh such a folder with `pki crl` and start again.

## Keys in hardware

`iso15118.service.pki.hardware.Token` (extra `pkcs11`) signs messages and agrees on secrets with keys in a PKCS#11 token, on
secp521r1 or secp256r1; tried with SoftHSM. TLS wants its key in a file: no engine here can ask a token.

## Rules

{len(RULES)} of them, by their ids. `cryptography` reads what a certificate means; the D rules look at how it is written.

| id | a certificate is | source |
|---|---|---|
{_rules()}
"""


def _tree() -> str:
    known = {role: profile for role, profile in profiles().items() if role != OCSP}

    def below(issuer: str, before: str) -> Iterator[str]:
        children = [role for role, profile in known.items() if profile.issuer == issuer]
        for role in children:
            last = role == children[-1]
            branch = ("└─ " if last else "├─ ") if issuer else ""
            yield f"{before}{branch}{role}"
            yield from below(role, before + (("   " if last else "│  ") if issuer else ""))

    return "\n".join(below("", ""))


def _anchors() -> str:
    return "\n".join(f"| {purpose} | {' or '.join(anchors)} |" for purpose, anchors in ACCEPTED.items())


def _profiles() -> str:
    return "\n".join(_row(role, profile) for role, profile in profiles().items())


def _row(role: str, profile: Profile) -> str:
    length = "" if profile.path_length is None else f" {profile.path_length}"
    issuer = "each authority" if role == OCSP else f"`{profile.issuer}`" if profile.issuer else "itself"
    cells = (
        f"`{role}`",
        issuer,
        profile.dc,
        profile.cn,
        f"yes{length}" if profile.ca else "",
        ", ".join(profile.key_usage),
        ", ".join(profile.extended_key_usage),
        f"{profile.days:g}",
        profile.source,
    )
    return f"| {' | '.join(cells)} |"


def _rules() -> str:
    return "\n".join(f"| {rule.id} | {rule.text} | {rule.source} |" for rule in RULES)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
