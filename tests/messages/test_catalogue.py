"""Which schema a payload type means, which response a request has, and what each set can speak."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import (
    ENERGY,
    NEGOTIATED,
    PAYLOADS,
    RENEGOTIATION,
    SCHEMAS,
    payload_type_of,
    renegotiated,
    response_of,
    schema_for,
    schema_of,
)
from iso15118.messages.din import message as din_message
from iso15118.messages.iso2 import dc as iso2_dc
from iso15118.messages.iso2 import message as iso2_message
from iso15118.messages.names import ac, ac_der_iec, ac_der_sae, acdp, common_messages, dc, din, iso2, sap, wpt, xmldsig
from iso15118.messages.v20.acdp import ACDP_SystemStatusReq, EVTechnicalStatus
from iso15118.messages.v20.common import Header, Processing, Request, Response, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_CableCheckRes, DC_ChargeLoopReq, DC_ChargeLoopRes, DC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.metering import MeteringConfirmationReq, MeteringConfirmationRes
from iso15118.messages.v20.parking import EVCheckInStatus, ParkingMethod, VehicleCheckInReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.session import SessionSetupReq, SessionSetupRes
from tests.session.asked import request

HEADER = Header(session_id=bytes(8), time_stamp=0)
TECHNICAL = EVTechnicalStatus(ev_ready_to_charge=True, ev_immobilization_request=False)


@pytest.mark.parametrize(
    ("payload_type", "name"),
    [
        *((0x8001, "SAP"), (0x8002, "CommonMessages"), (0x8003, "AC"), (0x8004, "DC"), (0x8005, "ACDP"), (0x8006, "WPT")),
        *((0x8010, "AC_DER_IEC"), (0x8011, "AC_DER_SAE")),
        *((0x8101, "CommonMessages"), (0x8102, "CommonMessages"), (0x8103, "ACDP"), (0x8104, "CommonMessages")),
    ],
)
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


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        *(("AC", "AC"), ("DC", "DC"), ("ACDP", "DC"), ("WPT", "WPT")),
        *(("AC-DER-IEC", "AC_DER_IEC"), ("AC-DER-SAE", "AC_DER_SAE")),
    ],
)
def test_a_renegotiation_speaks_of_parameters_in_the_set_that_was_negotiated(namespace: str, name: str) -> None:
    urn = f"urn:iso:std:iso:15118:-20:{namespace}"
    assert schema_for(RENEGOTIATION, urn, parameters=True) is SCHEMAS[name]
    assert schema_for(RENEGOTIATION, urn) is SCHEMAS["CommonMessages"]
    spoken = SCHEMAS[name].roots
    assert any(element.endswith("ChargeParameterDiscoveryReq") for element in spoken)


@pytest.mark.parametrize("cls", [DC_ChargeParameterDiscoveryReq, ScheduleExchangeReq, PowerDeliveryReq])
@pytest.mark.parametrize("sets", [("DC", "CommonMessages"), ("CommonMessages", "DC")])
def test_a_renegotiation_has_messages_of_two_sets_on_one_payload_type(cls: type[Message], sets: tuple[str, ...]) -> None:
    """The one that is due is tried first; a message out of order is read all the same."""
    message = request(cls)
    octets = schema_of(message, RENEGOTIATION).encode(message)
    assert renegotiated(octets, sets) == message


def test_what_is_in_none_of_the_sets_is_no_message() -> None:
    with pytest.raises(CodecError):
        renegotiated(b"\x80\xff\xff\xff", ("DC", "CommonMessages"))


def test_elsewhere_the_payload_type_decides() -> None:
    message = request(ScheduleExchangeReq)
    assert schema_of(message, 0x8002) is SCHEMAS["CommonMessages"]


def test_every_set_but_one_travels() -> None:
    assert {*PAYLOADS.values(), *NEGOTIATED.values()} == set(SCHEMAS) - {"XMLDSIG"}
    assert set(ENERGY.values()) < set(PAYLOADS.values())


@pytest.mark.parametrize("namespace", ["", "urn:iso:15118:2:2013:MsgDef", "urn:unheard:of"])
def test_a_renegotiation_without_an_energy_transfer_is_not_guessed_at(namespace: str) -> None:
    with pytest.raises(CodecError, match="0x8101"):
        schema_for(RENEGOTIATION, namespace, parameters=True)


def test_a_station_imports_the_messages_of_ac_and_dc_and_no_others() -> None:
    program = (
        "import sys, iso15118.service.station, iso15118.service.vehicle\n"
        "from iso15118.messages.catalogue import SCHEMAS\n"
        "assert len(SCHEMAS) == 11\n"
        "print(*sorted(name.removeprefix('iso15118.messages.') for name in sys.modules if name.startswith('iso15118.messages.')))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    others = ("iso2", "din", "v20.acdp", "v20.wpt", "v20.der_", "names.acdp", "names.wpt")
    assert {"v20.ac", "v20.dc"} <= {*run.stdout.split()}
    assert [name for name in run.stdout.split() if name.startswith(others)] == []


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
        (VehicleCheckInReq(header=HEADER, ev_check_in_status=EVCheckInStatus.CheckIn, parking_method=ParkingMethod.Manual), 0x8104),
        (
            ACDP_SystemStatusReq(header=HEADER, ev_technical_status=TECHNICAL),
            0x8103,
        ),
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
        (iso2_dc.CurrentDemandReq, iso2_dc.CurrentDemandRes),
    ],
)
def test_a_request_pairs_with_its_response(request_class: type[Message], response_class: type[Message]) -> None:
    assert response_of(request_class) is response_class


@pytest.mark.parametrize("cls", [SessionSetupRes, Header, iso2_message.V2G_Message])
def test_what_is_no_request_has_no_response(cls: type[Message]) -> None:
    assert response_of(cls) is None


PAIRS = {"SAP": 1, "CommonMessages": 13, "DC": 5, "AC": 2, "ACDP": 4, "WPT": 6, "AC_DER_IEC": 2, "AC_DER_SAE": 2, "ISO2": 17, "DIN": 17}


@pytest.mark.parametrize("name", PAIRS)
def test_every_request_has_one_response_and_every_response_one_request(name: str) -> None:
    roots = SCHEMAS[name].roots
    requests = [cls for element, cls in roots.items() if element.endswith("Req")]
    responses = [cls for element, cls in roots.items() if element.endswith("Res")]
    assert [response_of(cls) for cls in requests] == responses
    assert len(requests) == PAIRS[name]


@pytest.mark.parametrize("name", [*PAYLOADS.values()][1:8])
def test_every_message_travels_under_a_type_that_means_its_set(name: str) -> None:
    for element, cls in SCHEMAS[name].roots.items():
        if element.endswith(("Req", "Res")):
            assert schema_for(payload_type_of(cls)) is SCHEMAS[name]
            assert issubclass(cls, Request | Response)
        else:
            with pytest.raises(LocalError, match=element):
                payload_type_of(cls)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        *(("SAP", sap), ("XMLDSIG", xmldsig), ("CommonMessages", common_messages), ("DC", dc), ("AC", ac), ("ACDP", acdp), ("WPT", wpt)),
        *(("AC_DER_IEC", ac_der_iec), ("AC_DER_SAE", ac_der_sae), ("ISO2", iso2), ("DIN", din)),
    ],
)
def test_every_global_element_that_can_be_sent_has_a_class(name: str, names: ModuleType) -> None:
    abstract = {"CLReqControlMode", "CLResControlMode"} | set(
        """
        BodyElement EVChargeParameter EVPowerDeliveryParameter EVSEChargeParameter EVSEStatus EVStatus Entry SASchedules TimeInterval
        """.split()
    )
    assert set(names.ELEMENTS) - set(SCHEMAS[name].roots) == abstract & set(names.ELEMENTS)
