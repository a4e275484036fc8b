"""Certificate chains, and the installation or update of a contract in the vehicle. Certificates are DER. No session has them."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Message, Name, Occurs
from iso15118.messages.din.common import Request, Response
from iso15118.messages.din.facets import Certificate, ContractID, DHParams, EncryptedPrivateKey, RootCertificateID
from iso15118.messages.facets import Short
from iso15118.messages.xmldsig import Id


class SubCertificates(Message):
    """The authorities between a leaf and its root, the leaf's issuer first."""

    certificate: Annotated[tuple[Certificate, ...], Occurs(1, None)]


class CertificateChain(Message):
    """A leaf and the authorities above it, without the root."""

    certificate: Certificate
    sub_certificates: SubCertificates | None = None


class ListOfRootCertificateIDs(Message):
    """The root certificates the vehicle holds."""

    root_certificate_id: Annotated[tuple[RootCertificateID, ...], Occurs(1, None)]


class CertificateUpdateReq(Request):
    """The vehicle asks for a new certificate of the contract it holds."""

    id: Id | None = None
    contract_signature_cert_chain: CertificateChain
    contract_id: ContractID
    list_of_root_certificate_ids: Annotated[ListOfRootCertificateIDs, Name("ListOfRootCertificateIDs")]
    dh_params: DHParams


class CertificateUpdateRes(Response):
    """A new certificate and its key, encrypted for this vehicle; or after how many days to ask again."""

    id: Id
    contract_signature_cert_chain: CertificateChain
    contract_signature_encrypted_private_key: EncryptedPrivateKey
    dh_params: DHParams
    contract_id: ContractID
    retry_counter: Short


class CertificateInstallationReq(Request):
    """The vehicle asks for a contract, known by its provisioning certificate."""

    id: Id | None = None
    oem_provisioning_cert: Certificate
    list_of_root_certificate_ids: Annotated[ListOfRootCertificateIDs, Name("ListOfRootCertificateIDs")]
    dh_params: DHParams


class CertificateInstallationRes(Response):
    """A contract's certificate and key, encrypted for this vehicle."""

    id: Id
    contract_signature_cert_chain: CertificateChain
    contract_signature_encrypted_private_key: EncryptedPrivateKey
    dh_params: DHParams
    contract_id: ContractID
