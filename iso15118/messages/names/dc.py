"""Element names of ISO 15118-20 DC, with all it imports. What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    BPT_DC_CPDReqEnergyTransferMode BPT_DC_CPDResEnergyTransferMode BPT_Dynamic_DC_CLReqControlMode BPT_Dynamic_DC_CLResControlMode
    BPT_Scheduled_DC_CLReqControlMode BPT_Scheduled_DC_CLResControlMode CLReqControlMode CLResControlMode CanonicalizationMethod
    DC_CPDReqEnergyTransferMode DC_CPDResEnergyTransferMode DC_CableCheckReq DC_CableCheckRes DC_ChargeLoopReq DC_ChargeLoopRes
    DC_ChargeParameterDiscoveryReq DC_ChargeParameterDiscoveryRes DC_PreChargeReq DC_PreChargeRes DC_WeldingDetectionReq
    DC_WeldingDetectionRes DSAKeyValue DigestMethod DigestValue Dynamic_DC_CLReqControlMode Dynamic_DC_CLResControlMode KeyInfo KeyName
    KeyValue Manifest MgmtData Object PGPData RSAKeyValue Reference RetrievalMethod SPKIData Scheduled_DC_CLReqControlMode
    Scheduled_DC_CLResControlMode Signature SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo Transform
    Transforms X509Data
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    AckMaxDelay AdditionalServicesCosts Amount BPT_DC_CPDReqEnergyTransferMode BPT_DC_CPDResEnergyTransferMode
    BPT_DischargedEnergyReadingWh BPT_Dynamic_DC_CLReqControlMode BPT_Dynamic_DC_CLResControlMode BPT_InductiveEnergyReadingVARh
    BPT_Scheduled_DC_CLReqControlMode BPT_Scheduled_DC_CLResControlMode BatteryEnergyCapacity CLReqControlMode CLResControlMode
    CanonicalizationMethod CapacitiveEnergyReadingVARh ChargedEnergyReadingWh ChargingComplete CostPerUnit DC_CPDReqEnergyTransferMode
    DC_CPDResEnergyTransferMode DC_CableCheckReq DC_CableCheckRes DC_ChargeLoopReq DC_ChargeLoopRes DC_ChargeParameterDiscoveryReq
    DC_ChargeParameterDiscoveryRes DC_PreChargeReq DC_PreChargeRes DC_WeldingDetectionReq DC_WeldingDetectionRes DSAKeyValue
    DepartureTime DigestMethod DigestValue DisplayParameters Dynamic_DC_CLReqControlMode Dynamic_DC_CLResControlMode
    EVMaximumChargeCurrent EVMaximumChargePower EVMaximumDischargeCurrent EVMaximumDischargePower EVMaximumEnergyRequest
    EVMaximumV2XEnergyRequest EVMaximumVoltage EVMinimumChargeCurrent EVMinimumChargePower EVMinimumDischargeCurrent
    EVMinimumDischargePower EVMinimumEnergyRequest EVMinimumV2XEnergyRequest EVMinimumVoltage EVPresentVoltage EVProcessing
    EVSECurrentLimitAchieved EVSEMaximumChargeCurrent EVSEMaximumChargePower EVSEMaximumDischargeCurrent EVSEMaximumDischargePower
    EVSEMaximumVoltage EVSEMinimumChargeCurrent EVSEMinimumChargePower EVSEMinimumDischargeCurrent EVSEMinimumDischargePower
    EVSEMinimumVoltage EVSENotification EVSEPowerLimitAchieved EVSEPowerRampLimitation EVSEPresentCurrent EVSEPresentVoltage
    EVSEProcessing EVSEStatus EVSEVoltageLimitAchieved EVTargetCurrent EVTargetEnergyRequest EVTargetVoltage EnergyCosts Exponent
    Exponent G HMACOutputLength Header InletHot J KeyInfo KeyName KeyValue Manifest MaximumSOC MeterID MeterInfo MeterInfoRequested
    MeterSignature MeterStatus MeterTimestamp MgmtData MinimumSOC Modulus NotificationMaxDelay Object OccupancyCosts OverstayCosts P
    PGPData PGPKeyID PGPKeyPacket PgenCounter PresentSOC Q RSAKeyValue Receipt Reference RemainingTimeToMaximumSOC
    RemainingTimeToMinimumSOC RemainingTimeToTargetSOC ResponseCode RetrievalMethod RootCertificateID SPKIData SPKISexp
    Scheduled_DC_CLReqControlMode Scheduled_DC_CLResControlMode Seed SessionID Signature SignatureMethod SignatureProperties
    SignatureProperty SignatureValue SignedInfo TargetSOC TargetSOC TaxCosts TaxRuleID TimeAnchor TimeStamp Transform Transforms Value
    X509CRL X509Certificate X509Data X509IssuerName X509IssuerSerial X509SKI X509SerialNumber X509SubjectName XPath Y
    """.split()
)
