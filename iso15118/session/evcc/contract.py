"""What the car asks with a contract, or for one: which way it takes, what has to be signed for it, and what it makes of refusals.

Each contract is shown once, then contracts are installed where that is offered, then other means are taken; the same request is never made
twice after a refusal. Signing and opening are asked of whoever holds the keys (`consult`); while the answer is out, nothing is sent.
"""

from __future__ import annotations

from typing import Final

from iso15118.errors import CodecError, PeerError
from iso15118.exi import Message
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.authorization import (
    Authorization,
    AuthorizationReq,
    AuthorizationSetupRes,
    PnC_AReqAuthorizationMode,
    PnC_ASResAuthorizationMode,
)
from iso15118.messages.v20.certificate import (
    CertificateInstallationReq,
    CertificateInstallationRes,
    ContractCertificateChain,
    SignedCertificateChain,
    SubCertificates,
)
from iso15118.messages.v20.common import Header, ListOfRootCertificateIDs, Processing, ResponseCode
from iso15118.messages.v20.metering import Dynamic_SMDTControlMode, Scheduled_SMDTControlMode, SignedMeteringData
from iso15118.messages.v20.schedule import ScheduleExchangeRes
from iso15118.messages.xmldsig import Signature, X509IssuerSerial
from iso15118.sequence.phases import Phase
from iso15118.session.consult import Advice, Matter, Question
from iso15118.session.evcc.state import Contract, PlugAndCharge, Read, Session, Way
from iso15118.session.signed_prices import signed_elements, without_prices
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace

CONTRACT_ID: Final = "contract"
PROVISIONING_ID: Final = "provisioning"
METER_ID: Final = "meter"
"""Ids of signed elements, by which signatures refer to them."""
_HERE: Final = (Phase.AUTHORIZATION, Phase.SERVICE_DISCOVERY)
NONE: Final = PlugAndCharge()


def begun(session: Session, response: AuthorizationSetupRes, snapshot: EvccSnapshot) -> Session:
    """The session on the way it takes first: a contract in force that the charger may take, one to be installed, or other means."""
    pnc, mode = session.config.plug_and_charge, response.authorization_mode
    eim = Authorization.EIM in response.authorization_services
    session = replace(session, eim_offered=eim)
    shown = Authorization.PnC in response.authorization_services and isinstance(mode, PnC_ASResAuthorizationMode)
    if pnc is None or not shown or not isinstance(mode, PnC_ASResAuthorizationMode) or not (session.secure or pnc.insecure):
        return _next(session)
    contracts = tuple(each for each in pnc.contracts if not each.ends or each.ends > snapshot.clock)
    if mode.supported_providers is not None:
        providers = tuple(provider.upper() for provider in mode.supported_providers.provider_id)
        contracts = tuple(each for each in contracts if each.emaid.upper().startswith(providers))
    installable = response.certificate_installation_service and bool(pnc.provisioning) and bool(pnc.roots)
    return _next(replace(session, challenge=mode.gen_challenge, untried=contracts, installable=installable))


def _next(session: Session) -> Session:
    """The session on the next way there is; without any it ends in order."""
    session = replace(session, signature=None, question=None, opening=None)
    if session.phase is Phase.SERVICE_DISCOVERY:
        return replace(session, way=Way.CONTRACT)  # it is authorised already
    if session.untried and session.challenge:
        contract, *others = session.untried
        return replace(session, way=Way.CONTRACT, contract=contract, untried=tuple(others))
    session = replace(session, contract=None)
    if session.installable:
        return replace(session, way=Way.INSTALL)
    if session.eim_offered:
        return replace(session, way=Way.EIM)
    if session.stop:
        return session
    why = "no contract of ours is taken" if session.challenge else "the charger offers no way to be authorised that we know"
    return replace(session, way=Way.EIM, stop=f"{why}, and no other means", stop_code="NoAuthorizationService")


def refused(session: Session, code: ResponseCode | str) -> tuple[Session, str]:
    """The session after its way was refused, and what is told of it."""
    told = f"{session.way} refused: {code}"
    if session.way is Way.EIM:
        return replace(session, stop=f"not authorised: {code}", stop_code="AuthorizationFailed"), told
    if session.way is Way.INSTALL:
        session = replace(session, installable=False)
    return _next(session), told


def expiring(session: Session) -> Session:
    """The session that is authorised, by a contract that soon is none: a new one is asked for, where it can be."""
    return replace(session, way=Way.INSTALL, signature=None, question=None) if session.installable else session


def question(session: Session) -> Question | None:
    """What has to be asked of the holder of our keys before anything is sent; None: nothing, or it is being asked."""
    if session.question is not None or session.stop:
        return None
    number = session.consulted + 1
    if session.phase.loop and session.contract is not None and signs_reading(session):
        data = reading(session)
        return None if data is None else Question(number, Matter.SIGN, data, session.contract.emaid)
    if session.phase not in _HERE:
        return None
    if session.opening is not None:
        return Question(number, Matter.OPEN, session.opening)
    if session.signature is not None:
        return None
    if session.way is Way.INSTALL:
        return Question(number, Matter.SIGN, _provisioning(session))
    if session.way is Way.CONTRACT and session.phase is Phase.AUTHORIZATION and session.contract is not None:
        return Question(number, Matter.SIGN, _mode(session, session.contract), session.contract.emaid)
    return None


def waits(session: Session) -> bool:
    """True while nothing can be sent for want of an answer."""
    return session.phase in _HERE and (session.question is not None or question(session) is not None)


