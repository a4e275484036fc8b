"""`session.evcc.contract`: which way a car takes to be authorised, what it has signed for that, and what it makes of refusals."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20 import authorization as au
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, AuthorizationSetupReq
from iso15118.messages.v20.certificate import CertificateInstallationReq
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.service import ServiceDiscoveryReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.sequence.timers import STANDARD, Timer
from iso15118.session import evcc
from iso15118.session.consult import NO_ADVICE, Advice, Matter, Question
from iso15118.session.evcc.state import RootId
from iso15118.session.events import Consulted
from iso15118.value import replace
from tests.session.contracts import CHALLENGE, signature
from tests.session.evcc.bench import Bench, snapshot

SIGNED = Advice("OK", octets=SCHEMAS[COMMON].encode_fragment(signature()))
FIRST = evcc.Contract("DECLPC123456789", (b"1", b"sub"))
SECOND = evcc.Contract("NLXYZC123456789", (b"2", b"sub"))
FRESH = Advice("OK", "DECLPI000000001", chain=(b"3", b"sub"))
BOTH = evcc.PlugAndCharge(contracts=(FIRST, SECOND), insecure=True)
EMPTY = evcc.PlugAndCharge(provisioning=(b"oem", b"sub"), roots=(RootId("CN=Root", 1),), insecure=True)
WAYS = (Authorization.EIM, Authorization.PnC)


def signs(question: Question) -> Advice | None:
    return SIGNED if question.matter is Matter.SIGN else FRESH


def car(
    wish: evcc.PlugAndCharge = BOTH, *, ways: Any = WAYS, installs: bool = False, providers: tuple[str, ...] = (), **world: Any
) -> Bench:
    """A car at a charger that takes contracts."""
    bench = Bench(evcc.Config(loops=2, plug_and_charge=wish))
    bench.adviser = signs
    listed = au.SupportedProvidersList(provider_id=providers) if providers else None
    mode = au.PnC_ASResAuthorizationMode(gen_challenge=CHALLENGE, supported_providers=listed)
    bench.charger.answers[AuthorizationSetupReq] = lambda request, good: good.but(
        authorization_services=ways, authorization_mode=mode, certificate_installation_service=installs
    )
    return bench


def shown(bench: Bench) -> list[bytes]:
    """The leaves of the contracts it has shown, one a request; empty for other means."""
    found = []
    for request in bench.sent:
        if isinstance(request, AuthorizationReq):
            mode = request.authorization_mode
            found.append(mode.contract_certificate_chain.certificate if isinstance(mode, au.PnC_AReqAuthorizationMode) else b"")
    return found


def warned(*codes: ResponseCode) -> Any:
    """Answers with these codes in turn, then well."""
    left = list(codes)
    return lambda request, good: good.but(response_code=left.pop(0)) if left else good


def test_the_preferred_contract_is_shown_signed() -> None:
    bench = car().run(AuthorizationReq)
    request = bench.last
    assert request.selected_authorization_service is Authorization.PnC
    assert request.authorization_mode.gen_challenge == CHALLENGE
    assert request.authorization_mode.contract_certificate_chain.certificate == b"1"
    assert request.header.signature == signature()
    (question,) = bench.questions
    assert (question.matter, question.key, question.message) == (Matter.SIGN, FIRST.emaid, request.authorization_mode)
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean


def test_while_the_charger_asks_around_the_request_is_repeated_signature_and_all() -> None:
    bench = car().run(AuthorizationReq)
    bench.answer(evse_processing=Processing.Ongoing)
    bench.turn()
    first, second = bench.sent[-2:]
    assert second.header.time_stamp > first.header.time_stamp
    assert second.but(header=first.header) == first
    assert second.header.signature == first.header.signature
    assert len(bench.questions) == 1


@pytest.mark.case("AUT-20")
def test_a_charger_that_asks_around_for_ever() -> None:
    bench = car().run(AuthorizationReq)
    bench.answer(evse_processing=Processing.Ongoing)
    assert bench.timers[Timer.ONGOING] == STANDARD.ongoing_evcc == 60.0


@pytest.mark.case("AUT-19")
@pytest.mark.parametrize("code", [code for code in ResponseCode if code.startswith("WARNING")])
def test_after_a_warning_another_contract_then_other_means_then_the_end(code: ResponseCode) -> None:
    bench = car()
    bench.charger.answers[AuthorizationReq] = warned(code, code, code)
    bench.run()
    assert shown(bench) == [b"1", b"2", b""]
    assert bench.closed is not None
    assert bench.closed.clean
    assert bench.last.ev_termination_code == "AuthorizationFailed"


def test_without_other_means_the_session_stops_in_order() -> None:
    bench = car(ways=(Authorization.PnC,))
    bench.charger.answers[AuthorizationReq] = warned(ResponseCode.WARNING_eMSPUnknown, ResponseCode.WARNING_eMSPUnknown)
    bench.run(SessionStopReq)
    assert shown(bench) == [b"1", b"2"]
    assert bench.last.ev_termination_code == "NoAuthorizationService"


@pytest.mark.case("AUT-21")
def test_a_failure_ends_it_at_once() -> None:
    bench = car()
    bench.charger.answers[AuthorizationReq] = warned(ResponseCode.FAILED)
    bench.run()
    assert shown(bench) == [b"1"]
    assert bench.closed is not None
    assert not bench.closed.clean
    assert bench.safe()


@pytest.mark.parametrize(("providers", "leaves"), [(("NLXYZ",), [b"2"]), (("nlxyz", "DECLP"), [b"1"]), (("FRABC",), [b""]), ((), [b"1"])])
def test_whose_contracts_are_not_taken_are_not_shown(providers: tuple[str, ...], leaves: list[bytes]) -> None:
    assert shown(car(providers=providers).run(ServiceDiscoveryReq)) == leaves


def test_a_contract_that_has_expired_is_not_shown() -> None:
    wish = replace(BOTH, contracts=(replace(FIRST, ends=snapshot().clock), replace(SECOND, ends=snapshot().clock + 10**9)))
    assert shown(car(wish).run(ServiceDiscoveryReq)) == [b"2"]


def test_over_tls_only_unless_the_bench_allows_it() -> None:
    wish = replace(BOTH, insecure=False)
    assert shown(car(wish).run(ServiceDiscoveryReq)) == [b""]


@pytest.mark.parametrize("advice", [NO_ADVICE, Advice("OK", octets=b"\x80"), Advice("OK", octets=b"\x01")])
def test_whoever_does_not_sign_leaves_other_means(advice: Advice) -> None:
    bench = car()
    bench.adviser = lambda question: advice
    assert shown(bench.run(ServiceDiscoveryReq)) == [b""]


def test_nobody_answers_who_should_sign() -> None:
    """Until then nothing is sent, and it does not take for ever."""
    bench = car()
    bench.adviser = lambda question: None
    bench.run(ServiceDiscoveryReq)
    assert shown(bench) == [b""]
    assert len(bench.questions) == 2, "both contracts"


def test_a_late_answer_says_nothing() -> None:
    bench = car()
    bench.adviser = lambda question: None
    bench.run(ServiceDiscoveryReq)
    before = bench.session
    bench.feed(Consulted(bench.questions[0].number, SIGNED))
    assert bench.session == before


# Installation.


def contracts(remaining: int) -> Any:
    """Gives contracts, and says so often that there are more."""
    left = [remaining]

    def answer(request: Any, good: Any) -> Any:
        left[0] -= 1
        return good.but(remaining_contract_certificate_chains=left[0] + 1)

    return answer


def fetching(remaining: int = 0, wish: evcc.PlugAndCharge = EMPTY) -> Bench:
    bench = car(wish, installs=True)
    bench.charger.answers[CertificateInstallationReq] = contracts(remaining)
    return bench


def test_a_car_without_contract_fetches_one_and_shows_it() -> None:
    bench = fetching().run(CertificateInstallationReq)
    request = bench.last
    assert request.header.signature == signature()
    assert request.oem_provisioning_certificate_chain.certificate == b"oem"
    assert request.maximum_contract_certificate_chains == 4
    bench.run(ServiceDiscoveryReq)
    assert shown(bench) == [b"3"]
    assert [question.matter for question in bench.questions] == [Matter.SIGN, Matter.OPEN, Matter.SIGN]
    assert bench.questions[0].key == ""
    assert [contract.emaid for contract in bench.session.installed] == [FRESH.name]


@pytest.mark.case("AUT-27")
@pytest.mark.parametrize(("remaining", "maximum", "asks"), [(2, 4, 3), (2, 2, 2), (0, 4, 1), (9, 1, 1)])
def test_contracts_are_fetched_until_there_are_no_more_or_enough(remaining: int, maximum: int, asks: int) -> None:
    bench = fetching(remaining, replace(EMPTY, maximum=maximum)).run(ServiceDiscoveryReq)
    requests = [request for request in bench.sent if isinstance(request, CertificateInstallationReq)]
    assert len(requests) == asks
    assert [request.maximum_contract_certificate_chains for request in requests] == [maximum - i for i in range(asks)]


@pytest.mark.case("AUT-25")
def test_a_contract_that_does_not_open_is_not_shown() -> None:
    bench = fetching(2)
    bench.adviser = lambda question: SIGNED if question.matter is Matter.SIGN else Advice(why="its key does not decrypt")
    bench.run(ServiceDiscoveryReq)
    assert shown(bench) == [b""]
    assert bench.session.installed == ()
    assert [type(request) for request in bench.sent].count(CertificateInstallationReq) == 1


@pytest.mark.parametrize("code", [ResponseCode.WARNING_NoContractMatchingPCIDFound, ResponseCode.WARNING_NoCertificateAvailable])
def test_no_contract_to_fetch_leaves_other_means(code: ResponseCode) -> None:
    bench = fetching()
    bench.charger.answers[CertificateInstallationReq] = lambda request, good: good.but(response_code=code)
    bench.run(ServiceDiscoveryReq)
    assert shown(bench) == [b""]


def test_a_contract_that_expires_soon_is_renewed_before_services_are_discovered() -> None:
    bench = fetching(wish=replace(EMPTY, contracts=(FIRST,)))
    bench.charger.answers[AuthorizationReq] = warned(ResponseCode.OK_CertificateExpiresSoon)
    bench.run()
    assert bench.names()[3:6] == ["AuthorizationReq", "CertificateInstallationReq", "ServiceDiscoveryReq"]
    assert bench.closed is not None
    assert bench.closed.clean


def test_contracts_are_fetched_only_where_that_is_announced() -> None:
    bench = car(EMPTY, installs=False).run(ServiceDiscoveryReq)
    assert shown(bench) == [b""]
