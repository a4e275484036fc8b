"""Which request follows where, and who reads its response: the car's side of the table in `sequence`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolRes
from iso15118.messages.v20 import authorization, certificate, dc, delivery, schedule, service
from iso15118.messages.v20 import session as wire
from iso15118.messages.v20.common import ChargeLoopRes, ChargeParameterDiscoveryRes, Header
from iso15118.power import Contactor
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import ALTERNATING, Transfer
from iso15118.session.evcc import ac_loop, ac_parameters, contract, dc_loop, dc_parameters, loop, parking, pause, services, setup
from iso15118.session.evcc import delivery as power
from iso15118.session.evcc import schedule as schedules
from iso15118.session.evcc.contactor import may_detect
from iso15118.session.evcc.state import Read, Rest, Session, Way
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace

Ask: TypeAlias = Callable[[Session, Header, EvccSnapshot], Message]

_ASKS: Final[Mapping[Phase, Ask]] = {
    Phase.APP_PROTOCOL: setup.ask_app_protocol,
    Phase.SESSION_SETUP: setup.ask_session_setup,
    Phase.AUTHORIZATION_SETUP: setup.ask_authorization_setup,
    Phase.AUTHORIZATION: setup.ask_authorization,
    Phase.SERVICE_DISCOVERY: services.ask_service_discovery,
    Phase.SERVICE_DETAIL: services.ask_service_detail,
    Phase.SERVICE_SELECTION: services.ask_service_selection,
    Phase.SCHEDULE_EXCHANGE: schedules.ask_schedule,
    Phase.CABLE_CHECK: power.ask_cable_check,
    Phase.PRE_CHARGE: power.ask_pre_charge,
    Phase.POWER_DELIVERY: power.ask_power_delivery,
    Phase.WELDING_DETECTION: power.ask_welding_detection,
    Phase.SESSION_STOP: power.ask_session_stop,
}

_BY_TRANSFER: Final[Mapping[tuple[Phase, Transfer | None], Ask]] = {
    **{(Phase.CHARGE_PARAMETERS, transfer): ac_parameters.ask_charge_parameters for transfer in ALTERNATING},
    **{(phase, transfer): ac_loop.ask_charge_loop for phase in (Phase.CHARGE_LOOP, Phase.STANDBY) for transfer in ALTERNATING},
    (Phase.CHARGE_PARAMETERS, Transfer.DC): dc_parameters.ask_charge_parameters,
    (Phase.CHARGE_LOOP, Transfer.DC): dc_loop.ask_charge_loop,
    (Phase.STANDBY, Transfer.DC): dc_loop.ask_charge_loop,
}
"""What is asked in the words of the chosen transfer."""

_OPEN: Final = (Phase.CABLE_CHECK, Phase.PRE_CHARGE)
_UNPOWERED: Final = (Phase.CABLE_CHECK, Phase.POWER_DELIVERY)
"""Here a pause may begin that the charger has asked for with the schedule."""


def upcoming(session: Session, snapshot: EvccSnapshot) -> Ask | None:
    """What to ask next; None: metal has to move first.

    A session that is to stop leaves the loop by PowerDelivery(Stop) and welding detection, and any other phase by SessionStop.
    Raises LocalError on a transfer that is not spoken here.
    """
    phase = session.phase
    if phase.loop and (way := _out_of(session, snapshot)) is not None:
        return way
    if session.rest is Rest.PAUSE and not session.stop and phase in _UNPOWERED:
        return power.ask_power_stop
    if phase is Phase.WELDING_DETECTION:
        if session.welding_over:
            return _stop(session)
        return power.ask_welding_detection if may_detect(session, snapshot) else None
    if session.stop:
        return _stop(session)
    if contract.waits(session):
        return None
    if session.way is Way.INSTALL and phase in (Phase.AUTHORIZATION, Phase.SERVICE_DISCOVERY):
        return contract.ask_installation
    if phase is Phase.CHARGE_PARAMETERS and session.service is not None and session.service.id in session.declined:
        return services.ask_service_discovery  # [V2G20-3154]
    if phase is Phase.SERVICE_SELECTION and services.undetailed(session) is not None:
        return services.ask_service_detail
    ask = _ASKS.get(phase) or _BY_TRANSFER.get((phase, session.transfer))
    if ask is None:
        raise LocalError(f"nothing to ask while {phase} is due")
    return ask


def _out_of(session: Session, snapshot: EvccSnapshot) -> Ask | None:
    """What leads out of the loop, or of standby, now; None: it goes on."""
    if session.stop or session.renegotiating:
        return power.ask_power_stop
    if session.rest is None:
        return power.ask_power_delivery if session.phase is Phase.STANDBY else None
    if not pause.ready(session, snapshot):
        return None
    if session.rest is Rest.PAUSE:
        return power.ask_power_stop
    return power.ask_power_standby if session.phase is Phase.CHARGE_LOOP else None


def _stop(session: Session) -> Ask | None:
    """The session's stop; None: the car has to check out of its parking space first."""
    return None if parking.before_stop(session) else power.ask_session_stop


