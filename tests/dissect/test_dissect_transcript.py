from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.dissect.transcript import Reader, Said, Transcript, in_order, read_datagram
from iso15118.exi import from_json
from iso15118.messages.catalogue import SCHEMAS
from iso15118.wire.sdp import SdpRequest, SdpResponse, Security
from iso15118.wire.sdp_wireless import WirelessRequest
from iso15118.wire.v2gtp import frame_bytes
from tests.vectors import lines

ABOUT: dict[str, Any] = {"time": 1.0, "packet": 7}


def octets(schema: str, root: str, payload_type: int, *, nth: int = 0) -> bytes:
    """The n-th vector of a message, in a frame."""
    found = [line for line in lines(schema) if line["root"] == root]
    return frame_bytes(payload_type, bytes.fromhex(found[nth]["exi"]))


def negotiated(namespace: str) -> bytes:
    """The two messages that settle on `namespace`."""
    offer = {"ProtocolNamespace": namespace, "VersionNumberMajor": 1, "VersionNumberMinor": 0, "SchemaID": 9, "Priority": 1}
    sap = SCHEMAS["SAP"]
    request = from_json(sap.roots["supportedAppProtocolReq"], {"AppProtocol": [offer]})
    response = from_json(sap.roots["supportedAppProtocolRes"], {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 9})
    return frame_bytes(0x8001, sap.encode(request)) + frame_bytes(0x8001, sap.encode(response))


def fed(data: bytes, reader: Reader | None = None) -> list[Said]:
    return (reader or Reader()).feed(data, from_car=None, **ABOUT)


LOOP = octets("DC", "DC_ChargeLoopReq", 0x8004)
CABLE = octets("DC", "DC_CableCheckRes", 0x8004)


def test_a_frame_becomes_its_message_with_all_that_is_known_of_it() -> None:
    (said,) = Reader(3).feed(LOOP, from_car=True, **ABOUT)
    line = next(line for line in lines("DC") if line["root"] == "DC_ChargeLoopReq")
    assert said == Said(
        time=1.0,
        packet=7,
        stream=3,
        from_car=True,
        payload_type=0x8004,
        schema="DC",
        name="DC_ChargeLoopReq",
        content=line["json"],
        octets=LOOP,
    )


def test_who_has_said_it_follows_from_its_name_where_nothing_else_tells() -> None:
    assert [each.from_car for each in fed(LOOP + CABLE)] == [True, False]


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 50])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    stream = LOOP + CABLE + LOOP
    reader = Reader()
    said = [each for at in range(0, len(stream), size) for each in fed(stream[at : at + size], reader)]
    assert [each.name for each in said] == ["DC_ChargeLoopReq", "DC_CableCheckRes", "DC_ChargeLoopReq"]
    assert not reader.end(**ABOUT)


@pytest.mark.parametrize(("namespace", "schema"), [("urn:iso:15118:2:2013:MsgDef", "ISO2"), ("urn:din:70121:2012:MsgDef", "DIN")])
def test_what_was_negotiated_decides_what_0x8001_means(namespace: str, schema: str) -> None:
    line = next(line for line in lines(schema) if line["root"] == "V2G_Message" and "SessionSetupReq" in line["json"]["Body"])
    said = fed(negotiated(namespace) + frame_bytes(0x8001, bytes.fromhex(line["exi"])))[-1]
    assert (said.schema, said.name, said.from_car, said.content) == (schema, "SessionSetupReq", True, line["json"])
    assert said.inner == line["json"]["Body"]["SessionSetupReq"]
    assert fed(frame_bytes(0x8001, bytes.fromhex(line["exi"])))[-1].schema != schema


def test_a_renegotiation_stream_has_charge_parameters_first_and_common_messages_then() -> None:
    reader = Reader()
    fed(negotiated("urn:iso:std:iso:15118:-20:DC"), reader)
    names = ["DC_ChargeParameterDiscoveryReq", "DC_ChargeParameterDiscoveryRes", "ScheduleExchangeReq", "PowerDeliveryRes"]
    for name in [*names, *names[:1]]:
        (said,) = fed(octets("DC" if name.startswith("DC") else "CommonMessages", name, 0x8101), reader)
        assert (said.name, said.problem) == (name, "")


def test_a_frame_that_is_no_message_stays_and_the_next_one_is_read() -> None:
    broken, good = fed(frame_bytes(0x8004, b"\x80\xff\xff") + LOOP)
    assert (broken.content, broken.octets) == (None, frame_bytes(0x8004, b"\x80\xff\xff"))
    assert "bit" in broken.problem
    assert good.name == "DC_ChargeLoopReq"


def test_an_older_edition_without_its_negotiation_is_told_of() -> None:
    (late,) = fed(octets("ISO2", "V2G_Message", 0x8001))
    assert late.problem.endswith("no root element of SAP; no negotiation was seen that would tell of an older edition")


