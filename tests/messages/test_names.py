"""Names on the wire: the lists of each schema set, and every name that a class derives from its fields."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.exi import Message
from iso15118.exi.grammar import ATTRIBUTE, CHARACTERS, Position, fields
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.names import ac, ac_der_iec, ac_der_sae, acdp, common_messages, dc, din, iso2, sap, wpt, xmldsig
from tests.vectors import lines

pytestmark = pytest.mark.long

LISTS = {
    "SAP": sap,
    "XMLDSIG": xmldsig,
    "CommonMessages": common_messages,
    "AC": ac,
    "DC": dc,
    "ACDP": acdp,
    "WPT": wpt,
    "AC_DER_IEC": ac_der_iec,
    "AC_DER_SAE": ac_der_sae,
    "ISO2": iso2,
    "DIN": din,
}

ATTRIBUTES = {"Algorithm", "Encoding", "Id", "MimeType", "Name", "Target", "Type", "URI", "ValueType"}

UNSPOKEN = {
    "CommonMessages": set(
        """
        AckMaxDelay BatteryEnergyCapacity CLReqControlMode CLResControlMode ChargingComplete DisplayParameters InletHot MaximumSOC
        MeterInfoRequested PresentSOC RemainingTimeToMaximumSOC RemainingTimeToMinimumSOC RemainingTimeToTargetSOC TargetOffsetX
        TargetOffsetY
        """.split()
    ),
    **{name: {"RootCertificateID"} for name in ("AC", "DC", "AC_DER_IEC", "AC_DER_SAE")},
    "ACDP": set(
        """
        AckMaxDelay AdditionalServicesCosts Amount BPT_DischargedEnergyReadingWh BPT_InductiveEnergyReadingVARh BatteryEnergyCapacity
        CLReqControlMode CLResControlMode CapacitiveEnergyReadingVARh ChargedEnergyReadingWh ChargingComplete CostPerUnit DepartureTime
        DisplayParameters EVMaximumEnergyRequest EVMinimumEnergyRequest EVSENotification EVSEStatus EVTargetEnergyRequest EnergyCosts
        InletHot MaximumSOC MeterID MeterInfo MeterInfoRequested MeterSignature MeterStatus MeterTimestamp MinimumSOC NotificationMaxDelay
        OccupancyCosts OverstayCosts PresentSOC Receipt RemainingTimeToMaximumSOC RemainingTimeToMinimumSOC RemainingTimeToTargetSOC
        RootCertificateID TargetSOC TaxCosts TaxRuleID TimeAnchor
        """.split()
    ),
    "WPT": set(
        """
        AckMaxDelay CLReqControlMode CLResControlMode DepartureTime EVMaximumEnergyRequest EVMinimumEnergyRequest EVTargetEnergyRequest
        RootCertificateID
        """.split()
    ),
    "ISO2": {"EVStatus", "Entry"},
    "DIN": {"EVStatus", "Entry"},
}
"""Elements that no message of the set holds: parts of types that only other sets use, and heads that nothing refers to."""

DOCUMENT_CODES = {
    "SAP": {"supportedAppProtocolReq": 0, "supportedAppProtocolRes": 1},
    "CommonMessages": {
        "AuthorizationReq": 0,
        "AuthorizationRes": 1,
        "AuthorizationSetupReq": 2,
        "AuthorizationSetupRes": 3,
        "CertificateInstallationReq": 7,
        "CertificateInstallationRes": 8,
        "MeteringConfirmationReq": 16,
        "MeteringConfirmationRes": 17,
        "PowerDeliveryReq": 21,
        "PowerDeliveryRes": 22,
        "ScheduleExchangeReq": 27,
        "ScheduleExchangeRes": 28,
        "ServiceDetailReq": 29,
        "ServiceDetailRes": 30,
        "ServiceDiscoveryReq": 31,
        "ServiceDiscoveryRes": 32,
        "ServiceSelectionReq": 33,
        "ServiceSelectionRes": 34,
        "SessionSetupReq": 35,
        "SessionSetupRes": 36,
        "SessionStopReq": 37,
        "SessionStopRes": 38,
        "VehicleCheckInReq": 49,
        "VehicleCheckInRes": 50,
        "VehicleCheckOutReq": 51,
        "VehicleCheckOutRes": 52,
    },
    "DC": {
        "BPT_DC_CPDReqEnergyTransferMode": 0,
        "CLReqControlMode": 6,
        "CanonicalizationMethod": 8,
        "DC_CableCheckReq": 11,
        "DC_CableCheckRes": 12,
        "DC_ChargeLoopReq": 13,
        "DC_ChargeLoopRes": 14,
        "DC_ChargeParameterDiscoveryReq": 15,
        "DC_ChargeParameterDiscoveryRes": 16,
        "DC_PreChargeReq": 17,
        "DC_PreChargeRes": 18,
        "DC_WeldingDetectionReq": 19,
        "DC_WeldingDetectionRes": 20,
        "Signature": 39,
        "X509Data": 47,
    },
    **{
        name: {"AC_ChargeLoopReq": 2, "AC_ChargeLoopRes": 3, "AC_ChargeParameterDiscoveryReq": 4, "AC_ChargeParameterDiscoveryRes": 5}
        for name in ("AC", "AC_DER_IEC", "AC_DER_SAE")
    },
    "ACDP": {
        "ACDP_ConnectReq": 0,
        "ACDP_ConnectRes": 1,
        "ACDP_DisconnectReq": 2,
        "ACDP_DisconnectRes": 3,
        "ACDP_SystemStatusReq": 4,
        "ACDP_SystemStatusRes": 5,
        "ACDP_VehiclePositioningReq": 6,
        "ACDP_VehiclePositioningRes": 7,
    },
    "WPT": {
        "WPT_AlignmentCheckReq": 25,
        "WPT_AlignmentCheckRes": 26,
        "WPT_ChargeLoopReq": 27,
        "WPT_ChargeLoopRes": 28,
        "WPT_ChargeParameterDiscoveryReq": 29,
        "WPT_ChargeParameterDiscoveryRes": 30,
        "WPT_FinePositioningReq": 31,
        "WPT_FinePositioningRes": 32,
        "WPT_FinePositioningSetupReq": 33,
        "WPT_FinePositioningSetupRes": 34,
        "WPT_PairingReq": 35,
        "WPT_PairingRes": 36,
    },
    "ISO2": {"AC_EVChargeParameter": 0, "AuthorizationReq": 3, "BodyElement": 5, "V2G_Message": 76, "X509Data": 79},
    "DIN": {"AC_EVChargeParameter": 0, "BodyElement": 3, "ServiceCharge": 57, "V2G_Message": 77, "X509Data": 80},
}
"""Event codes that other codecs agree on."""

FRAGMENT_CODES = {
    "XMLDSIG": {"SignedInfo": 32, "Signature": 27},
    "CommonMessages": {
        "AbsolutePriceSchedule": 0,
        "CertificateInstallationReq": 27,
        "MeteringConfirmationReq": 119,
        "OEMProvisioningCertificateChain": 128,
        "PnC_AReqAuthorizationMode": 151,
        "PriceLevelSchedule": 167,
        "Signature": 225,
        "SignedInfo": 230,
        "SignedInstallationData": 231,
        "SignedMeteringData": 232,
    },
    "AC": {"SignedInfo": 135, "Signature": 130},
    "DC": {"SignedInfo": 129, "Signature": 124},
    "ACDP": {"SignedInfo": 110, "Signature": 105},
    "WPT": {"SignedInfo": 146, "Signature": 141},
    "AC_DER_IEC": {"SignedInfo": 203},
    "AC_DER_SAE": {"SignedInfo": 310},
    "ISO2": {
        "AuthorizationReq": 4,
        "CertificateInstallationReq": 15,
        "CertificateUpdateReq": 17,
        "ContractSignatureCertChain": 33,
        "ContractSignatureEncryptedPrivateKey": 34,
        "DHpublickey": 45,
        "MeteringReceiptReq": 121,
        "SalesTariff": 174,
        "SignedInfo": 208,
        "eMAID": 236,
    },
    "DIN": {"ContractAuthenticationReq": 28, "SalesTariff": 174, "SignedInfo": 212},
}


def reached(schema: str) -> set[type[Message]]:
    """Every class that a document or fragment of the set may hold."""
    found: set[type[Message]] = set()
    waiting = [*SCHEMAS[schema].roots.values(), *SCHEMAS[schema].fragment_roots.values()]
    while waiting:
        cls = waiting.pop()
        if cls not in found:
            found.add(cls)
            waiting += [p.value for p in positions(cls) if isinstance(p.value, type) and issubclass(p.value, Message)]
    return found


def positions(cls: type[Message]) -> list[Position]:
    return [p for entry in fields(cls).values() for p in (entry if isinstance(entry, list) else [entry])]


def elements(schema: str) -> set[str]:
    """Wire names of all elements that the classes of the set know, roots and heads included."""
    inner = {p.wire for cls in reached(schema) for p in positions(cls) if p.kind not in (ATTRIBUTE, CHARACTERS)}
    return inner | set(SCHEMAS[schema].roots) | set(SCHEMAS[schema].fragment_roots)


def keys(value: Any) -> set[str]:
    """All keys of a neutral form, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize(
    ("schema", "documents", "fragments"),
    [
        ("SAP", 2, 9),
        ("XMLDSIG", 24, 45),
        ("CommonMessages", 54, 281),
        ("DC", 48, 149),
        ("AC", 42, 154),
        ("ACDP", 34, 129),
        ("WPT", 38, 193),
        ("AC_DER_IEC", 48, 245),
        ("AC_DER_SAE", 49, 353),
        ("ISO2", 80, 243),
        ("DIN", 81, 245),
    ],
)
def test_lists_are_complete_and_sorted(schema: str, documents: int, fragments: int) -> None:
    names = LISTS[schema]
    assert (len(names.ELEMENTS), len(names.FRAGMENT_ELEMENTS)) == (documents, fragments)
    assert list(names.ELEMENTS) == sorted(set(names.ELEMENTS))
    assert list(names.FRAGMENT_ELEMENTS) == sorted(names.FRAGMENT_ELEMENTS)
    assert set(names.ELEMENTS) <= set(names.FRAGMENT_ELEMENTS)


