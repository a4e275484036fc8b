"""Plug & Charge out of nothing: a PKI made on the spot, what a charger makes of it, and a car with or without a contract under it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from iso15118.pki.chain import common_name
from iso15118.pki.contract import SoftAgreement, Transport
from iso15118.pki.keys import SECP521R1
from iso15118.pki.presented import Rules
from iso15118.pki.signer import SoftKey
from iso15118.pki.tree import Tree, make_tree
from iso15118.pki.trust import TrustStore
from iso15118.service.contracts import ContractDesk, ListAuthorizer
from iso15118.service.evse import epoch
from iso15118.service.provider import SimulatedProvider
from iso15118.service.wallet import Provisioning, Wallet
from iso15118.units import MICROSECONDS

TRANSPORT = Transport(ed448_seed=True)
"""So that contracts can be installed on both curves."""


class FreshContracts:
    """A tree, its `desk` for a charger, and `wallet`s for cars. Keys live in memory only."""

    def __init__(
        self,
        curve: str = SECP521R1,
        *,
        tree: Tree | None = None,
        installed: tuple[str, ...] = ("DECLPI000000001",),
        clock: Callable[[], int] = epoch,
        beside: bool = True,
    ) -> None:
        """`tree`: one that is there already. `installed`: the contracts that a car of this tree can fetch.

        `clock`, `beside`: as of `ContractDesk`.
        """
        self.tree: Tree = tree or make_tree(curve, now=datetime.fromtimestamp(clock() / MICROSECONDS, UTC))
        self._clock, self._beside = clock, beside
        roots = [self.tree[f"{kind}_root"].der for kind in ("v2g", "oem", "mo")]
        self.trust = TrustStore((roots[0],), (roots[1],), (roots[2],))
        self.rules = Rules(self.trust)
        pcid, emaid = (common_name(self.tree[role].certificate) for role in ("oem_provisioning", "contract"))
        provider = SimulatedProvider(self.tree, {pcid: installed}, clock=clock, transport=TRANSPORT)
        authorizer = ListAuthorizer((emaid, *installed))
        self.desk = ContractDesk(self.rules, authorizer, provider, pricer=SoftKey(self.tree["mo_sub2"].key), clock=clock, beside=beside)

    def wallet(self, *, contract: bool = True) -> Wallet:
        """Of a car: with its contract, or with its provisioning key alone."""
        own, given = self.tree["oem_provisioning"], self.tree["contract"]
        provisioning = Provisioning(own.chain, SoftKey(own.key), SoftAgreement(own.key))
        contracts = {given.chain: SoftKey(given.key)} if contract else {}
        return Wallet(self.rules, contracts, provisioning, clock=self._clock, transport=TRANSPORT, beside=self._beside)
