"""Plug & Charge out of a PKI on disk: what a charger judges contracts by, and a car's contracts with what it can be given more by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from iso15118.errors import LocalError
from iso15118.pki.chain import ChainError, common_name, load, revoked_in
from iso15118.pki.contract import SoftAgreement, Transport
from iso15118.pki.emaid import read_emaid
from iso15118.pki.keys import PrivateKey
from iso15118.pki.ocsp import Heard
from iso15118.pki.presented import Rules
from iso15118.pki.signature import STANDARD, Policy
from iso15118.pki.signer import Signer, SoftKey
from iso15118.pki.trust import Purpose
from iso15118.service.contracts import Authorizer, ContractDesk
from iso15118.service.evse import epoch
from iso15118.service.pki.folder import CHAIN, KEY, read_lists, read_owned, read_tree, read_trust, replace_file
from iso15118.service.provider import SimulatedProvider
from iso15118.service.staples import about
from iso15118.service.wallet import Provisioning, Wallet
from iso15118.units import MICROSECONDS
from iso15118.value import replace

ISSUER: Final = "mo_sub2"
"""Issues contracts, and signs prices."""
CONTRACT: Final = "contract"
"""Roles of contracts begin so: chain/contract.pem, chain/contract-DECLPA12345678.pem."""


def desk(
    folder: Path,
    authorizer: Authorizer,
    *,
    policy: Policy = STANDARD,
    require_status: bool = False,
    provide: Mapping[str, Sequence[str]] | None = None,
    sign_prices: bool = False,
    ask: bool = False,
    at_v2g: bool = False,
    transport: Transport | None = None,
    password: bytes | None = None,
    clock: Callable[[], int] = epoch,
) -> ContractDesk:
    """What judges contracts by the roots and the revocation lists in `folder`; the lists are read anew each time.

    `provide`: contracts that are made for cars with the folder's own keys, for benches; `sign_prices`: those of schedules, likewise.
    `ask`: the responders that a proven chain names are asked about its revocation, too. `at_v2g`: contracts may end at a V2G root.
    Raises LocalError where a root that is needed is missing.
    """
    trust = replace(read_trust(folder), contracts_at_v2g=at_v2g)
    if not trust.anchors(Purpose.CONTRACT):
        raise LocalError(f"{folder}: no mo_root.pem in ca; allowed: the root of a mobility operator, without which no contract is taken")
    if provide and not trust.oem:
        raise LocalError(f"{folder}: no oem_root.pem in ca; allowed: the root of a car maker, without which no car is given a contract")

    def rules(now: datetime) -> Rules:
        return Rules(trust, policy, revoked_in(read_lists(folder), now), require_status)

    try:
        rules(datetime.now(UTC))
    except ChainError as error:
        raise LocalError(f"{folder}: {error}") from None
    provider = pricer = None
    if provide or sign_prices:
        tree = read_tree(folder, datetime.now(UTC), password)
        pricer = SoftKey(tree[ISSUER].key) if sign_prices else None
        for role in (ISSUER, CONTRACT, "cps") if provide else ():
            tree[role]  # said now, not when a car asks
        provider = SimulatedProvider(tree, provide, clock=clock, transport=transport, policy=policy) if provide else None
    responders = partial(about, known=Heard(), now=lambda: datetime.fromtimestamp(clock() / MICROSECONDS, UTC)) if ask else None
    return ContractDesk(rules, authorizer, provider, pricer=pricer, responders=responders, clock=clock)


class FolderStore:
    """Keeps contracts that were installed beside the others (`wallet.Store`)."""

    def __init__(self, folder: Path, password: bytes | None = None) -> None:
        """`password`: of the private keys in the folder; those that come are written with it, too."""
        self._folder = folder
        self._encryption = BestAvailableEncryption(password) if password else NoEncryption()

    def keep(self, chain: tuple[bytes, ...], key: PrivateKey) -> None:
        """As `Store` says; the key first, so that there is no contract without."""
        certificates = [x509.load_der_x509_certificate(der) for der in chain]
        role = f"{CONTRACT}-{read_emaid(common_name(certificates[0]))}"
        octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, self._encryption)
        replace_file(self._folder / KEY / f"{role}.key", octets)
        replace_file(self._folder / CHAIN / f"{role}.pem", b"".join(each.public_bytes(Encoding.PEM) for each in certificates))


def wallet(
    folder: Path,
    *,
    policy: Policy = STANDARD,
    transport: Transport | None = None,
    password: bytes | None = None,
    clock: Callable[[], int] = epoch,
) -> Wallet:
    """A car's contracts in `folder`, the newest names last, and its provisioning key where there is one. Raises LocalError."""
    now, trust = datetime.now(UTC), read_trust(folder)
    contracts: dict[tuple[bytes, ...], Signer] = {}
    for path in sorted((folder / CHAIN).glob(f"{CONTRACT}*.pem")):
        owned = read_owned(folder, path.stem, now, password)
        contracts[owned.chain] = SoftKey(owned.key)
    provisioning = None
    if (folder / CHAIN / "oem_provisioning.pem").exists():
        owned = read_owned(folder, "oem_provisioning", now, password)
        provisioning = Provisioning(owned.chain, SoftKey(owned.key), SoftAgreement(owned.key))
    if not contracts and provisioning is None:
        raise LocalError(f"{folder / CHAIN}: no contract.pem and no oem_provisioning.pem; allowed: one of both, or no Plug & Charge")
    for chain in contracts:
        try:
            read_emaid(common_name(load(chain[0])))
        except ChainError as error:
            raise LocalError(f"{folder / CHAIN}: {error}; allowed: contracts of ISO 15118-20") from None
    store = FolderStore(folder, password)
    return Wallet(Rules(trust, policy), contracts, provisioning, clock=clock, transport=transport, store=store)
