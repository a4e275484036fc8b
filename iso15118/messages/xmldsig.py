"""XML Signature, in the form that headers carry it and that digests and signatures are made over.

Fields that repeat as a group (KeyInfo, X509Data, SPKIData, Transform) are kept together by name: on the wire their members follow each
other in the order of the fields. What the schema allows as foreign content is never sent, but widens event codes, hence `content`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from iso15118.exi import Attribute, Choice, Content, Element, Message, Name, Occurs, Sequence, Wildcard
from iso15118.messages.facets import AnyBinary, AnyInteger, AnyText

Id: TypeAlias = Annotated[AnyText, Attribute(), Name("Id")]
Algorithm: TypeAlias = Annotated[AnyText, Attribute()]


class CanonicalizationMethod(Message):
    """How the SignedInfo is turned into octets, by its URI."""

    mixed = True
    content = Sequence(Wildcard())

    algorithm: Algorithm


class SignatureMethod(Message):
    """How the signature is made, by its URI; the output length (bits) is of HMAC only."""

    mixed = True
    content = Sequence(Element("hmac_output_length", 0), Wildcard())

    algorithm: Algorithm
    hmac_output_length: AnyInteger | None = None


class Transform(Message):
    """One step between the signed element and its digest, by its URI."""

    mixed = True
    content = Choice(Element("xpath"), Wildcard(1, 1), min=0, max=None)

    algorithm: Algorithm
    xpath: Annotated[tuple[AnyText, ...], Name("XPath"), Occurs(0, None)] = ()


class Transforms(Message):
    """The steps between the signed element and its digest."""

    transform: Annotated[tuple[Transform, ...], Occurs(1, None)]


class DigestMethod(Message):
    """The hash, by its URI."""

    mixed = True
    content = Sequence(Wildcard())

    algorithm: Algorithm


class Reference(Message):
    """A signed element (`uri`: # and its Id) and its digest."""

    id: Id | None = None
    type: Annotated[AnyText | None, Attribute()] = None
    uri: Annotated[AnyText | None, Attribute()] = None
    transforms: Transforms | None = None
    digest_method: DigestMethod
    digest_value: AnyBinary


class SignedInfo(Message):
    """What a signature is made over: the methods, and the digest of each signed element."""

    id: Id | None = None
    canonicalization_method: CanonicalizationMethod
    signature_method: SignatureMethod
    reference: Annotated[tuple[Reference, ...], Occurs(1, None)]


class SignatureValue(Message):
    """The signature's octets."""

    id: Id | None = None
    value: Annotated[AnyBinary, Content()]


class X509IssuerSerial(Message):
    """A certificate, named by its issuer and serial number."""

    x509_issuer_name: AnyText
    x509_serial_number: AnyInteger


class X509Data(Message):
    """Certificates, or what identifies them."""

    content = Choice(
        Element("x509_issuer_serial"),
        Element("x509_ski"),
        Element("x509_subject_name"),
        Element("x509_certificate"),
        Element("x509_crl"),
        Wildcard(1, 1),
        max=None,
    )

    x509_issuer_serial: Annotated[tuple[X509IssuerSerial, ...], Occurs(0, None)] = ()
    x509_ski: Annotated[tuple[AnyBinary, ...], Occurs(0, None)] = ()
    x509_subject_name: Annotated[tuple[AnyText, ...], Occurs(0, None)] = ()
    x509_certificate: Annotated[tuple[AnyBinary, ...], Occurs(0, None)] = ()
    x509_crl: Annotated[tuple[AnyBinary, ...], Occurs(0, None)] = ()


class PGPData(Message):
    """A PGP key: its id, its packet, or both. At most one packet; a tuple because the schema has it in two places."""

    content = Choice(
        Sequence(Element("pgp_key_id"), Element("pgp_key_packet", 0), Wildcard()),
        Sequence(Element("pgp_key_packet"), Wildcard()),
    )

    pgp_key_id: AnyBinary | None = None
    pgp_key_packet: Annotated[tuple[AnyBinary, ...], Occurs(0, 1)] = ()


class SPKIData(Message):
    """SPKI keys, as canonical S-expressions."""

    # Foreign content may follow each key, but its event code comes behind that of the next key.
    content = Sequence(Element("spki_sexp"), Choice(Element("spki_sexp"), Wildcard(1, 1), min=0, max=None))

    spki_sexp: Annotated[tuple[AnyBinary, ...], Occurs(1, None)]


class DSAKeyValue(Message):
    """A DSA key; P and Q come together, Seed and PgenCounter too."""

    content = Sequence(
        Sequence(Element("p"), Element("q"), min=0),
        Element("g", 0),
        Element("y"),
        Element("j", 0),
        Sequence(Element("seed"), Element("pgen_counter"), min=0),
    )

    p: AnyBinary | None = None
    q: AnyBinary | None = None
    g: AnyBinary | None = None
    y: AnyBinary
    j: AnyBinary | None = None
    seed: AnyBinary | None = None
    pgen_counter: AnyBinary | None = None


class RSAKeyValue(Message):
    """An RSA key."""

    modulus: AnyBinary
    exponent: AnyBinary


class KeyValue(Message):
    """A public key itself."""

    mixed = True
    choice = (("dsa_key_value", "rsa_key_value"),)
    content = Choice(Element("dsa_key_value"), Element("rsa_key_value"), Wildcard(1, 1))

    dsa_key_value: DSAKeyValue | None = None
    rsa_key_value: RSAKeyValue | None = None


class RetrievalMethod(Message):
    """Where the key is to be had."""

    type: Annotated[AnyText | None, Attribute()] = None
    uri: Annotated[AnyText | None, Attribute()] = None
    transforms: Transforms | None = None


class KeyInfo(Message):
    """Which key signed, told in one or more ways."""

    mixed = True
    content = Choice(
        Element("key_name"),
        Element("key_value"),
        Element("retrieval_method"),
        Element("x509_data"),
        Element("pgp_data"),
        Element("spki_data"),
        Element("mgmt_data"),
        Wildcard(1, 1),
        max=None,
    )

    id: Id | None = None
    key_name: Annotated[tuple[AnyText, ...], Occurs(0, None)] = ()
    key_value: Annotated[tuple[KeyValue, ...], Occurs(0, None)] = ()
    retrieval_method: Annotated[tuple[RetrievalMethod, ...], Occurs(0, None)] = ()
    x509_data: Annotated[tuple[X509Data, ...], Occurs(0, None)] = ()
    pgp_data: Annotated[tuple[PGPData, ...], Occurs(0, None)] = ()
    spki_data: Annotated[tuple[SPKIData, ...], Occurs(0, None)] = ()
    mgmt_data: Annotated[tuple[AnyText, ...], Occurs(0, None)] = ()


class Object(Message):
    """Room for foreign content, of which none is ever sent."""

    mixed = True
    content = Sequence(Wildcard(1, 1), min=0, max=None)

    encoding: Annotated[AnyText | None, Attribute()] = None
    id: Id | None = None
    mime_type: Annotated[AnyText | None, Attribute()] = None


class Signature(Message):
    """A signature over elements of the message in whose header it stands."""

    id: Id | None = None
    signed_info: SignedInfo
    signature_value: SignatureValue
    key_info: KeyInfo | None = None
    object: Annotated[tuple[Object, ...], Occurs(0, None)] = ()


class Manifest(Message):
    """A list of references, checked by whoever reads it."""

    id: Id | None = None
    reference: Annotated[tuple[Reference, ...], Occurs(1, None)]


class SignatureProperty(Message):
    """A remark about the signature `target`. Its content is foreign: it decodes from no stream and is here for its event codes."""

    mixed = True
    content = Choice(Wildcard(1, 1), max=None)

    id: Id | None = None
    target: Annotated[AnyText, Attribute()]


class SignatureProperties(Message):
    """Remarks about a signature."""

    id: Id | None = None
    signature_property: Annotated[tuple[SignatureProperty, ...], Occurs(1, None)]


class KeyName(Message):
    """A key's name, as the root of a document."""

    value: Annotated[AnyText, Content()]


class MgmtData(Message):
    """In-band key agreement data, as the root of a document."""

    value: Annotated[AnyText, Content()]


class DigestValue(Message):
    """A digest, as the root of a document."""

    value: Annotated[AnyBinary, Content()]
