"""What the charger says to every request in every phase, written out by hand: `session.secc` is held against it, cell by cell.

The requests are those of `tests.session.asked`, each as a car says it for the first time: an authorisation to be waited for, a pre-charge
that goes on, a PowerDelivery(Start), a SessionStop(Terminate). Not written out: everything that has no line, which is refused.
"""

from __future__ import annotations

from typing import NamedTuple

# Phase, request, transfer (DER: alternating current in the words of distributed resources); the response code, the next phase.
_TAKEN = """
APP_PROTOCOL         supportedAppProtocolReq         all  OK_SuccessfulNegotiation   SESSION_SETUP
SESSION_SETUP        SessionSetupReq                 all  OK_NewSessionEstablished   AUTHORIZATION_SETUP
AUTHORIZATION_SETUP  AuthorizationSetupReq           all  OK                         AUTHORIZATION
AUTHORIZATION_SETUP  SessionStopReq                  all  OK                         ENDED
AUTHORIZATION        AuthorizationReq                all  OK                         SERVICE_DISCOVERY
AUTHORIZATION        SessionStopReq                  all  OK                         ENDED
SERVICE_DISCOVERY    ServiceDiscoveryReq             all  OK                         SERVICE_DETAIL
SERVICE_DISCOVERY    SessionStopReq                  all  OK                         ENDED
SERVICE_DETAIL       ServiceDetailReq                all  OK                         SERVICE_SELECTION
SERVICE_DETAIL       SessionStopReq                  all  OK                         ENDED
SERVICE_SELECTION    ServiceDetailReq                all  OK                         SERVICE_SELECTION
SERVICE_SELECTION    ServiceSelectionReq             all  OK                         CHARGE_PARAMETERS
SERVICE_SELECTION    SessionStopReq                  all  OK                         ENDED
CHARGE_PARAMETERS    DC_ChargeParameterDiscoveryReq  DC   OK                         SCHEDULE_EXCHANGE
CHARGE_PARAMETERS    AC_ChargeParameterDiscoveryReq  AC   OK                         SCHEDULE_EXCHANGE
CHARGE_PARAMETERS    ServiceDiscoveryReq             DER  OK                         SERVICE_DETAIL
CHARGE_PARAMETERS    SessionStopReq                  all  OK                         ENDED
SCHEDULE_EXCHANGE    ScheduleExchangeReq             DC   OK                         CABLE_CHECK
SCHEDULE_EXCHANGE    ScheduleExchangeReq             AC   OK                         POWER_DELIVERY
SCHEDULE_EXCHANGE    SessionStopReq                  all  OK                         ENDED
CABLE_CHECK          DC_CableCheckReq                DC   OK                         CABLE_CHECK
CABLE_CHECK          PowerDeliveryReq                DC   FAILED_SequenceError       ENDED
CABLE_CHECK          SessionStopReq                  DC   OK                         ENDED
PRE_CHARGE           DC_PreChargeReq                 DC   OK                         PRE_CHARGE
PRE_CHARGE           SessionStopReq                  DC   OK                         ENDED
POWER_DELIVERY       PowerDeliveryReq                DC   OK                         CHARGE_LOOP
POWER_DELIVERY       PowerDeliveryReq                AC   later                      POWER_DELIVERY
POWER_DELIVERY       SessionStopReq                  all  OK                         ENDED
CHARGE_LOOP          DC_ChargeLoopReq                DC   OK                         CHARGE_LOOP
CHARGE_LOOP          AC_ChargeLoopReq                AC   OK                         CHARGE_LOOP
CHARGE_LOOP          PowerDeliveryReq                all  FAILED_SequenceError       ENDED
STANDBY              DC_ChargeLoopReq                DC   OK                         STANDBY
STANDBY              AC_ChargeLoopReq                AC   OK                         STANDBY
STANDBY              PowerDeliveryReq                DC   OK                         CHARGE_LOOP
STANDBY              PowerDeliveryReq                AC   OK                         CHARGE_LOOP
WELDING_DETECTION    DC_WeldingDetectionReq          DC   OK                         WELDING_DETECTION
WELDING_DETECTION    SessionStopReq                  DC   OK                         ENDED
SESSION_STOP         SessionStopReq                  all  OK                         ENDED
"""
LATER = "later"
"""Metal has to act first: the answer comes when it has."""
SILENCE = "silence"
"""The session is over: nothing is answered any more."""

_UNNAMED = ("supportedAppProtocolReq", "SessionSetupReq")
"""Requests that bear no SessionID of ours."""
_NOBODY = ("APP_PROTOCOL", "SESSION_SETUP")
"""Phases before the session has an id."""
_ENERGISED = {("CABLE_CHECK", "DC_CableCheckReq"), ("PRE_CHARGE", "DC_PreChargeReq"), ("POWER_DELIVERY", "PowerDeliveryReq")}
_ENERGISED |= {(phase, name) for phase in ("CHARGE_LOOP", "STANDBY") for name in ("DC_ChargeLoopReq", "AC_ChargeLoopReq")}
_ENERGISED |= {("STANDBY", "PowerDeliveryReq")}
"""Where voltage may be at the outlet after the answer, if everything is as it should be."""

TAKEN = {
    (phase, name, transfer): (code, next_)
    for phase, name, where, code, next_ in map(str.split, _TAKEN.strip().splitlines())
    for transfer in {"all": ("DC", "AC", "DER"), "AC": ("AC", "DER")}.get(where, (where,))
}


class Cell(NamedTuple):
    """What comes of a request: the code of the response that pairs with it, the next phase, and whether there may be power then."""

    code: str
    next: str
    power: bool = False


def expected(phase: str, request: str, transfer: str, *, served: bool, ours: bool) -> Cell:
    """The cell. `served`: the request is of a kind of transfer that is; `ours`: its SessionID is the one given out."""
    if phase == "ENDED":
        return Cell(SILENCE, "ENDED")
    refused = "Failed_NoNegotiation" if request == "supportedAppProtocolReq" else "FAILED_SequenceError"
    if not ours and request not in _UNNAMED and phase not in _NOBODY:
        return Cell("FAILED_UnknownSession", "ENDED")
    if not served or (phase, request, transfer) not in TAKEN:
        return Cell(refused, "ENDED")
    code, next_ = TAKEN[phase, request, transfer]
    return Cell(code, next_, next_ != "ENDED" and (phase, request) in _ENERGISED)
