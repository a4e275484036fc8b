"""Element names of ISO 15118-20 ACDP, with all it imports. What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    ACDP_ConnectReq ACDP_ConnectRes ACDP_DisconnectReq ACDP_DisconnectRes ACDP_SystemStatusReq ACDP_SystemStatusRes
    ACDP_VehiclePositioningReq ACDP_VehiclePositioningRes CLReqControlMode CLResControlMode CanonicalizationMethod DSAKeyValue DigestMethod
    DigestValue KeyInfo KeyName KeyValue Manifest MgmtData Object PGPData RSAKeyValue Reference RetrievalMethod SPKIData Signature
    SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo Transform Transforms X509Data
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    ACDP_ConnectReq ACDP_ConnectRes ACDP_DisconnectReq ACDP_DisconnectRes ACDP_SystemStatusReq ACDP_SystemStatusRes
    ACDP_VehiclePositioningReq ACDP_VehiclePositioningRes AckMaxDelay AdditionalServicesCosts Amount BPT_DischargedEnergyReadingWh
    BPT_InductiveEnergyReadingVARh BatteryEnergyCapacity CLReqControlMode CLResControlMode CanonicalizationMethod
    CapacitiveEnergyReadingVARh ChargedEnergyReadingWh ChargingComplete ContactWindowXc ContactWindowYc CostPerUnit DSAKeyValue
    DepartureTime DigestMethod DigestValue DisplayParameters EVAssociationStatus EVCPStatus EVElectricalChargingDeviceStatus EVErrorCode
    EVImmobilizationRequest EVImmobilized EVInChargePosition EVMaximumEnergyRequest EVMinimumEnergyRequest EVMobilityStatus
    EVPositioningSupport EVReadyToCharge EVRelativeXDeviation EVRelativeYDeviation EVSEDisabled EVSEElectricalChargingDeviceStatus
    EVSEEmergencyShutdown EVSEIsolationStatus EVSEMalfunction EVSEMechanicalChargingDeviceStatus EVSENotification EVSEPositioningSupport
    EVSEProcessing EVSEReadyToCharge EVSEStatus EVSEUtilityInterruptEvent EVSOC EVTargetEnergyRequest EVTechnicalStatus EVTimeout
    EVWLANStrength EnergyCosts Exponent Exponent G HMACOutputLength Header InletHot J KeyInfo KeyName KeyValue Manifest MaximumSOC MeterID
    MeterInfo MeterInfoRequested MeterSignature MeterStatus MeterTimestamp MgmtData MinimumSOC Modulus NotificationMaxDelay Object
    OccupancyCosts OverstayCosts P PGPData PGPKeyID PGPKeyPacket PgenCounter PresentSOC Q RSAKeyValue Receipt Reference
    RemainingTimeToMaximumSOC RemainingTimeToMinimumSOC RemainingTimeToTargetSOC ResponseCode RetrievalMethod RootCertificateID SPKIData
    SPKISexp Seed SessionID Signature SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo TargetSOC TaxCosts
    TaxRuleID TimeAnchor TimeStamp Transform Transforms Value X509CRL X509Certificate X509Data X509IssuerName X509IssuerSerial X509SKI
    X509SerialNumber X509SubjectName XPath Y
    """.split()
)
