"""Element names of ISO 15118-2, with all it imports. What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    AC_EVChargeParameter AC_EVSEChargeParameter AC_EVSEStatus AuthorizationReq AuthorizationRes BodyElement CableCheckReq CableCheckRes
    CanonicalizationMethod CertificateInstallationReq CertificateInstallationRes CertificateUpdateReq CertificateUpdateRes
    ChargeParameterDiscoveryReq ChargeParameterDiscoveryRes ChargingStatusReq ChargingStatusRes CurrentDemandReq CurrentDemandRes
    DC_EVChargeParameter DC_EVPowerDeliveryParameter DC_EVSEChargeParameter DC_EVSEStatus DC_EVStatus DSAKeyValue DigestMethod DigestValue
    EVChargeParameter EVPowerDeliveryParameter EVSEChargeParameter EVSEStatus EVStatus Entry KeyInfo KeyName KeyValue Manifest
    MeteringReceiptReq MeteringReceiptRes MgmtData Object PGPData PMaxScheduleEntry PaymentDetailsReq PaymentDetailsRes
    PaymentServiceSelectionReq PaymentServiceSelectionRes PowerDeliveryReq PowerDeliveryRes PreChargeReq PreChargeRes RSAKeyValue Reference
    RelativeTimeInterval RetrievalMethod SAScheduleList SASchedules SPKIData SalesTariffEntry ServiceDetailReq ServiceDetailRes
    ServiceDiscoveryReq ServiceDiscoveryRes SessionSetupReq SessionSetupRes SessionStopReq SessionStopRes Signature SignatureMethod
    SignatureProperties SignatureProperty SignatureValue SignedInfo TimeInterval Transform Transforms V2G_Message WeldingDetectionReq
    WeldingDetectionRes X509Data
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    AC_EVChargeParameter AC_EVSEChargeParameter AC_EVSEStatus AC_EVSEStatus AuthorizationReq AuthorizationRes Body BodyElement
    BulkChargingComplete BulkChargingComplete BulkSOC CableCheckReq CableCheckRes CanonicalizationMethod Certificate
    CertificateInstallationReq CertificateInstallationRes CertificateUpdateReq CertificateUpdateRes ChargeParameterDiscoveryReq
    ChargeParameterDiscoveryRes ChargeProgress ChargeService ChargingComplete ChargingComplete ChargingProfile
    ChargingProfileEntryMaxNumberOfPhasesInUse ChargingProfileEntryMaxPower ChargingProfileEntryStart ChargingSession ChargingStatusReq
    ChargingStatusRes ConsumptionCost ContractSignatureCertChain ContractSignatureEncryptedPrivateKey Cost CurrentDemandReq
    CurrentDemandRes DC_EVChargeParameter DC_EVPowerDeliveryParameter DC_EVSEChargeParameter DC_EVSEStatus DC_EVSEStatus DC_EVStatus
    DC_EVStatus DHpublickey DSAKeyValue DepartureTime DigestMethod DigestValue EAmount EPriceLevel EVCCID EVChargeParameter
    EVEnergyCapacity EVEnergyRequest EVErrorCode EVMaxCurrent EVMaxVoltage EVMaximumCurrentLimit EVMaximumCurrentLimit EVMaximumPowerLimit
    EVMaximumPowerLimit EVMaximumVoltageLimit EVMaximumVoltageLimit EVMinCurrent EVPowerDeliveryParameter EVRESSSOC EVReady
    EVSEChargeParameter EVSECurrentLimitAchieved EVSECurrentRegulationTolerance EVSEEnergyToBeDelivered EVSEID EVSEIsolationStatus
    EVSEMaxCurrent EVSEMaxCurrent EVSEMaximumCurrentLimit EVSEMaximumCurrentLimit EVSEMaximumPowerLimit EVSEMaximumPowerLimit
    EVSEMaximumVoltageLimit EVSEMaximumVoltageLimit EVSEMinimumCurrentLimit EVSEMinimumVoltageLimit EVSENominalVoltage EVSENotification
    EVSEPeakCurrentRipple EVSEPowerLimitAchieved EVSEPresentCurrent EVSEPresentVoltage EVSEProcessing EVSEStatus EVSEStatusCode
    EVSETimeStamp EVSEVoltageLimitAchieved EVStatus EVTargetCurrent EVTargetVoltage EnergyTransferMode Entry Exponent FaultCode FaultMsg
    FreeService FullSOC G GenChallenge HMACOutputLength Header J KeyInfo KeyName KeyValue ListOfRootCertificateIDs Manifest
    MaxEntriesSAScheduleTuple MeterID MeterInfo MeterReading MeterStatus MeteringReceiptReq MeteringReceiptRes MgmtData Modulus Multiplier
    Notification NotificationMaxDelay NumEPriceLevels OEMProvisioningCert Object P PGPData PGPKeyID PGPKeyPacket PMax PMaxSchedule
    PMaxScheduleEntry Parameter ParameterSet ParameterSetID PaymentDetailsReq PaymentDetailsRes PaymentOption PaymentOptionList
    PaymentServiceSelectionReq PaymentServiceSelectionRes PgenCounter PowerDeliveryReq PowerDeliveryRes PreChargeReq PreChargeRes
    ProfileEntry Q RCD RSAKeyValue ReceiptRequired Reference RelativeTimeInterval RemainingTimeToBulkSoC RemainingTimeToFullSoC
    RequestedEnergyTransferMode ResponseCode RetrievalMethod RetryCounter RootCertificateID SAProvisioningCertificateChain SAScheduleList
    SAScheduleTuple SAScheduleTupleID SAScheduleTupleID SASchedules SPKIData SPKISexp SalesTariff SalesTariffDescription SalesTariffEntry
    SalesTariffID Seed SelectedPaymentOption SelectedService SelectedServiceList Service ServiceCategory ServiceCategory ServiceDetailReq
    ServiceDetailRes ServiceDiscoveryReq ServiceDiscoveryRes ServiceID ServiceID ServiceList ServiceName ServiceParameterList ServiceScope
    ServiceScope SessionID SessionID SessionSetupReq SessionSetupRes SessionStopReq SessionStopRes SigMeterReading Signature
    SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo SubCertificates SupportedEnergyTransferMode TMeter
    TimeInterval Transform Transforms Unit V2G_Message Value WeldingDetectionReq WeldingDetectionRes X509CRL X509Certificate X509Data
    X509IssuerName X509IssuerSerial X509SKI X509SerialNumber X509SubjectName XPath Y amount amountMultiplier boolValue byteValue costKind
    duration eMAID intValue physicalValue shortValue start startValue stringValue
    """.split()
)

ATTRIBUTES: Final = tuple(
    """
    Algorithm Encoding Id Id Id MimeType Name Target Type URI
    """.split()
)
"""All attributes, sorted likewise: Id is unqualified, of MsgBody and of MsgDataTypes."""
