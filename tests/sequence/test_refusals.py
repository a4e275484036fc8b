"""`sequence.refusals`: for every request the response that pairs with it, valid on the wire and promising nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import PAYLOADS, SCHEMAS, payload_type_of, schema_for
from iso15118.messages.v20.common import Processing, RationalNumber, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.service import Service
from iso15118.messages.v20.session import SessionSetupReq, SessionSetupRes
from iso15118.sequence.refusals import asks, refusal
from iso15118.session.services import ControlMode, ServiceID
from tests.session.asked import REQUESTS, SESSION_ID, STAMP, UNSERVED, need, request

pytestmark = pytest.mark.long

FAILED = [code for code in ResponseCode if code.startswith("FAILED")]
VARIANTS = [(service, mode) for service in ServiceID for mode in ControlMode]
WITH_MODE = (DC_ChargeParameterDiscoveryReq, DC_ChargeLoopReq, ScheduleExchangeReq)
ASKED = [request(cls) for cls in REQUESTS] + [request(cls, service=s, mode=m) for cls in WITH_MODE for s, m in VARIANTS[1:]] + [*UNSERVED]


def refused(ask: Message, code: ResponseCode = ResponseCode.FAILED) -> Any:
    return refusal(ask, code, session_id=SESSION_ID, time_stamp=STAMP + 1)


def told(message: Message) -> Iterator[Any]:
    """Every value inside a message, at whatever depth."""
    for name in message.__fields__:
        value = getattr(message, name)
        for inner in value if isinstance(value, tuple) else (value,):
            yield inner
            if isinstance(inner, Message):
                yield from told(inner)


def test_every_request_of_every_schema_is_asked_here() -> None:
    sets = {SCHEMAS[name] for name in PAYLOADS.values()}
    requests = {cls for schema in sets for element, cls in schema.roots.items() if element.endswith("Req")}
    assert {type(ask) for ask in ASKED} == requests


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: type(ask).__name__)
def test_a_request_asks_and_its_refusal_does_not(ask: Message) -> None:
    assert asks(ask)
    assert not asks(refused(ask))


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: type(ask).__name__)
@pytest.mark.parametrize("code", FAILED)
def test_every_refusal_of_every_request_goes_over_the_wire(ask: Message, code: ResponseCode) -> None:
    answer = refused(ask, code)
    assert type(answer).__name__ == f"{type(ask).__name__[:-3]}Res"
    assert payload_type_of(answer) == payload_type_of(ask)
    schema = schema_for(payload_type_of(answer))
    data = schema.encode(answer)
    assert schema.decode(data) == answer
    assert schema.encode(schema.decode(data)) == data
    if type(ask) is supportedAppProtocolReq:
        assert answer == supportedAppProtocolRes(response_code=AppProtocolResponseCode.Failed_NoNegotiation)
    else:
        assert answer.response_code is code
        assert (answer.header.session_id, answer.header.time_stamp) == (SESSION_ID, STAMP + 1)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: type(ask).__name__)
def test_a_refusal_promises_nothing(ask: Message) -> None:
    values = list(told(refused(ask)))
    assert [v for v in values if isinstance(v, RationalNumber) and v.value != 0] == [], "a limit or power that is not 0"
    assert [v for v in values if isinstance(v, Service) and v.service_id != 0] == [], "a service on offer"
    assert [v for v in values if v is True] == [], "a flag that says yes"
    assert [v for v in values if isinstance(v, Processing) and v is not Processing.Finished] == [], "more is to come"
    secrets = [v for v in values if isinstance(v, bytes) and v != SESSION_ID and any(v)]
    assert secrets == [], "octets that are not zero"


@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_a_control_mode_is_answered_in_kind(service: ServiceID, mode: ControlMode) -> None:
    for cls, field in ((DC_ChargeParameterDiscoveryReq, "energy_transfer_mode"), (DC_ChargeLoopReq, "control_mode")):
        ask = request(cls, service=service, mode=mode)
        asked, answered = (type(getattr(message, field)).__name__ for message in (ask, refused(ask)))
        assert answered == asked.replace("Req", "Res")
    answered = type(refused(request(ScheduleExchangeReq, control_mode=need(mode))).control_mode).__name__
    assert answered == f"{mode.name.title()}_SEResControlMode"


def test_before_there_is_a_session_the_id_is_nobodys() -> None:
    answer = refusal(request(SessionSetupReq), ResponseCode.FAILED, session_id=bytes(8), time_stamp=1)
    assert isinstance(answer, SessionSetupRes)
    assert (answer.header.session_id, answer.evse_id) == (bytes(8), "")


def test_what_is_no_request_is_not_refused() -> None:
    with pytest.raises(KeyError):
        refused(refused(request(SessionSetupReq)))
