"""Trees of certificates for tests, made once a run; and the moment at which they are valid."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Final

from iso15118.messages.v20.authorization import PnC_AReqAuthorizationMode
from iso15118.messages.v20.certificate import ContractCertificateChain, SubCertificates
from iso15118.service.pair import EPOCH
from tests.pki.forge import Member, Tree, make_tree

NOW: Final = datetime.fromtimestamp(EPOCH / 1e6, UTC)
CURVES: Final = ("secp521r1", "ed448")
CHALLENGE: Final = bytes(range(16))


@cache
def tree(curve: str) -> Tree:
    """The tree on this curve."""
    return make_tree(curve, NOW)


def contract_chain(member: Member) -> ContractCertificateChain:
    """Its chain as messages have it."""
    leaf, *subs = member.chain
    return ContractCertificateChain(certificate=leaf, sub_certificates=SubCertificates(certificate=tuple(subs)))


def shown(member: Member, challenge: bytes = CHALLENGE, id: str = "id1") -> PnC_AReqAuthorizationMode:
    """The contract, shown to a charger."""
    return PnC_AReqAuthorizationMode(id=id, gen_challenge=challenge, contract_certificate_chain=contract_chain(member))
