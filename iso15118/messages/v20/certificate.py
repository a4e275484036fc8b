"""Certificate chains, and the installation of a contract in the vehicle. Certificates are DER."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Message, Name, Occurs
from iso15118.messages.facets import Certificate, DHPublicKey, Identifier, SECP521PrivateKey, TPMPrivateKey, UnsignedByte, X448PrivateKey
from iso15118.messages.v20.common import ListOfRootCertificateIDs, Processing, Request, Response
from iso15118.messages.xmldsig import Id


class SubCertificates(Message):
    """The authorities between a leaf and its root, the leaf's issuer first."""

    certificate: Annotated[tuple[Certificate, ...], Occurs(1, 3)]


class CertificateChain(Message):
    """A leaf and the authorities above it, without the root."""

    certificate: Certificate
    sub_certificates: SubCertificates | None = None


class SignedCertificateChain(Message):
    """A chain with an Id to be signed by: the vehicle's provisioning chain."""

    id: Id
    certificate: Certificate
    sub_certificates: SubCertificates | None = None


class ContractCertificateChain(Message):
    """A contract's leaf and the authorities above it, without the root."""

    certificate: Certificate
    sub_certificates: SubCertificates


class EMAIDList(Message):
    """Contract ids, the preferred first."""

    emaid: Annotated[tuple[Identifier, ...], Occurs(1, 8)]


class ECDHCurve(Enumeration):
    """The curve of the contract key and of the key agreement that protects it."""

    SECP521 = "SECP521"
    X448 = "X448"


class SignedInstallationData(Message):
    """A contract's chain, and its private key encrypted for this vehicle: for a curve, or for its TPM. Signed."""

    choice = (("secp521_encrypted_private_key", "x448_encrypted_private_key", "tpm_encrypted_private_key"),)

    id: Id
    contract_certificate_chain: ContractCertificateChain
    ecdh_curve: ECDHCurve
    dh_public_key: DHPublicKey
    secp521_encrypted_private_key: Annotated[SECP521PrivateKey | None, Name("SECP521_EncryptedPrivateKey")] = None
    x448_encrypted_private_key: Annotated[X448PrivateKey | None, Name("X448_EncryptedPrivateKey")] = None
    tpm_encrypted_private_key: Annotated[TPMPrivateKey | None, Name("TPM_EncryptedPrivateKey")] = None


class CertificateInstallationReq(Request):
    """The vehicle asks for contracts, known by its provisioning chain."""

    oem_provisioning_certificate_chain: SignedCertificateChain
    list_of_root_certificate_ids: Annotated[ListOfRootCertificateIDs, Name("ListOfRootCertificateIDs")]
    maximum_contract_certificate_chains: UnsignedByte
    prioritized_emaids: Annotated[EMAIDList | None, Name("PrioritizedEMAIDs")] = None


class CertificateInstallationRes(Response):
    """A contract, signed by the certificate provisioning service, and how many more there are to fetch."""

    evse_processing: Processing
    cps_certificate_chain: CertificateChain
    signed_installation_data: SignedInstallationData
    remaining_contract_certificate_chains: UnsignedByte
