"""What a car asks, as data: one valid request of every class, whose fields a test may replace.

Numbers stand for RationalNumbers. The limits are those of a middling car: 200..480 V, 100 A and 40 kW in, 60 A and 25 kW out.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from iso15118.exi import Message
from iso15118.exi.describe import rows
from iso15118.messages.app_protocol import AppProtocol, supportedAppProtocolReq
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.v20 import ac, authorization, certificate, dc, delivery, metering, parking, schedule, service, session
from iso15118.messages.v20.common import Header, ListOfRootCertificateIDs, MeterInfo, Processing
from iso15118.messages.v20.rational import rational
from iso15118.messages.xmldsig import X509IssuerSerial
from iso15118.sequence.refusals import least_of
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID

SESSION_ID: Final = bytes.fromhex("0123456789abcdef")
"""The id that the charger of these tests gives out."""
NOBODY: Final = bytes(8)
EPOCH: Final = 1_767_225_600
"""s: the moment, in UTC, at which the charger of these tests starts to listen."""
STAMP: Final = EPOCH * 1_000_000
DC_NAMESPACE: Final = "urn:iso:std:iso:15118:-20:DC"

CHARGE: Final = {
    "ev_maximum_charge_power": 40e3,
    "ev_minimum_charge_power": 0,
    "ev_maximum_charge_current": 100,
    "ev_maximum_voltage": 480,
    "ev_minimum_voltage": 200,
}
DISCHARGE: Final = {"ev_maximum_discharge_power": 25e3, "ev_minimum_discharge_power": 0, "ev_maximum_discharge_current": 60}
CYCLING: Final = {"ev_target_energy_request": 20e3, "ev_maximum_energy_request": 30e3, "ev_minimum_energy_request": -10e3}
"""There is room to charge and something to give."""

RESOURCES: Final = (ServiceID.AC_DER_IEC, ServiceID.AC_DER_SAE)
"""The services in which the car is a resource of the grid."""
DIRECT: Final = (ServiceID.DC, ServiceID.DC_BPT, ServiceID.MCS, ServiceID.MCS_BPT)
"""The services of direct current."""

Fields = dict[str, Any]
_LOOP_MODES: Final[dict[tuple[ControlMode, bool], type[Message]]] = {
    (ControlMode.SCHEDULED, False): dc.Scheduled_DC_CLReqControlMode,
    (ControlMode.SCHEDULED, True): dc.BPT_Scheduled_DC_CLReqControlMode,
    (ControlMode.DYNAMIC, False): dc.Dynamic_DC_CLReqControlMode,
    (ControlMode.DYNAMIC, True): dc.BPT_Dynamic_DC_CLReqControlMode,
}


def worded(fields: Fields) -> Fields:
    """Numbers of physical quantities as RationalNumbers; what the schema says as plain integers is left alone."""
    plain = {"departure_time", "target_soc", "minimum_soc"}
    return {k: rational(v) if isinstance(v, int | float) and not isinstance(v, bool) and k not in plain else v for k, v in fields.items()}


def protocol(namespace: str = DC_NAMESPACE, major: int = 1, minor: int = 0, *, schema_id: int = 10, priority: int = 1) -> AppProtocol:
    return AppProtocol(
        protocol_namespace=namespace, version_number_major=major, version_number_minor=minor, schema_id=schema_id, priority=priority
    )


def limits(service: ServiceID = ServiceID.DC_BPT, **changes: Any) -> Message:
    """The transfer mode of a charge parameter discovery request."""
    fields: Fields = {**CHARGE, "ev_minimum_charge_current": 0}
    if service in BIDIRECTIONAL:
        fields |= {**DISCHARGE, "ev_minimum_discharge_current": 0}
        return dc.BPT_DC_CPDReqEnergyTransferMode(**worded(fields | changes))
    return dc.DC_CPDReqEnergyTransferMode(**worded(fields | changes))


AC_CHARGE: Final = {"ev_maximum_charge_power": 11e3, "ev_minimum_charge_power": 1.4e3}
AC_DISCHARGE: Final = {"ev_maximum_discharge_power": 10e3, "ev_minimum_discharge_power": 0}
_AC_LOOP_MODES: Final[dict[tuple[ControlMode, bool], type[Message]]] = {
    (ControlMode.SCHEDULED, False): ac.Scheduled_AC_CLReqControlMode,
    (ControlMode.SCHEDULED, True): ac.BPT_Scheduled_AC_CLReqControlMode,
    (ControlMode.DYNAMIC, False): ac.Dynamic_AC_CLReqControlMode,
    (ControlMode.DYNAMIC, True): ac.BPT_Dynamic_AC_CLReqControlMode,
}


def ac_limits(service: ServiceID = ServiceID.AC_BPT, **changes: Any) -> Message:
    """The transfer mode of an AC charge parameter discovery request: 11 kW on three phases, evenly."""
    if service in BIDIRECTIONAL:
        return ac.BPT_AC_CPDReqEnergyTransferMode(**worded({**AC_CHARGE, **AC_DISCHARGE, **changes}))
    return ac.AC_CPDReqEnergyTransferMode(**worded({**AC_CHARGE, **changes}))


def ac_turn(service: ServiceID = ServiceID.AC_BPT, mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Message:
    """The control mode of an AC charge loop request; Dynamic: all limits said."""
    bidirectional = service in BIDIRECTIONAL
    fields: Fields = {"ev_present_active_power": 0}
    if mode is ControlMode.DYNAMIC:
        fields |= {**AC_CHARGE, **CYCLING, **(AC_DISCHARGE if bidirectional else {}), "ev_present_reactive_power": 0}
    return _AC_LOOP_MODES[mode, bidirectional](**worded(fields | changes))


def turn(service: ServiceID = ServiceID.DC_BPT, mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Message:
    """The control mode of a charge loop request; Scheduled: 20 A at 450 V at most, limits unsaid; Dynamic: all limits said."""
    bidirectional = service in BIDIRECTIONAL
    if mode is ControlMode.SCHEDULED:
        fields: Fields = {"ev_target_current": 20, "ev_target_voltage": 450}
    else:
        fields = {**CHARGE, **CYCLING, **(DISCHARGE if bidirectional else {})}
    return _LOOP_MODES[mode, bidirectional](**worded(fields | changes))


def need(mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Message:
    """The control mode of a schedule exchange request."""
    if mode is ControlMode.SCHEDULED:
        return schedule.Scheduled_SEReqControlMode(**worded(changes))
    return schedule.Dynamic_SEReqControlMode(**worded({"departure_time": 7200, **CYCLING, **changes}))


def profile(*powers: float, tuple_id: int = 1, seconds: int = 600, anchor: int = STAMP, **changes: Any) -> delivery.EVPowerProfile:
    """A power profile under a schedule: each of `powers` (W, signed) for so many seconds."""
    entries = tuple(schedule.PowerScheduleEntry(duration=seconds, power=rational(power)) for power in powers or (5e3,))
    return delivery.EVPowerProfile(
        time_anchor=anchor,
        control_mode=delivery.Scheduled_EVPPTControlMode(selected_schedule_tuple_id=tuple_id, **changes),
        ev_power_profile_entries=delivery.EVPowerProfileEntryList(ev_power_profile_entry=entries),
    )


def _provisioning(service: ServiceID, mode: ControlMode) -> Fields:
    root = X509IssuerSerial(x509_issuer_name="CN=Root", x509_serial_number=1)
    return {
        "oem_provisioning_certificate_chain": certificate.SignedCertificateChain(id="oem", certificate=b"0"),
        "list_of_root_certificate_ids": ListOfRootCertificateIDs(root_certificate_id=(root,)),
        "maximum_contract_certificate_chains": 1,
    }


def _metering(service: ServiceID, mode: ControlMode) -> Fields:
    data = metering.SignedMeteringData(
        id="meter",
        session_id=SESSION_ID,
        meter_info=MeterInfo(meter_id="METER1", charged_energy_reading_wh=0),
        control_mode=metering.Dynamic_SMDTControlMode(),
    )
    return {"signed_metering_data": data}


def _selection(service_id: ServiceID, mode: ControlMode) -> Fields:
    return {"selected_energy_transfer_service": service.SelectedService(service_id=int(service_id), parameter_set_id=int(mode))}


def _delivery(service: ServiceID, mode: ControlMode) -> Fields:
    start = {"ev_processing": Processing.Finished, "charge_progress": delivery.ChargeProgress.Start}
    return start | {"ev_power_profile": profile() if mode is ControlMode.SCHEDULED else None}


_FIELDS: Final[dict[type[Message], Any]] = {
    session.SessionSetupReq: lambda s, m: {"header": Header(session_id=NOBODY, time_stamp=STAMP), "evcc_id": "WMIV1234567890ABCDEX"},
    authorization.AuthorizationSetupReq: lambda s, m: {},
    authorization.AuthorizationReq: lambda s, m: {
        "selected_authorization_service": authorization.Authorization.EIM,
        "authorization_mode": authorization.EIM_AReqAuthorizationMode(),
    },
    certificate.CertificateInstallationReq: _provisioning,
    service.ServiceDiscoveryReq: lambda s, m: {},
    service.ServiceDetailReq: lambda s, m: {"service_id": int(s)},
    service.ServiceSelectionReq: _selection,
    dc.DC_ChargeParameterDiscoveryReq: lambda s, m: {"energy_transfer_mode": limits(s)},
    ac.AC_ChargeParameterDiscoveryReq: lambda s, m: {"energy_transfer_mode": ac_limits(s)},
    schedule.ScheduleExchangeReq: lambda s, m: {"maximum_supporting_points": 1024, "control_mode": need(m)},
    dc.DC_CableCheckReq: lambda s, m: {},
    dc.DC_PreChargeReq: lambda s, m: {
        "ev_processing": Processing.Ongoing,
        "ev_present_voltage": rational(0),
        "ev_target_voltage": rational(400),
    },
    delivery.PowerDeliveryReq: _delivery,
    dc.DC_ChargeLoopReq: lambda s, m: {
        "meter_info_requested": False,
        "ev_present_voltage": rational(400),
        "control_mode": turn(s, m),
    },
    ac.AC_ChargeLoopReq: lambda s, m: {"meter_info_requested": False, "control_mode": ac_turn(s, m)},
    metering.MeteringConfirmationReq: _metering,
    dc.DC_WeldingDetectionReq: lambda s, m: {"ev_processing": Processing.Ongoing},
    session.SessionStopReq: lambda s, m: {"charging_session": session.ChargingSession.Terminate},
    parking.VehicleCheckInReq: lambda s, m: {
        "ev_check_in_status": parking.EVCheckInStatus.CheckIn,
        "parking_method": parking.ParkingMethod.Manual,
    },
    parking.VehicleCheckOutReq: lambda s, m: {"ev_check_out_status": parking.EVCheckOutStatus.CheckOut, "check_out_time": STAMP},
}

REQUESTS: Final = (supportedAppProtocolReq, *_FIELDS)
"""Every request class of the main stream, written out here once more, so that a class missing in the product is seen."""


def request(
    cls: type[Message],
    *,
    service: ServiceID = ServiceID.DC_BPT,
    mode: ControlMode = ControlMode.SCHEDULED,
    session_id: bytes | None = None,
    **fields: Any,
) -> Any:
    """A valid request of this class in a session of this service and mode; `fields` replace what is there."""
    if cls is supportedAppProtocolReq:
        namespace = DC_NAMESPACE.removesuffix("DC") + service.transfer.replace("_", "-")
        return supportedAppProtocolReq(**{"app_protocol": (protocol(namespace),), **fields})
    filled: Fields = {"header": Header(session_id=SESSION_ID, time_stamp=STAMP), **_FIELDS[cls](service, mode)}
    if session_id is not None:
        filled["header"] = Header(session_id=session_id, time_stamp=STAMP)
    worded = in_words(cls, service.transfer if service in RESOURCES else None)
    if worded is not cls:
        name = "energy_transfer_mode" if cls is ac.AC_ChargeParameterDiscoveryReq else "control_mode"
        filled[name] = as_resource(filled[name], worded)
    return worded(**(filled | fields))


def as_resource(mode: Message, cls: type[Message]) -> Message:
    """The same for a request `cls` of a resource of the grid; what it has to say beside that is the least there is."""
    words = vars(sys.modules[cls.__module__])["DER_" + type(mode).__name__.removeprefix("BPT_")]
    same = {name: getattr(mode, name) for name in type(mode).__fields__ if name in words.__fields__}
    done = {"ev_processing": Processing.Finished} if "ev_processing" in words.__fields__ else {}
    return least_of(words, **{name: value for name, value in same.items() if value is not None}, **done)


def in_words(cls: type[Message], transfer: str | None) -> type[Message]:
    """The class of this name in the words of a transfer: distributed energy resources have those of alternating current of their own."""
    of_their_own = transfer in ("AC_DER_IEC", "AC_DER_SAE") and cls.__module__ == ac.__name__
    return SCHEMAS[transfer].roots[cls.__name__] if transfer and of_their_own else cls


def _unserved() -> tuple[Message, ...]:
    """Requests of kinds of transfer that nobody is offered: wireless, automatic connection, distributed energy resources."""
    header = Header(session_id=SESSION_ID, time_stamp=STAMP)
    said: list[Message] = []
    for name in ("WPT", "ACDP", "AC_DER_IEC", "AC_DER_SAE"):
        for root, cls in SCHEMAS[name].roots.items():
            if not root.endswith("Req"):
                continue
            field = next((field for field in ("energy_transfer_mode", "control_mode") if field in cls.__fields__), "")
            modes = [row.value for row in rows(cls) if row.field == field]
            said += [least_of(cls, header=header, **({field: least_of(mode)} if field else {})) for mode in modes or [None]]
    return tuple(said)


UNSERVED: Final = _unserved()
"""One of each class, and of each mode in it."""
