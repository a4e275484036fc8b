"""Who pays: by a contract in the vehicle (PnC) or by means outside it (EIM)."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Message, Occurs
from iso15118.messages.facets import GenChallenge, NameText
from iso15118.messages.v20.certificate import ContractCertificateChain
from iso15118.messages.v20.common import Processing, Request, Response
from iso15118.messages.xmldsig import Id


class Authorization(Enumeration):
    """The two ways to be authorised."""

    EIM = "EIM"
    PnC = "PnC"


class SupportedProvidersList(Message):
    """The contract issuers whose certificates the charger takes."""

    provider_id: Annotated[tuple[NameText, ...], Occurs(1, 128)]


class EIM_ASResAuthorizationMode(Message):
    """Nothing is needed from the vehicle."""


class PnC_ASResAuthorizationMode(Message):
    """The challenge to be signed, and whose contracts are taken."""

    gen_challenge: GenChallenge
    supported_providers: SupportedProvidersList | None = None


class EIM_AReqAuthorizationMode(Message):
    """Nothing comes from the vehicle."""


class PnC_AReqAuthorizationMode(Message):
    """The challenge returned, with the contract's chain. Signed."""

    id: Id
    gen_challenge: GenChallenge
    contract_certificate_chain: ContractCertificateChain


class AuthorizationSetupReq(Request):
    """The vehicle asks how it may be authorised."""


class AuthorizationSetupRes(Response):
    """The ways to be authorised, and whether a contract certificate may be installed first."""

    authorization_services: Annotated[tuple[Authorization, ...], Occurs(1, 2)]
    certificate_installation_service: bool
    authorization_mode: EIM_ASResAuthorizationMode | PnC_ASResAuthorizationMode


class AuthorizationReq(Request):
    """The way the vehicle chose, with its proof."""

    selected_authorization_service: Authorization
    authorization_mode: EIM_AReqAuthorizationMode | PnC_AReqAuthorizationMode


class AuthorizationRes(Response):
    """Whether the authorisation is settled; the code says how."""

    evse_processing: Processing
