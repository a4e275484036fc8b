"""Enumerations that ISO 15118-2 and DIN 70121 define alike, value for value and in the same order. What differs is in the editions."""

from __future__ import annotations

from iso15118.exi import Enumeration


class ServiceCategory(Enumeration):
    """What a service is about."""

    EVCharging = "EVCharging"
    Internet = "Internet"
    ContractCertificate = "ContractCertificate"
    OtherCustom = "OtherCustom"


class PaymentOption(Enumeration):
    """Who pays: a contract in the vehicle, or means outside it."""

    Contract = "Contract"
    ExternalPayment = "ExternalPayment"


class EnergyTransferMode(Enumeration):
    """A way to transfer energy. DC runs over the pins of AC (core), over the extra pins of a combined connector (extended) or its AC pins
    (combo core), or has a connector of its own (unique).
    """

    AC_single_phase_core = "AC_single_phase_core"
    AC_three_phase_core = "AC_three_phase_core"
    DC_core = "DC_core"
    DC_extended = "DC_extended"
    DC_combo_core = "DC_combo_core"
    DC_unique = "DC_unique"


class CostKind(Enumeration):
    """What an amount of cost counts: percent of the highest price, percent of renewable energy, or carbon dioxide (g/kWh)."""

    relativePricePercentage = "relativePricePercentage"
    RenewableGenerationPercentage = "RenewableGenerationPercentage"
    CarbonDioxideEmission = "CarbonDioxideEmission"


class FaultCode(Enumeration):
    """Why a message could not be processed."""

    ParsingError = "ParsingError"
    NoTLSRootCertificatAvailable = "NoTLSRootCertificatAvailable"
    UnknownError = "UnknownError"


class EVSENotification(Enumeration):
    """What the charger asks the vehicle to do next."""

    NONE = "None"
    StopCharging = "StopCharging"
    ReNegotiation = "ReNegotiation"


class DC_EVSEStatusCode(Enumeration):
    """The state of a DC charger; shutdown is the customer's wish, emergency shutdown and malfunction are faults."""

    EVSE_NotReady = "EVSE_NotReady"
    EVSE_Ready = "EVSE_Ready"
    EVSE_Shutdown = "EVSE_Shutdown"
    EVSE_UtilityInterruptEvent = "EVSE_UtilityInterruptEvent"
    EVSE_IsolationMonitoringActive = "EVSE_IsolationMonitoringActive"
    EVSE_EmergencyShutdown = "EVSE_EmergencyShutdown"
    EVSE_Malfunction = "EVSE_Malfunction"
    Reserved_8 = "Reserved_8"
    Reserved_9 = "Reserved_9"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"


class DC_EVErrorCode(Enumeration):
    """What is wrong in a vehicle charging by DC."""

    NO_ERROR = "NO_ERROR"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_EVShiftPosition = "FAILED_EVShiftPosition"
    FAILED_ChargerConnectorLockFault = "FAILED_ChargerConnectorLockFault"
    FAILED_EVRESSMalfunction = "FAILED_EVRESSMalfunction"
    FAILED_ChargingCurrentdifferential = "FAILED_ChargingCurrentdifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    Reserved_A = "Reserved_A"
    Reserved_B = "Reserved_B"
    Reserved_C = "Reserved_C"
    FAILED_ChargingSystemIncompatibility = "FAILED_ChargingSystemIncompatibility"
    NoData = "NoData"
