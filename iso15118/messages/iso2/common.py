"""What the messages of ISO 15118-2 share: response codes, physical values, status and meter words, and the bases they extend.

Times of day are seconds since the epoch, UTC; delays and durations are in s. Energy flows only into the vehicle, so that power and current
are positive. State of charge is in percent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from iso15118.exi import Enumeration, Message, Name
from iso15118.messages.enumerations import DC_EVErrorCode, DC_EVSEStatusCode, EVSENotification
from iso15118.messages.facets import Long, MeterID, MeterSignature, Multiplier, Percent, Short, UnsignedLong, UnsignedShort


class ResponseCode(Enumeration):
    """How the charger took a request. FAILED and FAILED_ end the session, OK and OK_ do not."""

    OK = "OK"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    FAILED = "FAILED"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_PaymentSelectionInvalid = "FAILED_PaymentSelectionInvalid"
    FAILED_CertificateExpired = "FAILED_CertificateExpired"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_NoCertificateAvailable = "FAILED_NoCertificateAvailable"
    FAILED_CertChainError = "FAILED_CertChainError"
    FAILED_ChallengeInvalid = "FAILED_ChallengeInvalid"
    FAILED_ContractCanceled = "FAILED_ContractCanceled"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_TariffSelectionInvalid = "FAILED_TariffSelectionInvalid"
    FAILED_ChargingProfileInvalid = "FAILED_ChargingProfileInvalid"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoChargeServiceSelected = "FAILED_NoChargeServiceSelected"
    FAILED_WrongEnergyTransferMode = "FAILED_WrongEnergyTransferMode"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_CertificateNotAllowedAtThisEVSE = "FAILED_CertificateNotAllowedAtThisEVSE"
    FAILED_CertificateRevoked = "FAILED_CertificateRevoked"


class EVSEProcessing(Enumeration):
    """Whether the charger is done, or the same request is to be repeated."""

    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class IsolationLevel(Enumeration):
    """What the isolation monitor has found; invalid before it has tested."""

    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"
    No_IMD = "No_IMD"


class UnitSymbol(Enumeration):
    """The unit of a physical value: hours, minutes, seconds, A, V, W, Wh."""

    h = "h"
    m = "m"
    s = "s"
    A = "A"
    V = "V"
    W = "W"
    Wh = "Wh"


class PhysicalValue(Message):
    """value x 10**multiplier, in its own unit. To and from numbers: `messages.physical`."""

    shared: ClassVar[bool] = True

    multiplier: Multiplier
    unit: UnitSymbol
    value: Short


class Request(Message):
    """Base of what the vehicle says."""


class Response(Message):
    """Base of what the charger says."""

    response_code: ResponseCode


class EVSEStatus(Message):
    """Base of the charger's state: its wish, and within how many s the vehicle is to follow."""

    abstract = True

    notification_max_delay: UnsignedShort
    evse_notification: EVSENotification


class AC_EVSEStatus(EVSEStatus):
    """The state of an AC charger; `rcd`: its residual current device has tripped."""

    rcd: bool


class DC_EVSEStatus(EVSEStatus):
    """The state of a DC charger, and of its isolation."""

    evse_isolation_status: IsolationLevel | None = None
    evse_status_code: DC_EVSEStatusCode


class DC_EVStatus(Message):
    """The state of a vehicle charging by DC: whether it is ready, what is wrong, and its state of charge in %."""

    ev_ready: bool
    ev_error_code: DC_EVErrorCode
    ev_ress_soc: Annotated[Percent, Name("EVRESSSOC")]


class MeterInfo(Message):
    """The meter's reading (a counter in Wh), its signature, its state and its clock (s since the epoch)."""

    meter_id: MeterID
    meter_reading: UnsignedLong | None = None
    sig_meter_reading: MeterSignature | None = None
    meter_status: Short | None = None
    t_meter: Long | None = None
