"""`session.secc.contract`: a contract on offer, shown, judged by others, and one that is installed."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20 import authorization
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, AuthorizationRes, AuthorizationSetupReq
from iso15118.messages.v20.certificate import CertificateInstallationReq, CertificateInstallationRes
from iso15118.messages.v20.common import Processing, ResponseCode
from iso15118.messages.v20.service import ServiceDiscoveryReq
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.refusals import refusal
from iso15118.sequence.timers import STANDARD, Timer
from iso15118.service.evse import fresh_challenge
from iso15118.session import secc
from iso15118.session.commands import Arm, Close, Consult
from iso15118.session.consult import NO_ADVICE, Advice, Matter, Question
from iso15118.session.events import Connected, Consulted, Elapsed, Sent, Tick
from iso15118.value import replace
from tests.session.asked import SESSION_ID, request
from tests.session.contracts import CHALLENGE, EMAID, LEAF, PAYS, PNC, TAKES, showing, signature
from tests.session.playbook import Playbook, after, given, said, snapshot

ONGOING = said(AuthorizationRes, response_code=ResponseCode.OK, evse_processing=Processing.Ongoing)


def charger(
    config: secc.Config = TAKES, *, secure: bool = False, challenge: bytes = CHALLENGE, authorisation: Authorisation = Authorisation.PENDING
) -> Playbook:
    """A charger that is about to be asked for the ways to be authorised."""
    play = Playbook(secc.begin(config, SESSION_ID, challenge=challenge), secc.step, snapshot(authorisation=authorisation))
    play >> Connected(secure) >> request(supportedAppProtocolReq)
    play.skip() >> Sent() >> request(SessionSetupReq)
    return play.skip() >> Sent()


def told(config: secc.Config = TAKES) -> Playbook:
    """One that has told them."""
    play = charger(config) >> request(AuthorizationSetupReq)
    return play.skip() >> Sent()


def asked(play: Playbook) -> Question:
    """The question that goes with the last answer."""
    (consult,) = (command for command in play.commands if isinstance(command, Consult))
    question: Question = consult.question
    play.skip()
    return question


def ended(play: Playbook, code: ResponseCode) -> None:
    """The last request was refused so, and with that the session has ended."""
    assert play.sent().response_code is code
    assert play >> Sent() << Close


def judged(advice: Advice, config: secc.Config = TAKES) -> Playbook:
    """One that has been shown a contract, of which others say this, and is asked again."""
    play = told(config) >> showing()
    question = asked(play)
    return play >> Sent() >> Consulted(question.number, advice) >> after(0.2) >> showing()


@pytest.mark.case("AUT-02")
def test_contracts_are_on_offer_with_a_challenge() -> None:
    answer = (charger() >> request(AuthorizationSetupReq)).sent()
    assert answer.authorization_services == (Authorization.EIM, Authorization.PnC)
    assert answer.certificate_installation_service is True
    assert answer.authorization_mode.gen_challenge == CHALLENGE
    assert answer.authorization_mode.supported_providers.provider_id == ("DECLP",)


@pytest.mark.case("AUT-03")
def test_the_challenge_is_the_sessions_own() -> None:
    first, second = fresh_challenge(), fresh_challenge()
    told_ = [
        (charger(challenge=each) >> request(AuthorizationSetupReq)).sent().authorization_mode.gen_challenge for each in (first, second)
    ]
    assert told_ == [first, second]
    assert first != second
    assert len(first) == 16


@pytest.mark.parametrize(
    ("config", "secure", "challenge", "offered"),
    [
        (TAKES, False, CHALLENGE, True),
        (TAKES, False, b"", False),
        (replace(TAKES, plug_and_charge=replace(PNC, insecure=False)), False, CHALLENGE, False),
        (replace(TAKES, plug_and_charge=replace(PNC, insecure=False)), True, CHALLENGE, True),
        (secc.Config(), True, CHALLENGE, False),
    ],
)
def test_contracts_are_taken_over_tls_only_unless_the_bench_allows_it(
    config: secc.Config, secure: bool, challenge: bytes, offered: bool
) -> None:
    answer = (charger(config, secure=secure, challenge=challenge) >> request(AuthorizationSetupReq)).sent()
    assert (Authorization.PnC in answer.authorization_services) is offered
    assert isinstance(answer.authorization_mode, authorization.PnC_ASResAuthorizationMode) is offered


def test_contracts_alone() -> None:
    config = replace(TAKES, plug_and_charge=replace(PNC, eim=False, providers=()))
    answer = (charger(config) >> request(AuthorizationSetupReq)).sent()
    assert answer.authorization_services == (Authorization.PnC,)
    assert answer.authorization_mode.supported_providers is None
    play = told(config) >> given(authorisation=Authorisation.ACCEPTED) >> request(AuthorizationReq)
    assert play.sent().response_code is ResponseCode.WARNING_AuthorizationSelectionInvalid


@pytest.mark.case("AUT-17")
def test_a_contract_is_judged_by_others_while_the_car_waits() -> None:
    play = told()
    assert play >> showing() << Consult << ONGOING
    question = play.session.shown.question
    assert question.matter is Matter.AUTHORISE
    assert question.message == showing()
    for _ in range(3):
        assert play >> Sent() >> after(1.0) >> showing() << ONGOING
    play >> Consulted(question.number, PAYS) >> after(1.0) >> showing()
    assert play << said(AuthorizationRes, response_code=ResponseCode.OK, evse_processing=Processing.Finished)
    assert play.session.phase is Phase.SERVICE_DISCOVERY
    assert (play.session.emaid, play.session.contract) == (EMAID, LEAF)
    assert play.session.authorised(play.snapshot) is Authorisation.ACCEPTED


def test_who_withdraws_outranks_a_contract() -> None:
    play = judged(PAYS).skip() >> given(authorisation=Authorisation.REFUSED)
    assert play.session.authorised(play.snapshot) is Authorisation.REFUSED


@pytest.mark.case("AUT-20")
def test_nobody_judges() -> None:
    play = told() >> showing()
    play.skip() >> Sent() >> after(54.9) >> showing()
    play << ONGOING >> Sent() >> after(0.1) >> showing()
    ended(play, ResponseCode.FAILED)


WARNINGS = (
    "WARNING_CertificateExpired",
    "WARNING_CertificateNotYetValid",
    "WARNING_CertificateRevoked",
    "WARNING_CertificateValidationError",
    "WARNING_eMSPUnknown",
    "WARNING_GeneralPnCAuthorizationError",
)


@pytest.mark.parametrize("code", WARNINGS)
def test_a_warning_and_another_try(code: str) -> None:
    play = judged(Advice(code, EMAID, chain=(LEAF,)))
    assert play << said(AuthorizationRes, response_code=ResponseCode(code), evse_processing=Processing.Finished)
    assert play.session.phase is Phase.AUTHORIZATION
    assert not play.session.emaid
    play >> Sent() >> showing()
    assert play.sent().response_code is ResponseCode(code), "the same once more fares alike, unasked"
    assert play >> Sent() >> showing(leaf=b"other") << Consult << ONGOING
    play >> Sent() >> given(authorisation=Authorisation.ACCEPTED) >> request(AuthorizationReq)
    assert play.sent().response_code is ResponseCode.OK


@pytest.mark.parametrize(
    "advice",
    [
        NO_ADVICE,
        Advice("OK"),
        Advice("OK", EMAID),
        Advice("OK", chain=(LEAF,)),
        Advice("FAILED", EMAID, chain=(LEAF,)),
        Advice("yes"),
        Advice("WARNING_NobodyKnowsThis", EMAID, chain=(LEAF,)),
    ],
)
def test_whatever_is_no_clear_yes_is_a_no(advice: Advice) -> None:
    play = judged(advice)
    assert play.sent().response_code is ResponseCode.WARNING_GeneralPnCAuthorizationError
    assert play.session.phase is Phase.AUTHORIZATION
    assert play.session.authorised(play.snapshot) is Authorisation.PENDING


@pytest.mark.case("AUT-14")
@pytest.mark.parametrize("challenge", [bytes(16), CHALLENGE[:-1] + b"\x00"])
def test_another_challenge_is_a_warning_before_any_work(challenge: bytes) -> None:
    play = told() >> showing(challenge)
    assert play << said(AuthorizationRes, response_code=ResponseCode.WARNING_ChallengeInvalid, evse_processing=Processing.Finished)
    assert not any(isinstance(command, Consult) for command in play.commands)
    assert play >> Sent() >> showing() << Consult << ONGOING


def test_an_answer_to_another_question_is_passed_over() -> None:
    play = told() >> showing()
    question = asked(play)
    play >> Sent() >> showing(leaf=b"other")
    assert asked(play).number == question.number + 1
    play >> Sent() >> Consulted(question.number, PAYS) >> showing(leaf=b"other")
    assert play << ONGOING
    assert play >> Sent() >> Consulted(99, PAYS) >> showing(leaf=b"other") << ONGOING


def test_a_signature_that_changes_is_another_question() -> None:
    play = told() >> showing()
    asked(play)
    assert play >> Sent() >> showing(signed=b"other") << Consult << ONGOING


def test_contracts_are_not_tried_for_ever() -> None:
    play = told()
    for i in range(PNC.attempts):
        play >> showing(leaf=bytes([i]))
        asked(play)
        play >> Sent()
    play >> showing(leaf=b"last")
    ended(play, ResponseCode.FAILED)


# Installation.

PROVIDED = refusal(request(CertificateInstallationReq), ResponseCode.OK, session_id=bytes(8), time_stamp=0)


def provided() -> Advice:
    made = PROVIDED
    assert isinstance(made, CertificateInstallationRes)
    signed = made.but(header=made.header.but(signature=signature(b"cps")), remaining_contract_certificate_chains=2)
    return Advice("OK", EMAID, octets=SCHEMAS[COMMON].encode(signed))


@pytest.mark.case("AUT-22")
def test_a_contract_is_given_as_soon_as_it_is_there() -> None:
    play = told() >> request(CertificateInstallationReq)
    question = asked(play)
    assert question.matter is Matter.PROVIDE
    assert Arm(Timer.ANSWER, STANDARD.installation) in play.commands
    play >> after(0.3) >> Tick() >> after(0.1) >> Consulted(question.number, provided())
    answer = play.sent()
    assert isinstance(answer, CertificateInstallationRes)
    assert (answer.response_code, answer.remaining_contract_certificate_chains) == (ResponseCode.OK, 2)
    assert answer.header.session_id == SESSION_ID
    assert answer.header.signature == signature(b"cps")
    assert play.session.phase is Phase.AUTHORIZATION
    assert play >> Sent() >> showing() << Consult << ONGOING


@pytest.mark.case("AUT-23")
@pytest.mark.parametrize("code", ["WARNING_NoContractMatchingPCIDFound", "WARNING_NoCertificateAvailable", "WARNING_CertificateExpired"])
def test_no_contract_is_a_warning_and_authorisation_is_still_possible(code: str) -> None:
    play = told() >> request(CertificateInstallationReq)
    play >> Consulted(asked(play).number, Advice(code))
    answer = play.sent()
    assert (answer.response_code, answer.evse_processing) == (ResponseCode(code), Processing.Finished)
    assert play.session.phase is Phase.AUTHORIZATION
    assert play >> Sent() >> showing() << Consult << ONGOING


@pytest.mark.case("AUT-24")
def test_a_silent_provider_is_a_warning_in_time() -> None:
    play = told() >> request(CertificateInstallationReq)
    question = asked(play)
    play >> after(STANDARD.installation) >> Elapsed(Timer.ANSWER)
    answer = play.sent()
    assert answer.response_code is ResponseCode.WARNING_NoCertificateAvailable
    assert play >> Sent() >> Consulted(question.number, provided()) >> Tick()
    assert play.session.phase is Phase.AUTHORIZATION


@pytest.mark.parametrize("advice", [NO_ADVICE, Advice("OK", EMAID), Advice("OK", EMAID, octets=SCHEMAS[COMMON].encode(showing()))])
def test_what_is_no_contract_is_none(advice: Advice) -> None:
    play = told() >> request(CertificateInstallationReq)
    play >> Consulted(asked(play).number, advice)
    assert play.sent().response_code.startswith("WARNING_")


def test_a_request_that_is_not_signed_right_ends_the_session() -> None:
    play = told() >> request(CertificateInstallationReq)
    play >> Consulted(asked(play).number, Advice("FAILED_SignatureError", why="altered"))
    ended(play, ResponseCode.FAILED_SignatureError)
    play = told() >> request(CertificateInstallationReq)
    play >> Consulted(asked(play).number, Advice("FAILED_NobodyKnowsThis", why="a provider of its own mind"))
    ended(play, ResponseCode.FAILED)


def test_what_was_not_announced_is_out_of_order() -> None:
    play = told(replace(TAKES, plug_and_charge=replace(PNC, installation=False))) >> request(CertificateInstallationReq)
    ended(play, ResponseCode.FAILED_SequenceError)


@pytest.mark.case("AUT-13")
@pytest.mark.parametrize(("code", "allowed"), [("OK_CertificateExpiresSoon", True), ("OK", False)])
def test_behind_authorisation_a_contract_is_installed_where_the_old_one_expires_soon(code: str, allowed: bool) -> None:
    play = judged(replace(PAYS, code=code))
    assert play.sent().response_code is ResponseCode(code)
    assert play.session.phase is Phase.SERVICE_DISCOVERY
    play >> Sent() >> request(CertificateInstallationReq)
    if not allowed:
        ended(play, ResponseCode.FAILED_SequenceError)
        return
    play >> Consulted(asked(play).number, provided())
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.SERVICE_DISCOVERY
    play >> Sent() >> request(ServiceDiscoveryReq)
    assert play.sent().response_code is ResponseCode.OK
