"""Who pays: the contract in the vehicle, told and then proved; without one, only the asking is repeated until it is settled outside."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Name
from iso15118.messages.facets import GenChallenge, Long
from iso15118.messages.iso2.certificate import CertificateChain
from iso15118.messages.iso2.common import EVSEProcessing, Request, Response
from iso15118.messages.iso2.facets import EMAIDText
from iso15118.messages.xmldsig import Id


class PaymentDetailsReq(Request):
    """The contract and its chain."""

    emaid: Annotated[EMAIDText, Name("eMAID")]
    contract_signature_cert_chain: CertificateChain


class PaymentDetailsRes(Response):
    """The challenge to be signed, and the charger's time in s since the epoch."""

    gen_challenge: GenChallenge
    evse_time_stamp: Long


class AuthorizationReq(Request):
    """The challenge returned, signed by the contract; without a contract there is neither challenge nor Id."""

    id: Id | None = None
    gen_challenge: GenChallenge | None = None


class AuthorizationRes(Response):
    """Whether the authorisation is settled; the code says how."""

    evse_processing: EVSEProcessing
