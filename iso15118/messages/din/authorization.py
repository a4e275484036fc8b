"""Who pays: by means outside the vehicle, so that ContractAuthentication only asks, again and again, whether it is settled."""

from __future__ import annotations

from iso15118.messages.din.certificate import CertificateChain
from iso15118.messages.din.common import EVSEProcessing, Request, Response
from iso15118.messages.din.facets import ContractID
from iso15118.messages.facets import AnyText, Long
from iso15118.messages.xmldsig import Id


class PaymentDetailsReq(Request):
    """A contract and its chain. No session has it."""

    contract_id: ContractID
    contract_signature_cert_chain: CertificateChain


class PaymentDetailsRes(Response):
    """The challenge to be signed, and the charger's time in s since the epoch. No session has it."""

    gen_challenge: AnyText
    date_time_now: Long


class ContractAuthenticationReq(Request):
    """The vehicle asks whether the authorisation is settled; challenge and Id are of contracts."""

    id: Id | None = None
    gen_challenge: AnyText | None = None


class ContractAuthenticationRes(Response):
    """Whether the authorisation is settled; the code says how."""

    evse_processing: EVSEProcessing
