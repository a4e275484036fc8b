"""Opening a session: what the car offers, which choices it believes, how long it waits for a person."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import PeerError
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, AuthorizationSetupReq, PnC_ASResAuthorizationMode
from iso15118.messages.v20.common import Header, Processing, ResponseCode
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.sequence.table import Outcome
from iso15118.sequence.timers import STANDARD
from iso15118.session.evcc import Config, Renegotiation, begin
from iso15118.session.evcc.setup import ask_app_protocol, ask_session_setup, read_app_protocol, read_authorization, read_session_setup
from iso15118.session.events import Connected
from iso15118.session.services import ServiceID
from tests.session.evcc.bench import EPOCH, HEADER, SESSION_ID, Bench, Charger, snapshot

OK_SAP = AppProtocolResponseCode.OK_SuccessfulNegotiation
DEVIATES = AppProtocolResponseCode.OK_SuccessfulNegotiationWithMinorDeviation
NEW = begin(Config())


def offer(config: Config) -> list[tuple[str, int, int]]:
    """Namespace, SchemaID and priority of each entry."""
    entries = ask_app_protocol(begin(config), HEADER, snapshot()).app_protocol
    assert {(entry.version_number_major, entry.version_number_minor) for entry in entries} == {(1, 0)}
    return [(entry.protocol_namespace.removeprefix("urn:iso:std:iso:15118:-20:"), entry.schema_id, entry.priority) for entry in entries]


def test_one_protocol_is_offered() -> None:
    assert offer(Config()) == [("DC", 1, 1)]


@pytest.mark.case("SAP-14")
@pytest.mark.parametrize(
    ("services", "ends"),
    [
        ((ServiceID.MCS, ServiceID.DC), ["DC"]),
        ((ServiceID.AC, ServiceID.DC_BPT, ServiceID.AC_BPT), ["AC", "DC"]),
        ((ServiceID.DC, ServiceID.AC_DER_SAE, ServiceID.AC_DER_IEC, ServiceID.AC), ["DC", "AC-DER-SAE", "AC-DER-IEC", "AC"]),
    ],
)
def test_a_protocol_for_each_kind_of_service_in_our_order(services: tuple[ServiceID, ...], ends: list[str]) -> None:
    assert offer(Config(services=services)) == [(end, place, place) for place, end in enumerate(ends, 1)]


def test_a_later_wish_needs_its_protocol_now() -> None:
    change = Renegotiation(5, (ServiceID.AC, ServiceID.DC_BPT))
    assert offer(Config(services=(ServiceID.DC,), renegotiation=change)) == [("DC", 1, 1), ("AC", 2, 2)]


@pytest.mark.case("TLS-18")
def test_nothing_is_offered_without_tls_unless_the_bench_allows_it() -> None:
    bench = Bench(Config(plain_tcp=False))
    bench.feed(Connected())
    assert bench.closed is not None
    assert "TLS 1.3" in bench.closed.why
    assert bench.sent == []
    bench = Bench(Config(plain_tcp=False))
    bench.feed(Connected(secure=True))
    assert type(bench.last) is supportedAppProtocolReq


def test_the_charger_chooses_among_what_was_offered() -> None:
    new = begin(Config(services=(ServiceID.AC, ServiceID.DC)))
    turn = read_app_protocol(new, supportedAppProtocolRes(response_code=OK_SAP, schema_id=2), snapshot())
    assert turn.session.namespace == "urn:iso:std:iso:15118:-20:DC"
    with pytest.raises(PeerError, match="3, which was not offered"):
        read_app_protocol(new, supportedAppProtocolRes(response_code=OK_SAP, schema_id=3), snapshot())


@pytest.mark.parametrize(("code", "notes"), [(OK_SAP, 0), (DEVIATES, 1)])
def test_a_protocol_is_agreed(code: AppProtocolResponseCode, notes: int) -> None:
    turn = read_app_protocol(NEW, supportedAppProtocolRes(response_code=code, schema_id=1), snapshot())
    assert len(turn.notes) == notes


@pytest.mark.case("SAP-11", "SAP-12", "SAP-13")
@pytest.mark.parametrize(
    ("code", "schema_id"), [(AppProtocolResponseCode.Failed_NoNegotiation, None), (OK_SAP, 2), (OK_SAP, None), (DEVIATES, 0)]
)
def test_no_protocol_agreed(code: AppProtocolResponseCode, schema_id: int | None) -> None:
    bench = Bench().run(supportedAppProtocolReq)
    bench.answer(response_code=code, schema_id=schema_id)
    assert bench.closed is not None
    assert not bench.closed.clean
    assert len(bench.sent) == 1


def test_a_new_session_is_asked_for_with_zeros() -> None:
    bench = Bench(Config(evcc_id="CAR1")).run(SessionSetupReq)
    assert bench.last.header.session_id == bytes(8)
    assert bench.last.evcc_id == "CAR1"
    bench.turn()
    assert bench.session.id == SESSION_ID
    assert bench.session.evse_id == "DE*ABC*E1"
    assert bench.last.header.session_id == SESSION_ID


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"response_code": ResponseCode.OK_OldSessionJoined}, ""), ({"header": Header(session_id=bytes(8), time_stamp=EPOCH)}, "V2G20-2106")],
)
def test_a_session_that_is_none(changes: dict[str, Any], rule: str) -> None:
    good = Charger().good(ask_session_setup(NEW, HEADER, snapshot()))
    with pytest.raises(PeerError) as caught:
        read_session_setup(NEW, good.but(**changes), snapshot())
    assert caught.value.requirement == rule


def test_only_external_identification() -> None:
    bench = Bench().run(AuthorizationReq)
    assert bench.last.selected_authorization_service is Authorization.EIM


@pytest.mark.case("AUT-18")
def test_other_services_are_passed_over() -> None:
    bench = Bench().run(AuthorizationSetupReq)
    mode = PnC_ASResAuthorizationMode(gen_challenge=bytes(16))
    bench.answer(authorization_services=(Authorization.PnC, Authorization.EIM), authorization_mode=mode)
    assert type(bench.last) is AuthorizationReq


def test_without_external_identification_the_session_stops_in_order() -> None:
    bench = Bench().run(AuthorizationSetupReq)
    bench.answer(authorization_services=(Authorization.PnC,), authorization_mode=PnC_ASResAuthorizationMode(gen_challenge=bytes(16)))
    assert bench.last.ev_termination_code == "NoAuthorizationService"
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean


@pytest.mark.parametrize(
    ("processing", "busy"),
    [
        (Processing.Ongoing, STANDARD.ongoing_evcc),
        (Processing.Ongoing_WaitingForCustomerInteraction, STANDARD.customer_evcc),
        (Processing.Finished, 0.0),
    ],
)
def test_how_long_authorisation_may_take(processing: Processing, busy: float) -> None:
    bench = Bench().run(AuthorizationReq)
    response: Any = bench.charger.good(bench.last).but(evse_processing=processing)
    turn = read_authorization(bench.session, response, bench.world)
    assert turn.busy == busy
    assert turn.outcome is (Outcome.AGAIN if busy else Outcome.DONE)


@pytest.mark.parametrize("code", [c for c in ResponseCode if c.startswith("WARNING")])
def test_a_final_warning_is_not_asked_again(code: ResponseCode) -> None:
    bench = Bench().run(AuthorizationReq)
    bench.answer(response_code=code)
    assert bench.last.ev_termination_code == "AuthorizationFailed"
    assert code in bench.last.ev_termination_explanation
    assert [type(m) for m in bench.sent].count(AuthorizationReq) == 1


def test_a_certificate_that_expires_soon_is_no_obstacle() -> None:
    bench = Bench().run(AuthorizationReq)
    bench.answer(response_code=ResponseCode.OK_CertificateExpiresSoon)
    assert type(bench.last).__name__ == "ServiceDiscoveryReq"
