"""What the messages of ISO 15118-20 share: header, response codes, status, display and meter words, and the bases they extend.

A time stamp is microseconds since the epoch, UTC, on the charger's clock once the session is set up [V2G20-2676]. Power, energy and
current are positive into the vehicle [V2G20-1034] [V2G20-1035]. State of charge is in percent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from iso15118.exi import Enumeration, Message, Name, Occurs
from iso15118.messages.facets import (
    Byte,
    MeterID,
    MeterSignature,
    NumericID,
    Percent,
    SessionID,
    Short,
    UnsignedInt,
    UnsignedLong,
    UnsignedShort,
)
from iso15118.messages.xmldsig import Signature, X509IssuerSerial


class ResponseCode(Enumeration):
    """How the charger took a request. FAILED and FAILED_ end the session, OK and WARNING_ do not."""

    OK = "OK"
    OK_CertificateExpiresSoon = "OK_CertificateExpiresSoon"
    OK_NewSessionEstablished = "OK_NewSessionEstablished"
    OK_OldSessionJoined = "OK_OldSessionJoined"
    OK_PowerToleranceConfirmed = "OK_PowerToleranceConfirmed"
    WARNING_AuthorizationSelectionInvalid = "WARNING_AuthorizationSelectionInvalid"
    WARNING_CertificateExpired = "WARNING_CertificateExpired"
    WARNING_CertificateNotYetValid = "WARNING_CertificateNotYetValid"
    WARNING_CertificateRevoked = "WARNING_CertificateRevoked"
    WARNING_CertificateValidationError = "WARNING_CertificateValidationError"
    WARNING_ChallengeInvalid = "WARNING_ChallengeInvalid"
    WARNING_EIMAuthorizationFailure = "WARNING_EIMAuthorizationFailure"
    WARNING_eMSPUnknown = "WARNING_eMSPUnknown"
    WARNING_EVPowerProfileViolation = "WARNING_EVPowerProfileViolation"
    WARNING_GeneralPnCAuthorizationError = "WARNING_GeneralPnCAuthorizationError"
    WARNING_NoCertificateAvailable = "WARNING_NoCertificateAvailable"
    WARNING_NoContractMatchingPCIDFound = "WARNING_NoContractMatchingPCIDFound"
    WARNING_PowerToleranceNotConfirmed = "WARNING_PowerToleranceNotConfirmed"
    WARNING_ScheduleRenegotiationFailed = "WARNING_ScheduleRenegotiationFailed"
    WARNING_StandbyNotAllowed = "WARNING_StandbyNotAllowed"
    WARNING_WPT = "WARNING_WPT"
    FAILED = "FAILED"
    FAILED_AssociationError = "FAILED_AssociationError"
    FAILED_ContactorError = "FAILED_ContactorError"
    FAILED_EVPowerProfileInvalid = "FAILED_EVPowerProfileInvalid"
    FAILED_EVPowerProfileViolation = "FAILED_EVPowerProfileViolation"
    FAILED_MeteringSignatureNotValid = "FAILED_MeteringSignatureNotValid"
    FAILED_NoEnergyTransferServiceSelected = "FAILED_NoEnergyTransferServiceSelected"
    FAILED_NoServiceRenegotiationSupported = "FAILED_NoServiceRenegotiationSupported"
    FAILED_PauseNotAllowed = "FAILED_PauseNotAllowed"
    FAILED_PowerDeliveryNotApplied = "FAILED_PowerDeliveryNotApplied"
    FAILED_PowerToleranceNotConfirmed = "FAILED_PowerToleranceNotConfirmed"
    FAILED_ScheduleRenegotiation = "FAILED_ScheduleRenegotiation"
    FAILED_ScheduleSelectionInvalid = "FAILED_ScheduleSelectionInvalid"
    FAILED_SequenceError = "FAILED_SequenceError"
    FAILED_ServiceIDInvalid = "FAILED_ServiceIDInvalid"
    FAILED_ServiceSelectionInvalid = "FAILED_ServiceSelectionInvalid"
    FAILED_SignatureError = "FAILED_SignatureError"
    FAILED_UnknownSession = "FAILED_UnknownSession"
    FAILED_WrongChargeParameter = "FAILED_WrongChargeParameter"


class Processing(Enumeration):
    """Whether a side is done, or the same request is to be repeated."""

    Finished = "Finished"
    Ongoing = "Ongoing"
    Ongoing_WaitingForCustomerInteraction = "Ongoing_WaitingForCustomerInteraction"


class EVSENotification(Enumeration):
    """What the charger asks the vehicle to do next."""

    Pause = "Pause"
    ExitStandby = "ExitStandby"
    Terminate = "Terminate"
    ScheduleRenegotiation = "ScheduleRenegotiation"
    ServiceRenegotiation = "ServiceRenegotiation"
    MeteringConfirmation = "MeteringConfirmation"


class RationalNumber(Message):
    """value x 10**exponent, in the unit of its element (W, V, A, Wh, or money). To and from numbers: `rational`."""

    shared: ClassVar[bool] = True

    exponent: Byte
    value: Short


class Header(Message):
    """The session, the sender's time in microseconds, and the signature over elements of the message, if any is signed."""

    session_id: SessionID
    time_stamp: UnsignedLong
    signature: Signature | None = None


