"""Element names of XML Signature alone. What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    CanonicalizationMethod DSAKeyValue DigestMethod DigestValue KeyInfo KeyName KeyValue Manifest MgmtData Object PGPData RSAKeyValue
    Reference RetrievalMethod SPKIData Signature SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo
    Transform Transforms X509Data
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    CanonicalizationMethod DSAKeyValue DigestMethod DigestValue Exponent G HMACOutputLength J KeyInfo KeyName KeyValue Manifest MgmtData
    Modulus Object P PGPData PGPKeyID PGPKeyPacket PgenCounter Q RSAKeyValue Reference RetrievalMethod SPKIData SPKISexp Seed Signature
    SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo Transform Transforms X509CRL X509Certificate
    X509Data X509IssuerName X509IssuerSerial X509SKI X509SerialNumber X509SubjectName XPath Y
    """.split()
)
