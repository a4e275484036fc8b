"""Contracts for sessions in tests: what a car shows, and what those who are asked say of it."""

from __future__ import annotations

from typing import Any, Final

from iso15118.messages import xmldsig
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, PnC_AReqAuthorizationMode
from iso15118.messages.v20.certificate import ContractCertificateChain, SubCertificates
from iso15118.session import secc
from iso15118.session.consult import Advice
from tests.session.asked import request

CHALLENGE: Final = bytes(range(16))
EMAID: Final = "DECLPC123456789"
LEAF: Final = b"leaf"
PAYS: Final = Advice("OK", EMAID, chain=(LEAF, b"sub"))
PNC: Final = secc.PlugAndCharge(insecure=True, installation=True, providers=("DECLP",))
TAKES: Final = secc.Config(plug_and_charge=PNC)


def signature(value: bytes = b"signed") -> xmldsig.Signature:
    """Anything in the place of a signature: a session does not look."""
    reference = xmldsig.Reference(digest_method=xmldsig.DigestMethod(algorithm="a"), digest_value=b"d")
    info = xmldsig.SignedInfo(
        canonicalization_method=xmldsig.CanonicalizationMethod(algorithm="c"),
        signature_method=xmldsig.SignatureMethod(algorithm="m"),
        reference=(reference,),
    )
    return xmldsig.Signature(signed_info=info, signature_value=xmldsig.SignatureValue(value=value))


def showing(challenge: bytes = CHALLENGE, *, leaf: bytes = LEAF, signed: bytes = b"signed") -> Any:
    """The request of a car that shows its contract."""
    chain = ContractCertificateChain(certificate=leaf, sub_certificates=SubCertificates(certificate=(b"sub",)))
    mode = PnC_AReqAuthorizationMode(id="contract", gen_challenge=challenge, contract_certificate_chain=chain)
    asked: Any = request(AuthorizationReq, selected_authorization_service=Authorization.PnC, authorization_mode=mode)
    return asked.but(header=asked.header.but(signature=signature(signed)))