class Request(Message):
    """Base of what the vehicle says."""

    header: Header


class Response(Message):
    """Base of what the charger says."""

    header: Header
    response_code: ResponseCode


class DisplayParameters(Message):
    """What the vehicle lets the charger show: states of charge in %, remaining times in s, capacity in Wh."""

    present_soc: Percent | None = None
    minimum_soc: Percent | None = None
    target_soc: Percent | None = None
    maximum_soc: Percent | None = None
    remaining_time_to_minimum_soc: UnsignedInt | None = None
    remaining_time_to_target_soc: UnsignedInt | None = None
    remaining_time_to_maximum_soc: UnsignedInt | None = None
    charging_complete: bool | None = None
    battery_energy_capacity: RationalNumber | None = None
    inlet_hot: bool | None = None


class EVSEStatus(Message):
    """A wish of the charger and how long the vehicle may take to follow, in s. Absent when there is nothing to say."""

    notification_max_delay: UnsignedShort
    evse_notification: EVSENotification


class MeterInfo(Message):
    """The meter's reading for this service session; all energies are counters >= 0, discharge in its own. The time stamp is the meter's."""

    meter_id: MeterID
    charged_energy_reading_wh: Annotated[UnsignedLong, Name("ChargedEnergyReadingWh")]
    bpt_discharged_energy_reading_wh: Annotated[UnsignedLong | None, Name("BPT_DischargedEnergyReadingWh")] = None
    capacitive_energy_reading_varh: Annotated[UnsignedLong | None, Name("CapacitiveEnergyReadingVARh")] = None
    bpt_inductive_energy_reading_varh: Annotated[UnsignedLong | None, Name("BPT_InductiveEnergyReadingVARh")] = None
    meter_signature: MeterSignature | None = None
    meter_status: Short | None = None
    meter_timestamp: UnsignedLong | None = None


class DetailedCost(Message):
    """An amount and the price of a unit, in the currency of the price schedule."""

    amount: RationalNumber
    cost_per_unit: RationalNumber


class DetailedTax(Message):
    """The amount of one tax, named by its rule."""

    tax_rule_id: NumericID
    amount: RationalNumber


class Receipt(Message):
    """What has been run up so far; the time anchor is in microseconds."""

    time_anchor: UnsignedLong
    energy_costs: DetailedCost | None = None
    occupancy_costs: DetailedCost | None = None
    additional_services_costs: DetailedCost | None = None
    overstay_costs: DetailedCost | None = None
    tax_costs: Annotated[tuple[DetailedTax, ...], Occurs(0, 10)] = ()


class ListOfRootCertificateIDs(Message):
    """The root certificates the vehicle holds."""

    root_certificate_id: Annotated[tuple[X509IssuerSerial, ...], Occurs(1, 20)]


class ChargeParameterDiscoveryReq(Request):
    """Base of the vehicle's limits, whatever the energy transfer type."""


class ChargeParameterDiscoveryRes(Response):
    """Base of the charger's limits, whatever the energy transfer type."""


class ChargeLoopReq(Request):
    """Base of the vehicle's turn in the charge loop."""

    display_parameters: DisplayParameters | None = None
    meter_info_requested: bool


class ChargeLoopRes(Response):
    """Base of the charger's turn in the charge loop."""

    evse_status: EVSEStatus | None = None
    meter_info: MeterInfo | None = None
    receipt: Receipt | None = None


class Scheduled_CLReqControlMode(Message):
    """Base of the vehicle's turn under a schedule; energies in Wh from now, negative: may be given back."""

    ev_target_energy_request: RationalNumber | None = None
    ev_maximum_energy_request: RationalNumber | None = None
    ev_minimum_energy_request: RationalNumber | None = None


class Scheduled_CLResControlMode(Message):
    """Base of the charger's turn under a schedule."""


class Dynamic_CLReqControlMode(Message):
    """Base of the vehicle's turn when the charger steers; departure in s from now, energies in Wh from now, negative: may be given back."""

    departure_time: UnsignedInt | None = None
    ev_target_energy_request: RationalNumber
    ev_maximum_energy_request: RationalNumber
    ev_minimum_energy_request: RationalNumber


class Dynamic_CLResControlMode(Message):
    """Base of the charger's turn when it steers: departure in s from now, states of charge in %, and s within which the vehicle follows."""

    departure_time: UnsignedInt | None = None
    minimum_soc: Percent | None = None
    target_soc: Percent | None = None
    ack_max_delay: UnsignedShort | None = None
