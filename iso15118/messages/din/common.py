"""What the messages of DIN 70121 share: response codes, physical values, status and meter words, and the bases they extend.

Times of day are seconds since the epoch, UTC; delays and durations are in s. Energy flows only into the vehicle, so that power and current
are positive. State of charge is in percent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from iso15118.exi import Enumeration, Message, Name
from iso15118.messages.din.facets import SigMeterReading
from iso15118.messages.enumerations import DC_EVErrorCode, DC_EVSEStatusCode, EVSENotification
from iso15118.messages.facets import Long, MeterID, Multiplier, Percent, Short, UnsignedInt


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
    FAILED_EVSEPresentVoltageToLow = "FAILED_EVSEPresentVoltageToLow"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_WrongEnergyTransferType = "FAILED_WrongEnergyTransferType"


class EVSEProcessing(Enumeration):
    """Whether the charger is done, or the same request is to be repeated."""

    Finished = "Finished"
    Ongoing = "Ongoing"


class IsolationLevel(Enumeration):
    """What the isolation monitor has found; invalid before it has tested."""

    Invalid = "Invalid"
    Valid = "Valid"
    Warning = "Warning"
    Fault = "Fault"


class UnitSymbol(Enumeration):
    """The unit of a physical value: hours, minutes, seconds, A, Ah, V, VA, W, W/s, Wh."""

    h = "h"
    m = "m"
    s = "s"
    A = "A"
    Ah = "Ah"
    V = "V"
    VA = "VA"
    W = "W"
    W_s = "W/s"
    Wh = "Wh"


class PhysicalValue(Message):
    """value x 10**multiplier, in its own unit or, where none is told, in that of its element. To and from numbers: `messages.physical`."""

    shared: ClassVar[bool] = True

    multiplier: Multiplier
    unit: UnitSymbol | None = None
    value: Short


class Request(Message):
    """Base of what the vehicle says."""


class Response(Message):
    """Base of what the charger says."""

    response_code: ResponseCode


class AC_EVSEStatus(Message):
    """The state of an AC charger and of its residual current device, its wish, and within how many s the vehicle is to follow."""

    power_switch_closed: bool
    rcd: bool
    notification_max_delay: UnsignedInt
    evse_notification: EVSENotification


class DC_EVSEStatus(Message):
    """The state of a DC charger and of its isolation, its wish, and within how many s the vehicle is to follow."""

    evse_isolation_status: IsolationLevel | None = None
    evse_status_code: DC_EVSEStatusCode
    notification_max_delay: UnsignedInt
    evse_notification: EVSENotification


class DC_EVStatus(Message):
    """The state of a vehicle: whether it is ready, whether it conditions cabin or battery, what is wrong, and its state of charge in %."""

    ev_ready: bool
    ev_cabin_conditioning: bool | None = None
    ev_ress_conditioning: Annotated[bool | None, Name("EVRESSConditioning")] = None
    ev_error_code: DC_EVErrorCode
    ev_ress_soc: Annotated[Percent, Name("EVRESSSOC")]


class MeterInfo(Message):
    """The meter's reading (a counter, Wh), its signature, its state and its clock (s since the epoch)."""

    meter_id: MeterID
    meter_reading: PhysicalValue | None = None
    sig_meter_reading: SigMeterReading | None = None
    meter_status: Short | None = None
    t_meter: Long | None = None