def leaving(session: Session, snapshot: EvccSnapshot) -> Session:
    """The session, told to stop where the charge loop has reached its end, or our contactor stands where it must not.

    Cable check and pre-charge put voltage on the inlet, which a contactor that has not opened would let into the battery.
    """
    if session.stop:
        return session
    why = code = ""
    if session.phase.loop:
        why, code = loop.reason_to_stop(session, snapshot)
        if not why:
            return _resting(session, snapshot)
    elif session.phase in _OPEN and snapshot.reading.contactor.value is Contactor.CLOSED:
        why, code = "our contactor is closed though it was told to open", "ContactorError"
    return replace(session, stop=why, stop_code=code) if why else session


def _resting(session: Session, snapshot: EvccSnapshot) -> Session:
    """The session in the loop as its own plans and the charger's wishes have it: another service, a rest, or the end of one."""
    if session.phase is Phase.STANDBY:
        session = pause.woken(session, snapshot)
    elif session.rest is None:
        if loop.may_renegotiate(session):
            return replace(session, renegotiating=True)
        session = pause.by_plan(session, snapshot)
    if session.rest is not None and session.rest_from is None:
        return replace(session, rest_from=snapshot.now)
    return session


def read(session: Session, response: Message, snapshot: EvccSnapshot) -> Read:
    """What `response` to the outstanding request says. Raises PeerError where it breaks a rule, LocalError on what is no response."""
    match response:
        case dc.DC_ChargeLoopRes():
            return dc_loop.read_charge_loop(session, response, snapshot)
        case ChargeLoopRes():
            return ac_loop.read_charge_loop(session, response, snapshot)
        case supportedAppProtocolRes():
            return setup.read_app_protocol(session, response, snapshot)
        case wire.SessionSetupRes():
            return setup.read_session_setup(session, response, snapshot)
        case authorization.AuthorizationSetupRes():
            return setup.read_authorization_setup(session, response, snapshot)
        case authorization.AuthorizationRes():
            return setup.read_authorization(session, response, snapshot)
        case certificate.CertificateInstallationRes():
            return contract.read_installation(session, response, snapshot)
        case service.ServiceDiscoveryRes():
            return services.read_service_discovery(session, response, snapshot)
        case service.ServiceDetailRes():
            return services.read_service_detail(session, response, snapshot)
        case service.ServiceSelectionRes():
            return services.read_service_selection(session, response, snapshot)
        case dc.DC_ChargeParameterDiscoveryRes():
            return dc_parameters.read_charge_parameters(session, response, snapshot)
        case ChargeParameterDiscoveryRes():
            return ac_parameters.read_charge_parameters(session, response, snapshot)
        case schedule.ScheduleExchangeRes():
            return schedules.read_schedule(session, response, snapshot)
        case dc.DC_CableCheckRes():
            return power.read_cable_check(session, response, snapshot)
        case dc.DC_PreChargeRes():
            return power.read_pre_charge(session, response, snapshot)
        case delivery.PowerDeliveryRes():
            return power.read_power_delivery(session, response, snapshot)
        case dc.DC_WeldingDetectionRes():
            return power.read_welding_detection(session, response, snapshot)
        case wire.SessionStopRes():
            return power.read_session_stop(session, response, snapshot)
        case _:
            raise LocalError(f"{type(response).__name__} answers nothing a car asks")
