"""Element names of ISO 15118-20 CommonMessages, with all it imports. What the order means: the package."""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = tuple(
    """
    AuthorizationReq AuthorizationRes AuthorizationSetupReq AuthorizationSetupRes CLReqControlMode CLResControlMode
    CanonicalizationMethod CertificateInstallationReq CertificateInstallationRes DSAKeyValue DigestMethod DigestValue KeyInfo KeyName
    KeyValue Manifest MeteringConfirmationReq MeteringConfirmationRes MgmtData Object PGPData PowerDeliveryReq PowerDeliveryRes
    RSAKeyValue Reference RetrievalMethod SPKIData ScheduleExchangeReq ScheduleExchangeRes ServiceDetailReq ServiceDetailRes
    ServiceDiscoveryReq ServiceDiscoveryRes ServiceSelectionReq ServiceSelectionRes SessionSetupReq SessionSetupRes SessionStopReq
    SessionStopRes Signature SignatureMethod SignatureProperties SignatureProperty SignatureValue SignedInfo SignedInstallationData
    SignedMeteringData Transform Transforms VehicleCheckInReq VehicleCheckInRes VehicleCheckOutReq VehicleCheckOutRes X509Data
    """.split()
)

FRAGMENT_ELEMENTS: Final = tuple(
    """
    AbsolutePriceSchedule AckMaxDelay AdditionalSelectedServices AdditionalService AdditionalServicesCosts Amount
    AppliesMinimumMaximumCost AppliesToEnergyFee AppliesToOverstayFee AppliesToParkingFee AuthorizationReq AuthorizationRes
    AuthorizationServices AuthorizationSetupReq AuthorizationSetupRes AvailableEnergy BPT_ChannelSelection BPT_DischargedEnergyReadingWh
    BPT_InductiveEnergyReadingVARh BatteryEnergyCapacity CLReqControlMode CLResControlMode CPSCertificateChain CanonicalizationMethod
    CapacitiveEnergyReadingVARh CarbonDioxideEmission Certificate CertificateInstallationReq CertificateInstallationRes
    CertificateInstallationService ChargeProgress ChargedEnergyReadingWh ChargingComplete ChargingSchedule ChargingSession CheckOutTime
    ContractCertificateChain CostPerUnit Currency DHPublicKey DSAKeyValue DepartureTime DepartureTime DeviceLocation DeviceOffset
    DigestMethod DigestValue DischargingSchedule DisplayParameters Duration Dynamic_EVPPTControlMode Dynamic_SEReqControlMode
    Dynamic_SEResControlMode Dynamic_SMDTControlMode ECDHCurve EIM_AReqAuthorizationMode EIM_ASResAuthorizationMode EMAID
    EVAbsolutePriceSchedule EVCCID EVCheckInStatus EVCheckOutStatus EVEnergyOffer EVMaximumEnergyRequest EVMaximumEnergyRequest
    EVMaximumV2XEnergyRequest EVMinimumEnergyRequest EVMinimumEnergyRequest EVMinimumV2XEnergyRequest EVPowerProfile
    EVPowerProfileEntries EVPowerProfileEntry EVPowerSchedule EVPowerScheduleEntries EVPowerScheduleEntry EVPriceRule EVPriceRuleStack
    EVPriceRuleStacks EVProcessing EVSECheckOutStatus EVSEID EVSENotification EVSEProcessing EVSEStatus EVSEStatus EVTargetEnergyRequest
    EVTargetEnergyRequest EVTerminationCode EVTerminationExplanation EnergyCosts EnergyFee EnergyTransferServiceList Exponent Exponent
    FreeService G GenChallenge GoToPause HMACOutputLength Header InletHot J KeyInfo KeyName KeyValue Language ListOfRootCertificateIDs
    Manifest MaximumContractCertificateChains MaximumCost MaximumSOC MaximumSupportingPoints MeterID MeterInfo MeterInfo
    MeterInfoRequested MeterSignature MeterStatus MeterTimestamp MeteringConfirmationReq MeteringConfirmationRes MgmtData MinimumCost
    MinimumSOC MinimumSOC Modulus NotificationMaxDelay NumberOfPriceLevels OEMProvisioningCertificateChain Object OccupancyCosts
    OverstayCosts OverstayFee OverstayFeePeriod OverstayPowerThreshold OverstayRule OverstayRuleDescription OverstayRules
    OverstayTimeThreshold P PGPData PGPKeyID PGPKeyPacket Parameter ParameterSet ParameterSetID ParkingFee ParkingFeePeriod
    ParkingMethod ParkingSpace PgenCounter PnC_AReqAuthorizationMode PnC_ASResAuthorizationMode Power PowerDeliveryReq PowerDeliveryRes
    PowerRangeStart PowerSchedule PowerScheduleEntries PowerScheduleEntry PowerTolerance PowerToleranceAcceptance Power_L2 Power_L3
    PresentSOC PriceAlgorithm PriceLevel PriceLevelSchedule PriceLevelScheduleEntries PriceLevelScheduleEntry PriceRule PriceRuleStack
    PriceRuleStacks PriceScheduleDescription PriceScheduleID PrioritizedEMAIDs ProviderID Q RSAKeyValue Receipt Receipt Reference
    RemainingContractCertificateChains RemainingTimeToMaximumSOC RemainingTimeToMinimumSOC RemainingTimeToTargetSOC
    RenewableGenerationPercentage ResponseCode RetrievalMethod RootCertificateID SECP521_EncryptedPrivateKey SPKIData SPKISexp
    ScheduleExchangeReq ScheduleExchangeRes ScheduleTuple ScheduleTupleID Scheduled_EVPPTControlMode Scheduled_SEReqControlMode
    Scheduled_SEResControlMode Scheduled_SMDTControlMode Seed SelectedAuthorizationService SelectedEnergyTransferService
    SelectedScheduleTupleID SelectedService SelectedVASList Service ServiceDetailReq ServiceDetailRes ServiceDiscoveryReq
    ServiceDiscoveryRes ServiceFee ServiceID ServiceName ServiceParameterList ServiceRenegotiationSupported ServiceSelectionReq
    ServiceSelectionRes SessionID SessionID SessionSetupReq SessionSetupRes SessionStopReq SessionStopRes Signature SignatureMethod
    SignatureProperties SignatureProperty SignatureValue SignedInfo SignedInstallationData SignedMeteringData StartTime SubCertificates
    SupportedProviders SupportedServiceIDs TPM_EncryptedPrivateKey TargetDistance TargetOffsetX TargetOffsetY TargetSOC TargetSOC
    TaxCosts TaxIncludedInPrice TaxRate TaxRule TaxRuleID TaxRuleID TaxRuleName TaxRules TimeAnchor TimeAnchor TimeStamp Transform
    Transforms VASList Value VehicleCheckInReq VehicleCheckInRes VehicleCheckOutReq VehicleCheckOutRes VehicleFrame VehicleTravel
    X448_EncryptedPrivateKey X509CRL X509Certificate X509Data X509IssuerName X509IssuerSerial X509SKI X509SerialNumber X509SubjectName
    XPath Y boolValue byteValue finiteString intValue rationalNumber shortValue
    """.split()
)