def test_unknown_and_manufacturers_payload_types() -> None:
    unknown, own = fed(frame_bytes(0x8077, b"\x80") + frame_bytes(0xA001, b"anything"))
    assert unknown.problem == "payload type 0x8077 has no schema here"
    assert (own.problem, own.opaque, own.name) == ("", True, "manufacturer's 0xa001")


def test_after_octets_that_are_no_v2gtp_the_next_header_is_found() -> None:
    reader = Reader()
    assert [each.problem for each in fed(b"GET / HTTP/1.1", reader)] == ["no V2GTP header: 47 45 54 20 2f 20 48 54"]
    assert fed(b"Host: charger", reader) == []
    assert [each.name for each in fed(LOOP, reader)] == ["DC_ChargeLoopReq"]
    assert [each.name for each in fed(LOOP + b"\x01\x01\x80\x04\0\0\0\0", reader)] == ["DC_ChargeLoopReq", ""]
    assert [each.name for each in fed(LOOP, reader)] == ["DC_ChargeLoopReq"]


def test_missing_octets_are_told_with_what_they_cost() -> None:
    reader = Reader()
    fed(LOOP[:20], reader)
    lost, good = reader.feed(CABLE, from_car=None, gap=100, **ABOUT)
    assert lost.problem == "100 octets missing in a frame of which 20 are here"
    assert good.name == "DC_CableCheckRes"


def test_a_frame_that_never_ends_is_told_at_the_end() -> None:
    reader = Reader()
    fed(LOOP[:-1], reader)
    (cut,) = reader.end(**ABOUT)
    assert cut.problem == f"frame cut off: {len(LOOP) - 1} octets of it are here"


def test_discovery() -> None:
    asked = read_datagram(SdpRequest(Security.TLS).to_datagram(), **ABOUT)
    assert (asked.name, asked.from_car, asked.content) == ("SDPRequest", True, {"security": "TLS", "transport": "TCP"})
    answered = read_datagram(SdpResponse(bytes(15) + b"\1", 50000).to_datagram(), **ABOUT)
    assert answered.content == {"address": "::1", "port": 50000, "security": "TLS", "transport": "TCP"}
    assert (answered.name, answered.from_car) == ("SDPResponse", False)
    wireless = read_datagram(WirelessRequest().to_datagram(), **ABOUT)
    assert wireless.name == "SDPRequest wireless"
    for wrong in (b"", b"\x01\xfe\x90", LOOP, frame_bytes(0x9000, b"\x05\x00"), b"\xff" * 30):
        assert read_datagram(wrong, **ABOUT).problem


def test_refusals_are_found_in_every_edition() -> None:
    failed = {"Header": {}, "ResponseCode": "FAILED_SequenceError"}
    assert Said(content=failed).failed
    assert Said(content={"Header": {}, "Body": {"SessionSetupRes": failed}}).response_code == "FAILED_SequenceError"
    assert Said(content={"ResponseCode": "Failed_NoNegotiation"}).failed
    assert not Said(content={"ResponseCode": "OK"}).failed
    assert not Said(problem="no").failed


def test_order_and_count() -> None:
    said = [Said(time=2.0, packet=3), Said(time=1.0, packet=9), Said(time=2.0, packet=2, problem="x")]
    ordered = in_order(said)
    assert [each.packet for each in ordered] == [9, 2, 3]
    assert Transcript(said=ordered, problems=("y",)).unread == 2


def test_frames_behind_a_loss_are_found_in_the_middle_of_a_chunk() -> None:
    reader = Reader()
    fed(LOOP[:20], reader)
    lost, good = reader.feed(LOOP[30:] + CABLE, from_car=None, gap=10, **ABOUT)
    assert lost.problem == "10 octets missing in a frame of which 20 are here"
    assert good.name == "DC_CableCheckRes"


def test_a_broken_header_costs_no_frame_behind_it() -> None:
    one, broken, two, junk, three = fed(LOOP + b"\x01\x01\x80\x04\0\0\0\0junk" + CABLE + b"more junk" + LOOP)
    assert [each.name for each in (one, two, three)] == ["DC_ChargeLoopReq", "DC_CableCheckRes", "DC_ChargeLoopReq"]
    assert broken.octets == b"\x01\x01\x80\x04\0\0\0\0junk"
    assert broken.problem.endswith("version 0x01 with inverse 0x01, expected 0x01 with 0xFE")
    assert junk.octets == b"more junk"


@given(st.lists(st.binary(max_size=40) | st.sampled_from([LOOP, CABLE, LOOP[:9], b"\x01", b"\x01\xfe"]), max_size=12))
def test_any_octets_are_read_to_their_end(parts: list[bytes]) -> None:
    reader = Reader()
    for part in parts:
        fed(part, reader)
    reader.end(**ABOUT)
