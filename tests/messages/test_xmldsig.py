"""XML Signature: the event codes of its irregular types, among them those that vectors never reach."""

from __future__ import annotations

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Message
from iso15118.exi.grammar import START, lower
from iso15118.messages import xmldsig
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.xmldsig import KeyInfo, KeyValue, Manifest, Object, PGPData, SPKIData, X509Data

END = "END"
KEYS = ["KeyName", "KeyValue", "RetrievalMethod", "X509Data", "PGPData", "SPKIData", "MgmtData"]
X509 = ["X509IssuerSerial", "X509SKI", "X509SubjectName", "X509Certificate", "X509CRL"]

CODES = [
    ("CanonicalizationMethod", "", "Algorithm=0"),
    ("CanonicalizationMethod", "Algorithm", "END=01"),
    ("SignatureMethod", "Algorithm", "HMACOutputLength=000 END=010"),
    ("SignatureMethod", "HMACOutputLength", "END=01"),
    ("Transform", "Algorithm", "XPath=000 END=010"),
    ("Transform", "XPath", "XPath=000 END=010"),
    ("DigestMethod", "Algorithm", "END=01"),
    ("Transforms", "", "Transform=0"),
    ("Transforms", "Transform", "Transform=00 END=01"),
    ("Reference", "", "Id=000 Type=001 URI=010 Transforms=011 DigestMethod=100"),
    ("Reference", "Type", "URI=00 Transforms=01 DigestMethod=10"),
    ("Reference", "DigestValue", "END=0"),
    ("SignedInfo", "SignatureMethod", "Reference=0"),
    ("SignedInfo", "Reference", "Reference=00 END=01"),
    ("SignatureValue", "", "Id=00 Value=01"),
    ("SignatureValue", "Value", "END=0"),
    ("Signature", "SignatureValue", "KeyInfo=00 Object=01 END=10"),
    ("Signature", "KeyInfo", "Object=00 END=01"),
    ("KeyInfo", "", "Id=0000 " + " ".join(f"{name}={code:04b}" for code, name in enumerate(KEYS, 1))),
    ("KeyInfo", "X509Data", " ".join(f"{name}={code:04b}" for code, name in enumerate(KEYS)) + " END=1000"),
    ("KeyValue", "", "DSAKeyValue=000 RSAKeyValue=001"),
    ("KeyValue", "RSAKeyValue", "END=00"),
    ("RetrievalMethod", "", "Type=000 URI=001 Transforms=010 END=011"),
    ("X509Data", "", " ".join(f"{name}={code:03b}" for code, name in enumerate(X509))),
    ("X509Data", "X509SKI", " ".join(f"{name}={code:03b}" for code, name in enumerate(X509)) + " END=110"),
    ("PGPData", "", "PGPKeyID=00 PGPKeyPacket=01"),
    ("PGPData", "PGPKeyID", "PGPKeyPacket=00 END=10"),
    ("PGPData", "PGPKeyPacket", "END=01"),
    ("SPKIData", "", "SPKISexp=0"),
    ("SPKIData", "SPKISexp", "SPKISexp=00 END=10"),
    ("DSAKeyValue", "", "P=00 G=01 Y=10"),
    ("DSAKeyValue", "Q", "G=00 Y=01"),
    ("DSAKeyValue", "Y", "J=00 Seed=01 END=10"),
    ("DSAKeyValue", "Seed", "PgenCounter=0"),
    ("Object", "", "Encoding=000 Id=001 MimeType=010 END=100"),
    ("Object", "MimeType", "END=01"),
    ("Manifest", "", "Id=00 Reference=01"),
    ("SignatureProperty", "", "Id=00 Target=01"),
    ("SignatureProperty", "Target", ""),
]
"""Class, the particle just read ("": none yet), and the code of each production that can be sent."""


@pytest.mark.parametrize(("name", "behind", "expected"), CODES)
def test_event_codes(name: str, behind: str, expected: str) -> None:
    grammar = lower(getattr(xmldsig, name))
    states = [p.index for p in grammar.positions if p.wire == behind] if behind else [START]
    assert states
    for state in states:
        codes = grammar.codes(grammar.targets(state))
        shown = [f"{END if target == grammar.end else grammar.positions[target].wire}={code}" for target, code in codes.items()]
        assert " ".join(shown) == expected


@pytest.mark.parametrize(
    "message",
    [
        KeyInfo(key_name=("a", "b"), key_value=(KeyValue(rsa_key_value=xmldsig.RSAKeyValue(modulus=b"\x01", exponent=b"\x03")),)),
        X509Data(x509_ski=(b"1", b"2"), x509_crl=(b"",)),
        PGPData(pgp_key_id=b"id", pgp_key_packet=(b"packet",)),
        PGPData(pgp_key_packet=(b"packet",)),
        SPKIData(spki_sexp=(b"1", b"2", b"3")),
        Object(mime_type="text/plain"),
        xmldsig.DSAKeyValue(y=b"y", seed=b"s", pgen_counter=b"c"),
        xmldsig.DSAKeyValue(p=b"p", q=b"q", g=b"g", y=b"y", j=b"j"),
        xmldsig.RetrievalMethod(uri="#key"),
        xmldsig.KeyName(value=""),
        xmldsig.DigestValue(value=b"\x00"),
    ],
    ids=repr,
)
def test_parts_alone_come_back(message: Message) -> None:
    schema = SCHEMAS["XMLDSIG"]
    assert schema.decode(schema.encode(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        KeyInfo(),
        KeyInfo(id="only"),
        X509Data(),
        PGPData(),
        PGPData(pgp_key_packet=(b"1", b"2")),
        SPKIData(spki_sexp=()),
        KeyValue(),
        Manifest(reference=()),
        xmldsig.DSAKeyValue(p=b"p", y=b"y"),
        xmldsig.DSAKeyValue(y=b"y", pgen_counter=b"c"),
        xmldsig.SignatureProperty(target="#x"),
    ],
    ids=repr,
)
def test_what_the_schema_does_not_allow_is_refused(message: Message) -> None:
    with pytest.raises(CodecError):
        SCHEMAS["XMLDSIG"].encode(message)