def consulted(session: Session, number: int, advice: Advice) -> tuple[Session, str]:
    """The session with the answer, and what is told of it; an answer to another question is passed over."""
    asked = session.question
    if asked is None or asked.number != number:
        return session, ""
    session = replace(session, question=None)
    if asked.matter is Matter.OPEN:
        return _opened(session, advice)
    try:
        _, signature = SCHEMAS[COMMON].decode_fragment(advice.octets) if advice.octets else ("", None)
    except CodecError:
        signature = None
    if isinstance(asked.message, SignedMeteringData):
        if isinstance(signature, Signature):
            return replace(session, signed=(asked.message, signature)), ""
        return replace(session, unconfirmed=None), f"the reading is not confirmed: {advice.why or 'nobody signs it'}"
    if isinstance(signature, Signature):
        return replace(session, signature=signature), ""
    return refused(session, f"nobody signs for us: {advice.why or 'no answer'}")


def _opened(session: Session, advice: Advice) -> tuple[Session, str]:
    """A contract that is ours is shown next, unless there are more to fetch."""
    response, pnc = session.opening, session.config.plug_and_charge or NONE
    if not advice.name or not advice.chain or response is None:
        return refused(session, f"the contract is not for us: {advice.why or 'no answer'}")
    contract = Contract(advice.name, advice.chain)
    session = replace(session, opening=None, installed=(*session.installed, contract), untried=(*session.untried, contract))
    more = response.remaining_contract_certificate_chains > 0 and len(session.installed) < pnc.maximum
    if more:
        return session, f"contract {contract.emaid} is installed, and there are more"
    return _next(replace(session, installable=False)), f"contract {contract.emaid} is installed"


def ask_contract(session: Session, header: Header, snapshot: EvccSnapshot) -> AuthorizationReq:
    """The contract with the challenge, signed."""
    if session.contract is None:
        raise CodecError("no contract to show")
    return AuthorizationReq(
        header=header.but(signature=session.signature),
        selected_authorization_service=Authorization.PnC,
        authorization_mode=_mode(session, session.contract),
    )


def ask_installation(session: Session, header: Header, snapshot: EvccSnapshot) -> CertificateInstallationReq:
    """As many contracts as are still wanted, by the provisioning chain, signed."""
    pnc = session.config.plug_and_charge or NONE
    roots = tuple(X509IssuerSerial(x509_issuer_name=issuer, x509_serial_number=serial) for issuer, serial in pnc.roots)
    return CertificateInstallationReq(
        header=header.but(signature=session.signature),
        oem_provisioning_certificate_chain=_provisioning(session),
        list_of_root_certificate_ids=ListOfRootCertificateIDs(root_certificate_id=roots),
        maximum_contract_certificate_chains=max(1, pnc.maximum - len(session.installed)),
    )


def read_installation(session: Session, response: CertificateInstallationRes, snapshot: EvccSnapshot) -> Read:
    """A contract to be looked at; a warning means that there is none."""
    times = session.config.times
    if response.response_code.startswith("WARNING"):
        session, told = refused(session, response.response_code)
        return Read(session, notes=(told,))
    if response.evse_processing is not Processing.Finished:
        return Read(session, pause=times.retry, busy=times.ongoing_evcc)
    return Read(replace(session, opening=response))


def signs_reading(session: Session) -> bool:
    """True while a reading is to be confirmed that the contract which pays has still to sign."""
    if session.contract is None or session.unconfirmed is None:
        return False
    return session.signed is None or session.signed[0] != reading(session)


def reading(session: Session) -> SignedMeteringData | None:
    """The reading to be confirmed just as it was told, and under what; None: there is none."""
    if session.unconfirmed is None:
        return None
    mode: Dynamic_SMDTControlMode | Scheduled_SMDTControlMode = Dynamic_SMDTControlMode()
    if session.chosen is not None and not session.dynamic:
        mode = Scheduled_SMDTControlMode(selected_schedule_tuple_id=session.chosen.id)
    return SignedMeteringData(id=METER_ID, session_id=session.id, meter_info=session.unconfirmed, control_mode=mode)


def _mode(session: Session, contract: Contract) -> PnC_AReqAuthorizationMode:
    leaf, *subs = contract.chain
    chain = ContractCertificateChain(certificate=leaf, sub_certificates=SubCertificates(certificate=tuple(subs)))
    return PnC_AReqAuthorizationMode(id=CONTRACT_ID, gen_challenge=session.challenge, contract_certificate_chain=chain)


def _provisioning(session: Session) -> SignedCertificateChain:
    leaf, *subs = (session.config.plug_and_charge or NONE).provisioning
    above = SubCertificates(certificate=tuple(subs)) if subs else None
    return SignedCertificateChain(id=PROVISIONING_ID, certificate=leaf, sub_certificates=above)


def repeated(request: Message, header: Header) -> Message:
    """The request unchanged but for its time stamp [V2G20-1582]; its signature is part of it."""
    before: Header | None = getattr(request, "header", None)
    return request.but(header=header if before is None else header.but(signature=before.signature))


def proven(session: Session, response: ScheduleExchangeRes) -> tuple[ScheduleExchangeRes, str]:
    """The response with the prices that may be believed, and what is told of the others.

    Signed ones are by the authority that has signed our contract, or they count as none. Without a contract nobody can tell.
    """
    elements, signature = signed_elements(response), response.header.signature
    if signature is None or not elements or session.contract is None:
        return response, "" if signature is None else "the charger signs what we cannot verify"
    from iso15118.pki.chain import ChainError, key_of, load
    from iso15118.pki.signature import STANDARD, verify

    try:
        verify(signature, elements, response, key_of(load(session.contract.chain[1])), STANDARD)
    except (PeerError, ChainError) as error:
        return without_prices(response), f"prices count as none: {error}"
    return response, ""
