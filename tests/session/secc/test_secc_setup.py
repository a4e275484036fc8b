"""`session.secc.setup`: which protocol, which session, who pays."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import CodecError
from iso15118.messages.app_protocol import AppProtocol, AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.v20.authorization import (
    Authorization,
    AuthorizationReq,
    AuthorizationRes,
    AuthorizationSetupReq,
    EIM_ASResAuthorizationMode,
    PnC_AReqAuthorizationMode,
)
from iso15118.messages.v20.certificate import ContractCertificateChain, SubCertificates
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Arm, Close
from iso15118.session.events import Connected, Elapsed, Sent
from iso15118.session.protocols import NAMESPACES
from iso15118.session.services import ServiceID, service_of
from tests.session.asked import DC_NAMESPACE, NOBODY, SESSION_ID
from tests.session.playbook import Playbook, after, charger_at, given, protocol, request, said, snapshot

AC = "urn:iso:std:iso:15118:-20:AC"
ISO_2 = "urn:iso:15118:2:2013:MsgDef"
OK = AppProtocolResponseCode.OK_SuccessfulNegotiation
MINOR = AppProtocolResponseCode.OK_SuccessfulNegotiationWithMinorDeviation


def offered(*protocols: AppProtocol, config: secc.Config | None = None) -> Playbook:
    return charger_at(Phase.APP_PROTOCOL, config=config) >> request(supportedAppProtocolReq, app_protocol=protocols)


@pytest.mark.case("SAP-01", "SAP-02", "SAP-05", "SAP-06", "SAP-08")
@pytest.mark.parametrize(
    ("protocols", "code", "schema_id"),
    [
        pytest.param([protocol(schema_id=7)], OK, 7, id="SAP-01"),
        pytest.param([protocol(minor=5, schema_id=7)], MINOR, 7, id="SAP-02"),
        pytest.param([protocol(schema_id=1), protocol(ISO_2, 2, schema_id=2, priority=2)], OK, 1, id="SAP-05"),
        pytest.param([protocol(schema_id=1, priority=2), protocol(ISO_2, 2, schema_id=2)], OK, 1, id="SAP-06, -2 is not served"),
        pytest.param(
            [protocol(minor=1, schema_id=1, priority=2), protocol(schema_id=2, priority=1)], OK, 2, id="by priority, not position"
        ),
        pytest.param([protocol(schema_id=1, priority=20), protocol(major=2, schema_id=2)], OK, 1, id="filter before rank"),
        pytest.param(
            [protocol(AC, schema_id=i, priority=i) for i in range(1, 20)] + [protocol(schema_id=20, priority=20)], OK, 20, id="SAP-08"
        ),
        pytest.param([protocol(schema_id=0)], OK, 0, id="SchemaID 0 is an id"),
    ],
)
def test_a_protocol_in_common(protocols: list[AppProtocol], code: AppProtocolResponseCode, schema_id: int) -> None:
    play = offered(*protocols)
    assert play << supportedAppProtocolRes(response_code=code, schema_id=schema_id)
    assert play.session.phase is Phase.SESSION_SETUP


@pytest.mark.case("SAP-03", "SAP-04", "SAP-07", "SAP-09")
@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(protocol(major=9), id="SAP-03"),
        pytest.param(protocol(major=0), id="SAP-03, older"),
        pytest.param(protocol("urn:example:charging"), id="SAP-04"),
        pytest.param(protocol(AC), id="SAP-07"),
        pytest.param(protocol(ISO_2, 2), id="-2 only"),
        pytest.param(protocol(DC_NAMESPACE.upper()), id="SAP-09, letter case"),
        pytest.param(protocol(DC_NAMESPACE + " "), id="SAP-09, trailing blank"),
        pytest.param(protocol(f"{DC_NAMESPACE}:"), id="SAP-09, longer"),
    ],
)
def test_no_protocol_in_common(entry: AppProtocol) -> None:
    play = offered(entry)
    assert play << supportedAppProtocolRes(response_code=AppProtocolResponseCode.Failed_NoNegotiation, schema_id=None)
    assert play >> Sent() << Close
    assert entry.protocol_namespace in play.session.closing


ALL = secc.Config(services=tuple(service_of(service) for service in ServiceID))
AC_ONLY = secc.Config(services=(service_of(ServiceID.AC),))


@pytest.mark.case("SAP-01", "SAP-07")
@pytest.mark.parametrize("service", ServiceID)
def test_a_charger_serves_the_namespaces_of_its_services_and_no_other(service: ServiceID) -> None:
    config = secc.Config(services=(service_of(service),))
    for kind, namespace in NAMESPACES.items():
        play = offered(protocol(namespace, schema_id=3), config=config)
        code = OK if kind is service.transfer else AppProtocolResponseCode.Failed_NoNegotiation
        assert play.sent().response_code is code


@pytest.mark.case("SAP-07")
def test_an_ac_charger_and_a_car_that_wants_dc() -> None:
    play = offered(protocol(DC_NAMESPACE), config=AC_ONLY)
    assert play << said(supportedAppProtocolRes, response_code=AppProtocolResponseCode.Failed_NoNegotiation) >> Sent() << Close
    assert offered(protocol(DC_NAMESPACE), protocol(AC, schema_id=2, priority=2), config=AC_ONLY).sent().schema_id == 2


def test_among_several_that_are_served_priority_decides() -> None:
    play = offered(protocol(AC, schema_id=1, priority=3), protocol(DC_NAMESPACE, schema_id=2, priority=2), config=ALL)
    assert play.sent().schema_id == 2
    assert play.session.namespace == DC_NAMESPACE
    assert play.session.listed == {AC, DC_NAMESPACE}


@pytest.mark.case("TLS-19")
@pytest.mark.parametrize(("secure", "plain_tcp"), [(False, False), (True, False), (False, True), (True, True)])
def test_never_without_tls_unless_the_bench_allows_it(secure: bool, plain_tcp: bool) -> None:
    play = Playbook(secc.begin(secc.Config(plain_tcp=plain_tcp), SESSION_ID), secc.step, snapshot())
    play >> Connected(secure) >> request(supportedAppProtocolReq)
    allowed = secure or plain_tcp
    assert play.sent().response_code is (OK if allowed else AppProtocolResponseCode.Failed_NoNegotiation)
    assert ("TLS 1.3" in play.session.closing) is not allowed


@pytest.mark.case("SAP-08")
def test_the_schema_refuses_twenty_one_protocols() -> None:
    """Malformed, so it never comes here."""
    entries = tuple(protocol(schema_id=i) for i in range(21))
    with pytest.raises(CodecError, match="21"):
        SCHEMAS["SAP"].encode(request(supportedAppProtocolReq, app_protocol=entries))


@pytest.mark.case("SAP-10")
@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.APP_PROTOCOL, Phase.ENDED)])
def test_a_second_negotiation_is_refused(phase: Phase) -> None:
    play = charger_at(phase) >> request(supportedAppProtocolReq)
    assert play.sent().response_code is AppProtocolResponseCode.Failed_NoNegotiation
    assert play >> Sent() << Close


@pytest.mark.case("SAP-15")
def test_a_car_that_says_nothing() -> None:
    play = Playbook(secc.begin(secc.Config(), SESSION_ID), secc.step, snapshot())
    assert play >> Connected() << Arm(Timer.SEQUENCE, 60.0)
    play >> after(60.0) >> Elapsed(Timer.SEQUENCE)
    (close,) = (command for command in play.skip().commands if isinstance(command, Close))
    assert not close.clean
    assert "supportedAppProtocol" in close.why


@pytest.mark.case("SES-01", "SES-02")
@pytest.mark.parametrize("came_with", [NOBODY, bytes(range(8)), SESSION_ID])
def test_a_new_session_whatever_id_the_car_comes_with(came_with: bytes) -> None:
    """SES-01, SES-02."""
    play = charger_at(Phase.SESSION_SETUP)
    answer = (play >> request(SessionSetupReq, session_id=came_with)).sent()
    assert answer.response_code is ResponseCode.OK_NewSessionEstablished
    assert answer.header.session_id == SESSION_ID
    assert answer.evse_id == play.session.config.evse_id
    assert play.session.evcc_id == "WMIV1234567890ABCDEX"


@pytest.mark.case("AUT-01")
def test_external_identification_only() -> None:
    """AUT-01: no challenge, no contracts to install."""
    answer = (charger_at(Phase.AUTHORIZATION_SETUP) >> request(AuthorizationSetupReq)).sent()
    assert answer.authorization_services == (Authorization.EIM,)
    assert answer.authorization_mode == EIM_ASResAuthorizationMode()
    assert answer.certificate_installation_service is False


@pytest.mark.case("AUT-04", "AUT-17")
def test_waiting_for_the_customer() -> None:
    """AUT-04."""
    play = charger_at(Phase.AUTHORIZATION, authorisation=Authorisation.PENDING)
    waiting = said(AuthorizationRes, response_code=ResponseCode.OK, evse_processing=Processing.Ongoing_WaitingForCustomerInteraction)
    for _ in range(3):
        assert play >> request(AuthorizationReq) << waiting >> Sent() >> after(30.0)
        assert play.session.phase is Phase.AUTHORIZATION
    play >> given(authorisation=Authorisation.ACCEPTED) >> request(AuthorizationReq)
    assert play << said(AuthorizationRes, response_code=ResponseCode.OK, evse_processing=Processing.Finished)
    assert play.session.phase is Phase.SERVICE_DISCOVERY


@pytest.mark.case("AUT-06")
def test_nobody_comes() -> None:
    """AUT-06: the limit counts from the first request, and 60 s is not it."""
    play = charger_at(Phase.AUTHORIZATION, authorisation=Authorisation.PENDING) >> after(500.0)
    for seconds in (0.0, 61.0, 118.9):
        play >> after(seconds) >> request(AuthorizationReq) << said(AuthorizationRes, response_code=ResponseCode.OK) >> Sent()
    play >> after(0.1) >> request(AuthorizationReq)
    answer = play.sent()
    assert (answer.response_code, answer.evse_processing) == (ResponseCode.FAILED, Processing.Finished)
    assert play >> Sent() << Close


@pytest.mark.case("AUT-05")
def test_a_contract_though_none_is_taken() -> None:
    """AUT-05: a warning, and another try."""
    chain = ContractCertificateChain(certificate=b"0", sub_certificates=SubCertificates(certificate=(b"0",)))
    proof = PnC_AReqAuthorizationMode(id="a", gen_challenge=bytes(16), contract_certificate_chain=chain)
    play = charger_at(Phase.AUTHORIZATION)
    play >> request(AuthorizationReq, selected_authorization_service=Authorization.PnC, authorization_mode=proof)
    warning = ResponseCode.WARNING_AuthorizationSelectionInvalid
    assert play << said(AuthorizationRes, response_code=warning, evse_processing=Processing.Finished) >> Sent()
    assert play.session.phase is Phase.AUTHORIZATION
    play >> request(AuthorizationReq)
    assert play << said(AuthorizationRes, response_code=ResponseCode.OK)


def test_refused_by_whoever_decides() -> None:
    play = charger_at(Phase.AUTHORIZATION, authorisation=Authorisation.REFUSED) >> request(AuthorizationReq)
    warning = ResponseCode.WARNING_EIMAuthorizationFailure
    assert play << said(AuthorizationRes, response_code=warning, evse_processing=Processing.Finished) >> Sent()
    assert play.session.phase is Phase.AUTHORIZATION
    play >> given(authorisation=Authorisation.ACCEPTED) >> request(AuthorizationReq)
    assert play << said(AuthorizationRes, response_code=ResponseCode.OK, evse_processing=Processing.Finished)
