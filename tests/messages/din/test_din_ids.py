"""Bytes of what the vectors of DIN 70121 leave out: elements with an Id, which there refers to another element.

EXIficient, driven by the schema, reads each of these streams as told here and writes it again octet by octet.
"""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.din.certificate import CertificateChain, CertificateInstallationRes, CertificateUpdateRes, SubCertificates
from iso15118.messages.din.common import ResponseCode
from iso15118.messages.din.message import Body, Header, V2G_Message
from iso15118.messages.din.schedule import ConsumptionCost, RelativeTimeInterval, SalesTariff, SalesTariffEntry

DIN = SCHEMAS["DIN"]

UPDATE = CertificateUpdateRes(
    id="id1",
    response_code=ResponseCode.OK,
    contract_signature_cert_chain=CertificateChain(certificate=b"leaf", sub_certificates=SubCertificates(certificate=(b"sub1", b"sub2"))),
    contract_signature_encrypted_private_key=b"key",
    dh_params=b"dh",
    contract_id="DE-ABC-1",
    retry_counter=-1,
)
INSTALLATION = CertificateInstallationRes(
    id="id2",
    response_code=ResponseCode.FAILED_NoCertificateAvailable,
    contract_signature_cert_chain=CertificateChain(certificate=b"leaf"),
    contract_signature_encrypted_private_key=b"key",
    dh_params=b"dh",
    contract_id="DE-ABC-1",
)
TARIFF = SalesTariff(
    id="id1",
    sales_tariff_id=-7,
    num_e_price_levels=2,
    sales_tariff_entry=(
        SalesTariffEntry(
            time_interval=RelativeTimeInterval(start=0, duration=3600),
            e_price_level=1,
            consumption_cost=(ConsumptionCost(start_value=11000),),
        ),
    ),
)


@pytest.mark.parametrize(
    ("element", "octets"),
    [
        (UPDATE, "809a02004080c1014181c210602b4b218800046c65616600239bab11880239bab1191006d6caf200991a005222296a0a121969888000"),
        (INSTALLATION, "809a02004080c1014181c210402b4b2190c0046c656166201b5b2bc8026468014888a5a8284865a620"),
    ],
    ids=["update", "installation"],
)
def test_a_certificate_with_its_id(element: Any, octets: str) -> None:
    message = V2G_Message(header=Header(session_id=bytes.fromhex("0102030405060708")), body=Body(body_element=element))
    assert DIN.encode(message).hex() == octets
    assert DIN.decode(bytes.fromhex(octets)) == message


@pytest.mark.parametrize(
    ("element", "octets"),
    [
        (UPDATE, "801002b4b218800046c65616600239bab11880239bab1191006d6caf200991a005222296a0a12196988801ec"),
        (TARIFF, "80ae02b4b2189062020000240700041f0aa57d80"),
    ],
    ids=["update", "tariff"],
)
def test_a_fragment_with_its_id(element: Any, octets: str) -> None:
    assert DIN.encode_fragment(element).hex() == octets
    assert DIN.decode_fragment(bytes.fromhex(octets)) == (type(element).__name__, element)
