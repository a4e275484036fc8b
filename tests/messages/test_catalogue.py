"""Which schema a payload type means, which response a request has, and what each set can speak."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import NEGOTIATED, RESPONSES, SCHEMAS, payload_type_of, schema_for
from iso15118.messages.din import message as din_message
from iso15118.messages.iso2 import message as iso2_message
from iso15118.messages.names import common_messages, dc, din, iso2, sap, xmldsig
from iso15118.messages.v20.common import Header, Processing, Request, Response, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_CableCheckRes, DC_ChargeLoopReq, DC_ChargeLoopRes
from iso15118.messages.v20.metering import MeteringConfirmationReq, MeteringConfirmationRes
from iso15118.messages.v20.session import SessionSetupReq, SessionSetupRes

HEADER = Header(session_id=bytes(8), time_stamp=0)


@pytest.mark.parametrize(("payload_type", "name"), [(0x8001, "SAP"), (0x8002, "CommonMessages"), (0x8004, "DC")])
def test_a_payload_type_means_a_schema(payload_type: int, name: str) -> None:
    assert schema_for(payload_type) is SCHEMAS[name]
    assert SCHEMAS[name].name == name


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("urn:iso:15118:2:2013:MsgDef", "ISO2"),
        ("urn:din:70121:2012:MsgDef", "DIN"),
        ("urn:iso:std:iso:15118:-20:DC", "SAP"),
        ("", "SAP"),
    ],
)
def test_payload_type_8001_means_what_was_negotiated(namespace: str, name: str) -> None:
    assert schema_for(0x8001, namespace) is SCHEMAS[name]
    assert SCHEMAS[name].name == name


@pytest.mark.parametrize("namespace", NEGOTIATED)
def test_other_payload_types_mean_the_same_whatever_was_negotiated(namespace: str) -> None:
    assert schema_for(0x8004, namespace) is SCHEMAS["DC"]
    with pytest.raises(CodecError, match="0x9000"):
        schema_for(0x9000, namespace)


def test_older_editions_are_not_imported_before_they_are_asked_for() -> None:
    program = (
        "import sys, iso15118.service.station, iso15118.service.vehicle\n"
        "from iso15118.messages.catalogue import SCHEMAS\n"
        "assert {'ISO2', 'DIN'} <= set(SCHEMAS)\n"
        "print(sorted(name for name in sys.modules if name.startswith(('iso15118.messages.iso2', 'iso15118.messages.din'))))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("payload_type", [0, 0x8000, 0x80FF, 0x9000, 0xFFFF])
def test_an_unknown_payload_type_is_the_peers_fault(payload_type: int) -> None:
    with pytest.raises(CodecError, match=f"0x{payload_type:04x}"):
        schema_for(payload_type)


@pytest.mark.parametrize(
    ("message", "payload_type"),
    [
        (supportedAppProtocolReq(app_protocol=()), 0x8001),
        (SessionSetupRes(header=HEADER, response_code=ResponseCode.OK, evse_id="ZZ00000"), 0x8002),
        (DC_CableCheckReq(header=HEADER), 0x8004),
        (DC_CableCheckRes(header=HEADER, response_code=ResponseCode.OK, evse_processing=Processing.Finished), 0x8004),
    ],
)
def test_a_message_knows_its_payload_type(message: Message, payload_type: int) -> None:
    assert payload_type_of(message) == payload_type
    assert type(message) in schema_for(payload_type).roots.values()


@pytest.mark.parametrize(("name", "edition"), [("ISO2", iso2_message), ("DIN", din_message)])
def test_a_message_of_an_older_edition_knows_its_payload_type(name: str, edition: ModuleType) -> None:
    message = edition.V2G_Message(header=edition.Header(session_id=b""), body=edition.Body())
    assert payload_type_of(message) == 0x8001
    assert SCHEMAS[name].decode(SCHEMAS[name].encode(message)) == message


def test_a_part_of_a_message_has_no_payload_type() -> None:
    with pytest.raises(LocalError, match="Header"):
        payload_type_of(HEADER)


@pytest.mark.parametrize(
    ("request_class", "response_class"),
    [
        (supportedAppProtocolReq, supportedAppProtocolRes),
        (SessionSetupReq, SessionSetupRes),
        (MeteringConfirmationReq, MeteringConfirmationRes),
        (DC_ChargeLoopReq, DC_ChargeLoopRes),
    ],
)
def test_a_request_pairs_with_its_response(request_class: type[Message], response_class: type[Message]) -> None:
    assert RESPONSES[request_class] is response_class


def test_every_request_has_one_response_and_every_response_one_request() -> None:
    roots = (root for name in ("SAP", "CommonMessages", "DC") for root in SCHEMAS[name].roots.items())
    spoken = {cls for element, cls in roots if element.endswith(("Req", "Res"))}
    assert set(RESPONSES) | set(RESPONSES.values()) == spoken
    assert len(set(RESPONSES.values())) == len(RESPONSES) == 1 + 13 + 5
    for request, response in RESPONSES.items():
        assert request.__name__.removesuffix("Req") == response.__name__.removesuffix("Res")
        assert request is supportedAppProtocolReq or (issubclass(request, Request) and issubclass(response, Response))


@pytest.mark.parametrize(
    ("name", "names"), [("SAP", sap), ("XMLDSIG", xmldsig), ("CommonMessages", common_messages), ("DC", dc), ("ISO2", iso2), ("DIN", din)]
)
def test_every_global_element_that_can_be_sent_has_a_class(name: str, names: ModuleType) -> None:
    abstract = {"CLReqControlMode", "CLResControlMode"} | set(
        """
        BodyElement EVChargeParameter EVPowerDeliveryParameter EVSEChargeParameter EVSEStatus EVStatus Entry SASchedules TimeInterval
        """.split()
    )
    assert set(names.ELEMENTS) - set(SCHEMAS[name].roots) == abstract & set(names.ELEMENTS)
