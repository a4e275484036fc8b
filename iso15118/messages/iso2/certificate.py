"""Certificate chains, and the installation or update of a contract in the vehicle. Certificates are DER."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Content, Message, Name, Occurs, Relaxed
from iso15118.messages.facets import Short
from iso15118.messages.iso2.common import Request, Response
from iso15118.messages.iso2.facets import Certificate, DHPublicKey, EMAIDText, EncryptedPrivateKey
from iso15118.messages.names import iso2 as names
from iso15118.messages.xmldsig import Id, X509IssuerSerial


class SubCertificates(Message):
    """The authorities between a leaf and its root, the leaf's issuer first."""

    certificate: Annotated[tuple[Certificate, ...], Occurs(1, 4)]


class CertificateChain(Message):
    """A leaf and the authorities above it, without the root; with an Id where it is signed."""

    id: Id | None = None
    certificate: Certificate
    sub_certificates: SubCertificates | None = None


class ListOfRootCertificateIDs(Message):
    """The root certificates the vehicle holds."""

    root_certificate_id: Annotated[tuple[X509IssuerSerial, ...], Occurs(1, 20)]


class ContractSignatureEncryptedPrivateKey(Message):
    """The contract's private key, encrypted for this vehicle. Signed."""

    id: Id
    value: Annotated[EncryptedPrivateKey, Content()]


class DHpublickey(Message):
    """The issuer's half of the key agreement that protects the private key: a point, uncompressed. Signed."""

    id: Id
    value: Annotated[DHPublicKey, Content()]


class EMAID(Message):
    """The contract id. Signed."""

    id: Id
    value: Annotated[EMAIDText, Content()]


class EMAIDFragment(Message):
    """The contract id as a fragment, input of a digest: eMAID has two types in this set, with an Id and without."""

    content = Relaxed(
        attributes=len(names.ATTRIBUTES),
        elements=len(names.FRAGMENT_ELEMENTS),
        at={"id": names.ATTRIBUTES.index("Id") + 2},  # the third of that name
    )

    id: Id | None = None
    value: Annotated[EMAIDText, Content()]


class CertificateUpdateReq(Request):
    """The vehicle asks for a new certificate of the contract it holds. Signed by the contract."""

    id: Id
    contract_signature_cert_chain: CertificateChain
    emaid: Annotated[EMAIDText, Name("eMAID")]
    list_of_root_certificate_ids: Annotated[ListOfRootCertificateIDs, Name("ListOfRootCertificateIDs")]


class CertificateUpdateRes(Response):
    """A new certificate and its key, with the chain that signs them; or after how many days to ask again."""

    sa_provisioning_certificate_chain: CertificateChain
    contract_signature_cert_chain: CertificateChain
    contract_signature_encrypted_private_key: ContractSignatureEncryptedPrivateKey
    dh_public_key: Annotated[DHpublickey, Name("DHpublickey")]
    emaid: Annotated[EMAID, Name("eMAID")]
    retry_counter: Short | None = None


class CertificateInstallationReq(Request):
    """The vehicle asks for a contract, known by its provisioning certificate, which signs the request."""

    id: Id
    oem_provisioning_cert: Certificate
    list_of_root_certificate_ids: Annotated[ListOfRootCertificateIDs, Name("ListOfRootCertificateIDs")]


class CertificateInstallationRes(Response):
    """A contract's certificate and key, with the chain that signs them."""

    sa_provisioning_certificate_chain: CertificateChain
    contract_signature_cert_chain: CertificateChain
    contract_signature_encrypted_private_key: ContractSignatureEncryptedPrivateKey
    dh_public_key: Annotated[DHpublickey, Name("DHpublickey")]
    emaid: Annotated[EMAID, Name("eMAID")]