@pytest.mark.parametrize("schema", DOCUMENT_CODES)
def test_event_codes_of_documents(schema: str) -> None:
    assert {name: LISTS[schema].ELEMENTS.index(name) for name in DOCUMENT_CODES[schema]} == DOCUMENT_CODES[schema]


@pytest.mark.parametrize("schema", FRAGMENT_CODES)
def test_event_codes_of_fragments(schema: str) -> None:
    assert {name: LISTS[schema].FRAGMENT_ELEMENTS.index(name) for name in FRAGMENT_CODES[schema]} == FRAGMENT_CODES[schema]


@pytest.mark.parametrize("schema", LISTS)
def test_every_wire_name_of_a_class_is_a_name_of_the_set(schema: str) -> None:
    names = {ATTRIBUTE: ATTRIBUTES, CHARACTERS: {"Value"}}
    of_the_set = set(LISTS[schema].FRAGMENT_ELEMENTS)
    for cls in reached(schema):
        for position in positions(cls):
            assert position.wire in names.get(position.kind, of_the_set), f"{cls.__name__}.{position.field} has the name {position.wire}"


@pytest.mark.parametrize("schema", LISTS)
def test_every_name_of_the_set_is_known_to_a_class(schema: str) -> None:
    assert set(LISTS[schema].FRAGMENT_ELEMENTS) - elements(schema) == UNSPOKEN.get(schema, set())


@pytest.mark.parametrize("schema", LISTS)
def test_vectors_use_the_same_names(schema: str) -> None:
    files = ["fragments", "fragments_der"] + [schema] * (schema != "XMLDSIG")
    told = [line for name in files for line in lines(name) if line["schema"] == schema]
    assert told
    used = set().union(*(keys(line["json"]) | {line["root"]} for line in told))
    known = elements(schema) | {p.wire for cls in reached(schema) for p in positions(cls) if p.kind == ATTRIBUTE} | {"value"}
    assert used <= known


@pytest.mark.parametrize("cls", sorted({cls for schema in LISTS for cls in reached(schema)}, key=lambda cls: cls.__name__))
def test_every_class_says_what_it_is(cls: type[Message]) -> None:
    assert (cls.__dict__.get("__doc__") or "").endswith(".")
