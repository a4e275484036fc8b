"""A provider of contracts for benches and demonstrations: knows which cars it has contracts for, and makes the rest on the spot."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.serialization import Encoding

from iso15118.errors import PeerError
from iso15118.messages.v20.certificate import (
    CertificateChain,
    CertificateInstallationReq,
    CertificateInstallationRes,
    ContractCertificateChain,
    SubCertificates,
)
from iso15118.messages.v20.common import Header, Processing, ResponseCode
from iso15118.pki.chain import common_name, key_identifier, key_of, load
from iso15118.pki.contract import INSTALLATION_ID, Transport, fresh_ephemeral, seal
from iso15118.pki.keys import PrivateKey, curve_of, new_key
from iso15118.pki.pcid import read_pcid
from iso15118.pki.profiles import profiles
from iso15118.pki.signature import STANDARD, Policy, sign
from iso15118.pki.signer import SoftKey
from iso15118.pki.tree import Tree, issue
from iso15118.units import MICROSECONDS


class SimulatedProvider:
    """Contracts under the mobility operator of a tree, signed by its provisioning service (`contracts.ContractProvisioning`)."""

    def __init__(
        self,
        tree: Tree,
        contracts: Mapping[str, Sequence[str]],
        *,
        clock: Callable[[], int],
        transport: Transport | None = None,
        policy: Policy = STANDARD,
    ) -> None:
        """`contracts`: provisioning id to the contract ids for that car, handed out one after the other. `clock`: us since the epoch."""
        self._tree = tree
        self._left = {read_pcid(pcid): list(emaids) for pcid, emaids in contracts.items()}
        self._clock = clock
        self._transport = transport or Transport()
        self._policy = policy

    async def provide(self, request: CertificateInstallationReq) -> CertificateInstallationRes:
        """As `ContractProvisioning` says. The request has been verified."""
        leaf = load(request.oem_provisioning_certificate_chain.certificate)
        pcid = read_pcid(common_name(leaf))
        left = self._left.get(pcid)
        if left is None:
            raise PeerError(f"no contract for {pcid}", requirement="V2G20-2206", code="WARNING_NoContractMatchingPCIDFound")
        if not left:
            raise PeerError(f"no contract is left for {pcid}", requirement="V2G20-2207", code="WARNING_NoCertificateAvailable")
        emaid = left.pop(0)
        key = contract_key(self._tree["contract"].key)
        now = datetime.fromtimestamp(self._clock() / MICROSECONDS, UTC)
        issuer = self._tree["mo_sub2"]
        certificate = issue(profiles()["contract"], key.public_key(), now=now, names={"emaid": emaid}, issuer=issuer)
        chain = ContractCertificateChain(
            certificate=certificate.public_bytes(Encoding.DER), sub_certificates=SubCertificates(certificate=issuer.chain)
        )
        vehicle, service = key_of(leaf), self._tree["cps"]
        data = seal(
            INSTALLATION_ID,
            chain,
            key,
            key_identifier(certificate),
            pcid,
            vehicle,
            fresh_ephemeral(vehicle),
            secrets.token_bytes(12),
            self._transport,
        )
        signature = sign([data], SoftKey(service.key), self._policy)
        own, *above = service.chain
        return CertificateInstallationRes(
            header=Header(session_id=bytes(8), time_stamp=0, signature=signature),
            response_code=ResponseCode.OK,
            evse_processing=Processing.Finished,
            cps_certificate_chain=CertificateChain(certificate=own, sub_certificates=SubCertificates(certificate=tuple(above))),
            signed_installation_data=data,
            remaining_contract_certificate_chains=min(255, len(left)),
        )


def contract_key(like: PrivateKey) -> PrivateKey:
    """A fresh key on the curve of `like`; of Ed448 one whose seed ends in zero, for which a response has room."""
    if isinstance(like, ed448.Ed448PrivateKey):
        return ed448.Ed448PrivateKey.from_private_bytes(secrets.token_bytes(56) + b"\0")
    return new_key(curve_of(like))
