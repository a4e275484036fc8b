"""What a charger makes of a contract that is shown to it, and what a provider makes of a car that asks for one: pure, in their order.

Signature, chain, dates, revocation, contract id: the first that is not right is the answer, as a PeerError with the ResponseCode to give.
The challenge has been compared before, and whether the contract is good for paying is asked of an authoriser afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.authorization import AuthorizationReq, PnC_AReqAuthorizationMode
from iso15118.messages.v20.certificate import CertificateChain, CertificateInstallationReq, ContractCertificateChain, SignedCertificateChain
from iso15118.pki.chain import STANDARD_CURVES, ChainError, Reason, Status, Verified, key_of, load, verify
from iso15118.pki.emaid import Emaid, read_emaid
from iso15118.pki.keys import SECP256R1
from iso15118.pki.pcid import read_pcid
from iso15118.pki.signature import STANDARD, Policy
from iso15118.pki.signature import verify as verify_signature
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.value import Value

SOON: Final = timedelta(days=14)
"""A contract that ends within is said to expire soon [V2G20-2218]."""
_CODES: Final = {
    Reason.EXPIRED: ("WARNING_CertificateExpired", "V2G20-2212"),
    Reason.NOT_YET_VALID: ("WARNING_CertificateNotYetValid", "V2G20-2213"),
    Reason.REVOKED: ("WARNING_CertificateRevoked", "V2G20-2214"),
}
_INVALID: Final = ("WARNING_CertificateValidationError", "V2G20-2215")


class Rules(Value):
    """What is believed, and by whom. `status` None: nobody is asked about revocation."""

    trust: TrustStore
    policy: Policy = STANDARD
    status: Status | None = None
    require_status: bool = False

    @property
    def curves(self) -> tuple[str, ...]:
        """That certificates may have; an older one only where signatures may."""
        return (*STANDARD_CURVES, SECP256R1) if self.policy.secp256r1 is not None else STANDARD_CURVES

    def chain(self, certificates: tuple[bytes, ...], purpose: Purpose, now: datetime) -> Verified:
        """The chain, verified. Raises PeerError with the WARNING that says what is wrong with it."""
        try:
            return verify(certificates, purpose, self.trust, now, self.status, curves=self.curves, require_status=self.require_status)
        except ChainError as error:
            code, requirement = _CODES.get(error.reason, _INVALID)
            raise PeerError(str(error), requirement=requirement, code=code) from None


class Contract(Value):
    """A contract that its holder has proven to have."""

    emaid: Emaid
    chain: tuple[bytes, ...]
    """Leaf first, without the root, DER."""
    ends: datetime

    def soon(self, now: datetime) -> bool:
        """True where it expires soon."""
        return self.ends - now <= SOON


def shown(request: AuthorizationReq, rules: Rules, now: datetime) -> Contract:
    """The contract in a request, whose header has its signature. Raises PeerError with the ResponseCode (WARNING_...) to answer."""
    mode = request.authorization_mode
    if not isinstance(mode, PnC_AReqAuthorizationMode):
        raise PeerError("no contract is shown", code="WARNING_AuthorizationSelectionInvalid")
    chain = octets(mode.contract_certificate_chain)
    try:
        verify_signature(request.header.signature, [mode], request, key_of(load(chain[0])), rules.policy)
    except (PeerError, ChainError) as error:
        code, requirement = _INVALID
        raise PeerError(str(error), requirement=requirement, code=code) from None
    verified = rules.chain(chain, Purpose.CONTRACT, now)
    try:
        emaid = read_emaid(verified.name)
    except LocalError as error:
        code, requirement = _INVALID
        raise PeerError(str(error), requirement=requirement, code=code) from None
    return Contract(emaid, chain, verified.ends)


class Provisioned(Value):
    """A car that asks for contracts, as its provisioning chain proves it."""

    pcid: str
    verified: Verified


def asking(request: CertificateInstallationReq, rules: Rules, now: datetime) -> Provisioned:
    """The car behind a request. Raises PeerError: FAILED_SignatureError [V2G20-461], or a WARNING of its chain [V2G20-2203]."""
    signed = request.oem_provisioning_certificate_chain
    chain = octets(signed)
    try:
        leaf = load(chain[0])
    except ChainError as error:
        raise PeerError(str(error), code=_INVALID[0]) from None
    verify_signature(request.header.signature, [signed], request, key_of(leaf), rules.policy)
    verified = rules.chain(chain, Purpose.PROVISIONING, now)
    try:
        return Provisioned(read_pcid(verified.name), verified)
    except LocalError as error:
        raise PeerError(str(error), code=_INVALID[0]) from None


def octets(chain: ContractCertificateChain | CertificateChain | SignedCertificateChain) -> tuple[bytes, ...]:
    """A chain as messages have it, leaf first."""
    above = () if chain.sub_certificates is None else chain.sub_certificates.certificate
    return (chain.certificate, *above)
