"""The order of messages: one table for both roles.

A row says: in this phase this request is legal, and after an answer with this outcome the session stands there. The charger looks a
request up when it comes; the car looks its own request up before it leaves. What has no row is refused: FAILED_SequenceError
[V2G20-459] at the charger, a LocalError in the car. A row may hold for some kinds of transfer only: direct current is isolated and
pre-charged, alternating current is not. `diagram` draws the table; a test walks the whole product of phases and requests. This is the
main stream; those beside it are in `streams`.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from iso15118.errors import PeerError
from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import PAYLOADS, payload_type_of
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.authorization import AuthorizationReq, AuthorizationSetupReq
from iso15118.messages.v20.certificate import CertificateInstallationReq
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_WeldingDetectionReq,
)
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.service import ServiceDetailReq, ServiceDiscoveryReq, ServiceSelectionReq
from iso15118.messages.v20.session import SessionSetupReq, SessionStopReq
from iso15118.sequence.phases import Phase


class Outcome(StrEnum):
    """How a request was answered, as far as the order of messages cares."""

    __hash__ = str.__hash__

    DONE = "finished"
    AGAIN = "ongoing or warning"
    START = "start"
    JOIN = "old session joined"
    STANDBY = "standby"
    STOP = "stop"
    RENEGOTIATE = "service renegotiation"


class Transfer(StrEnum):
    """The kind of energy transfer that a service is: whose messages it is spoken in, named after their schema set."""

    __hash__ = str.__hash__

    AC = "AC"
    DC = "DC"
    AC_DER_IEC = "AC_DER_IEC"
    AC_DER_SAE = "AC_DER_SAE"


EVERY: Final = frozenset(Transfer)
DC: Final = frozenset({Transfer.DC})
ALTERNATING: Final = EVERY - DC
DER: Final = frozenset({Transfer.AC_DER_IEC, Transfer.AC_DER_SAE})
"""Alternating current to a vehicle that is a resource of the grid."""


class Row(NamedTuple):
    """In `phase`, `request` is legal; answered with `outcome`, the session stands in `next`. So for these `transfers`."""

    phase: Phase
    request: type[Message]
    outcome: Outcome
    next: Phase
    transfers: frozenset[Transfer] = EVERY


_P, _O = Phase, Outcome

ROWS: Final = (
    Row(_P.APP_PROTOCOL, supportedAppProtocolReq, _O.DONE, _P.SESSION_SETUP),
    Row(_P.SESSION_SETUP, SessionSetupReq, _O.DONE, _P.AUTHORIZATION_SETUP),
    Row(_P.SESSION_SETUP, SessionSetupReq, _O.JOIN, _P.CHARGE_PARAMETERS),  # behind a pause [V2G20-1032]
    Row(_P.AUTHORIZATION_SETUP, AuthorizationSetupReq, _O.DONE, _P.AUTHORIZATION),
    Row(_P.AUTHORIZATION, AuthorizationReq, _O.AGAIN, _P.AUTHORIZATION),
    Row(_P.AUTHORIZATION, AuthorizationReq, _O.DONE, _P.SERVICE_DISCOVERY),
    # Contracts are installed before or behind authorisation, where that was announced [V2G20-2218].
    Row(_P.AUTHORIZATION, CertificateInstallationReq, _O.DONE, _P.AUTHORIZATION),
    Row(_P.SERVICE_DISCOVERY, CertificateInstallationReq, _O.DONE, _P.SERVICE_DISCOVERY),
    Row(_P.SERVICE_DISCOVERY, ServiceDiscoveryReq, _O.DONE, _P.SERVICE_DETAIL),
    Row(_P.SERVICE_DETAIL, ServiceDetailReq, _O.DONE, _P.SERVICE_SELECTION),
    Row(_P.SERVICE_SELECTION, ServiceDetailReq, _O.DONE, _P.SERVICE_SELECTION),
    Row(_P.SERVICE_SELECTION, ServiceSelectionReq, _O.DONE, _P.CHARGE_PARAMETERS),
    Row(_P.CHARGE_PARAMETERS, DC_ChargeParameterDiscoveryReq, _O.DONE, _P.SCHEDULE_EXCHANGE, DC),
    Row(_P.CHARGE_PARAMETERS, AC_ChargeParameterDiscoveryReq, _O.DONE, _P.SCHEDULE_EXCHANGE, ALTERNATING),
    # A car weighs the grid code first: it goes on [V2G20-3150], has done so [V2G20-3151], or wants another service [V2G20-3154].
    Row(_P.CHARGE_PARAMETERS, AC_ChargeParameterDiscoveryReq, _O.AGAIN, _P.CHARGE_PARAMETERS, DER),
    Row(_P.CHARGE_PARAMETERS, ServiceDiscoveryReq, _O.DONE, _P.SERVICE_DETAIL, DER),
    Row(_P.SCHEDULE_EXCHANGE, ScheduleExchangeReq, _O.AGAIN, _P.SCHEDULE_EXCHANGE),
    Row(_P.SCHEDULE_EXCHANGE, ScheduleExchangeReq, _O.DONE, _P.CABLE_CHECK, DC),
    Row(_P.SCHEDULE_EXCHANGE, ScheduleExchangeReq, _O.DONE, _P.POWER_DELIVERY, ALTERNATING),
    Row(_P.CABLE_CHECK, DC_CableCheckReq, _O.AGAIN, _P.CABLE_CHECK, DC),
    Row(_P.CABLE_CHECK, DC_CableCheckReq, _O.DONE, _P.PRE_CHARGE, DC),
    # A car may rest before anything is energised; the way to power then leads through a new session [V2G20-2122] [V2G20-1390].
    Row(_P.CABLE_CHECK, PowerDeliveryReq, _O.AGAIN, _P.CABLE_CHECK, DC),
    Row(_P.CABLE_CHECK, PowerDeliveryReq, _O.STANDBY, _P.STANDBY, DC),
    Row(_P.CABLE_CHECK, PowerDeliveryReq, _O.STOP, _P.WELDING_DETECTION, DC),
    Row(_P.PRE_CHARGE, DC_PreChargeReq, _O.AGAIN, _P.PRE_CHARGE, DC),
    Row(_P.PRE_CHARGE, DC_PreChargeReq, _O.DONE, _P.POWER_DELIVERY, DC),
    Row(_P.POWER_DELIVERY, PowerDeliveryReq, _O.AGAIN, _P.POWER_DELIVERY),
    Row(_P.POWER_DELIVERY, PowerDeliveryReq, _O.START, _P.CHARGE_LOOP),
    Row(_P.POWER_DELIVERY, PowerDeliveryReq, _O.STANDBY, _P.STANDBY),
    Row(_P.POWER_DELIVERY, PowerDeliveryReq, _O.STOP, _P.WELDING_DETECTION, DC),
    Row(_P.POWER_DELIVERY, PowerDeliveryReq, _O.STOP, _P.SESSION_STOP, ALTERNATING),
    Row(_P.CHARGE_LOOP, AC_ChargeLoopReq, _O.DONE, _P.CHARGE_LOOP, ALTERNATING),
    Row(_P.CHARGE_LOOP, DC_ChargeLoopReq, _O.DONE, _P.CHARGE_LOOP, DC),
    Row(_P.CHARGE_LOOP, PowerDeliveryReq, _O.AGAIN, _P.CHARGE_LOOP),
    Row(_P.CHARGE_LOOP, PowerDeliveryReq, _O.STANDBY, _P.STANDBY),
    Row(_P.CHARGE_LOOP, PowerDeliveryReq, _O.STOP, _P.WELDING_DETECTION, DC),
    Row(_P.CHARGE_LOOP, PowerDeliveryReq, _O.STOP, _P.SESSION_STOP, ALTERNATING),
    Row(_P.STANDBY, AC_ChargeLoopReq, _O.DONE, _P.STANDBY, ALTERNATING),
    Row(_P.STANDBY, DC_ChargeLoopReq, _O.DONE, _P.STANDBY, DC),
    Row(_P.STANDBY, PowerDeliveryReq, _O.AGAIN, _P.STANDBY),
    Row(_P.STANDBY, PowerDeliveryReq, _O.STANDBY, _P.STANDBY),
    Row(_P.STANDBY, PowerDeliveryReq, _O.START, _P.CHARGE_LOOP),
    Row(_P.STANDBY, PowerDeliveryReq, _O.STOP, _P.WELDING_DETECTION, DC),
    Row(_P.STANDBY, PowerDeliveryReq, _O.STOP, _P.SESSION_STOP, ALTERNATING),
    Row(_P.WELDING_DETECTION, DC_WeldingDetectionReq, _O.AGAIN, _P.WELDING_DETECTION, DC),
    Row(_P.WELDING_DETECTION, DC_WeldingDetectionReq, _O.DONE, _P.SESSION_STOP, DC),
    Row(_P.WELDING_DETECTION, SessionStopReq, _O.DONE, _P.ENDED, DC),
    Row(_P.SESSION_STOP, SessionStopReq, _O.DONE, _P.ENDED),
    # Behind the loop services may be chosen anew: same connection, same session, same authorisation.
    Row(_P.WELDING_DETECTION, SessionStopReq, _O.RENEGOTIATE, _P.SERVICE_DISCOVERY, DC),
    Row(_P.SESSION_STOP, SessionStopReq, _O.RENEGOTIATE, _P.SERVICE_DISCOVERY),
    # SessionStopReq is taken from SessionSetupRes until the first PowerDelivery(Start) [V2G20-2645].
    *(
        Row(phase, SessionStopReq, _O.DONE, _P.ENDED)
        for phase in (
            _P.AUTHORIZATION_SETUP,
            _P.AUTHORIZATION,
            _P.SERVICE_DISCOVERY,
            _P.SERVICE_DETAIL,
            _P.SERVICE_SELECTION,
            _P.CHARGE_PARAMETERS,
            _P.SCHEDULE_EXCHANGE,
            _P.POWER_DELIVERY,
        )
    ),
    Row(_P.CABLE_CHECK, SessionStopReq, _O.DONE, _P.ENDED, DC),
    Row(_P.PRE_CHARGE, SessionStopReq, _O.DONE, _P.ENDED, DC),
)

_NEXT: Final = {(transfer, row.phase, row.request, row.outcome): row.next for row in ROWS for transfer in row.transfers}
_NEXT_OF_ALL: Final = {(row.phase, row.request, row.outcome): row.next for row in ROWS if row.transfers == EVERY}
_LEGAL: Final = frozenset((transfer, row.phase, row.request) for row in ROWS for transfer in row.transfers)
_LEGAL_FOR_ALL: Final = frozenset((row.phase, row.request) for row in ROWS if row.transfers == EVERY)
_BY_NAME: Final = {cls.__name__: cls for cls in (AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq)}


@cache
def in_table(request: type[Message], transfer: Transfer | None) -> type[Message]:
    """The class under which the table knows a request of a session of this kind of transfer; Message: it is of another kind.

    The messages of distributed energy resources are those of alternating current in namespaces of their own, and stand in the table once.
    """
    spoken = PAYLOADS[payload_type_of(request)]
    if spoken not in EVERY:
        return request
    return _BY_NAME.get(request.__name__, request) if spoken == transfer else Message


def legal(phase: Phase, request: type[Message], transfer: Transfer | None) -> bool:
    """True if a request of this class may stand here. `transfer` None: no service is selected yet."""
    return (phase, request) in _LEGAL_FOR_ALL or (transfer, phase, in_table(request, transfer)) in _LEGAL


def require(phase: Phase, request: type[Message], transfer: Transfer | None) -> None:
    """Raises PeerError (FAILED_SequenceError) unless the request may stand here [V2G20-459]."""
    if not legal(phase, request, transfer):
        raise PeerError(f"{request.__name__} while {phase} is awaited", requirement="V2G20-459", code="FAILED_SequenceError")


def following(phase: Phase, request: type[Message], transfer: Transfer | None, outcome: Outcome = Outcome.DONE) -> Phase:
    """The phase after an answer with this outcome. Raises PeerError (FAILED_SequenceError) where the table has no such row."""
    found = (
        _NEXT_OF_ALL.get((phase, request, outcome))
        if transfer is None
        else _NEXT.get((transfer, phase, in_table(request, transfer), outcome))
    )
    if found is None:
        what = f"{request.__name__} ({outcome}) while {phase} is awaited"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
    return found


def diagram(transfer: Transfer) -> str:
    """The table for one kind of transfer as a Mermaid state diagram, for the documentation."""
    names = {phase: phase.name.title().replace("_", "") for phase in Phase}
    lines = ["stateDiagram-v2", f"    [*] --> {names[Phase.APP_PROTOCOL]}"]
    for row in ROWS:
        if transfer in row.transfers:
            said = row.request.__name__ if row.outcome is Outcome.DONE else f"{row.request.__name__} ({row.outcome})"
            lines.append(f"    {names[row.phase]} --> {names[row.next]}: {said}")
    return "\n".join([*lines, f"    {names[Phase.ENDED]} --> [*]"])
