"""The total refusal table: for every request the response that pairs with it, schema-valid and promising nothing [V2G20-736]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import response_of
from iso15118.messages.v20 import ac, authorization, certificate, dc, delivery, metering, parking, schedule, service, session
from iso15118.messages.v20.common import Header, Processing, RationalNumber, ResponseCode

_ZERO: Final = RationalNumber(exponent=0, value=0)
_IN_KIND: Final[dict[type[Message], type[Message]]] = {
    dc.BPT_DC_CPDReqEnergyTransferMode: dc.BPT_DC_CPDResEnergyTransferMode,
    dc.DC_CPDReqEnergyTransferMode: dc.DC_CPDResEnergyTransferMode,
    dc.BPT_Dynamic_DC_CLReqControlMode: dc.BPT_Dynamic_DC_CLResControlMode,
    dc.BPT_Scheduled_DC_CLReqControlMode: dc.BPT_Scheduled_DC_CLResControlMode,
    dc.Dynamic_DC_CLReqControlMode: dc.Dynamic_DC_CLResControlMode,
    dc.Scheduled_DC_CLReqControlMode: dc.Scheduled_DC_CLResControlMode,
    ac.BPT_AC_CPDReqEnergyTransferMode: ac.BPT_AC_CPDResEnergyTransferMode,
    ac.AC_CPDReqEnergyTransferMode: ac.AC_CPDResEnergyTransferMode,
    ac.BPT_Dynamic_AC_CLReqControlMode: ac.BPT_Dynamic_AC_CLResControlMode,
    ac.BPT_Scheduled_AC_CLReqControlMode: ac.BPT_Scheduled_AC_CLResControlMode,
    ac.Dynamic_AC_CLReqControlMode: ac.Dynamic_AC_CLResControlMode,
    ac.Scheduled_AC_CLReqControlMode: ac.Scheduled_AC_CLResControlMode,
}


def _zeros(mode: Message) -> Message:
    """The mode element that answers `mode` in kind [V2G20-1600], every mandatory number 0."""
    answer = _IN_KIND[type(mode)]
    return answer(**{name: _ZERO for name in answer.__fields__ if name not in answer.__defaults__})


def _mode_of_schedule(request: Any) -> Message:
    if type(request.control_mode) is schedule.Dynamic_SEReqControlMode:
        return schedule.Dynamic_SEResControlMode()
    entry = schedule.PowerScheduleEntry(duration=86_400, power=_ZERO)
    entries = schedule.PowerScheduleEntryList(power_schedule_entry=(entry,))
    power = schedule.PowerSchedule(time_anchor=request.header.time_stamp, power_schedule_entries=entries)
    only = schedule.ScheduleTuple(schedule_tuple_id=1, charging_schedule=schedule.ChargingSchedule(power_schedule=power))
    return schedule.Scheduled_SEResControlMode(schedule_tuple=(only,))


def _installation_data() -> Message:
    nothing = certificate.ContractCertificateChain(certificate=b"", sub_certificates=certificate.SubCertificates(certificate=(b"",)))
    return certificate.SignedInstallationData(
        id="refused",
        contract_certificate_chain=nothing,
        ecdh_curve=certificate.ECDHCurve.SECP521,
        dh_public_key=bytes(133),
        secp521_encrypted_private_key=bytes(94),
    )


def _parameters() -> Message:
    nothing = service.Parameter(name="none", bool_value=False)
    return service.ServiceParameterList(parameter_set=(service.ParameterSet(parameter_set_id=0, parameter=(nothing,)),))


def _services() -> Message:
    return service.ServiceList(service=(service.Service(service_id=0, free_service=False),))


Fill = Callable[[Any], dict[str, Any]]

_FILLERS: Final[dict[type[Message], Fill]] = {
    session.SessionSetupReq: lambda r: {"evse_id": ""},
    authorization.AuthorizationSetupReq: lambda r: {
        "authorization_services": (authorization.Authorization.EIM,),
        "certificate_installation_service": False,
        "authorization_mode": authorization.EIM_ASResAuthorizationMode(),
    },
    authorization.AuthorizationReq: lambda r: {"evse_processing": Processing.Finished},
    certificate.CertificateInstallationReq: lambda r: {
        "evse_processing": Processing.Finished,
        "cps_certificate_chain": certificate.CertificateChain(certificate=b""),
        "signed_installation_data": _installation_data(),
        "remaining_contract_certificate_chains": 0,
    },
    service.ServiceDiscoveryReq: lambda r: {"service_renegotiation_supported": False, "energy_transfer_service_list": _services()},
    service.ServiceDetailReq: lambda r: {"service_id": r.service_id, "service_parameter_list": _parameters()},
    service.ServiceSelectionReq: lambda r: {},
    ac.AC_ChargeParameterDiscoveryReq: lambda r: {"energy_transfer_mode": _zeros(r.energy_transfer_mode)},
    ac.AC_ChargeLoopReq: lambda r: {"control_mode": _zeros(r.control_mode)},
    dc.DC_ChargeParameterDiscoveryReq: lambda r: {"energy_transfer_mode": _zeros(r.energy_transfer_mode)},
    schedule.ScheduleExchangeReq: lambda r: {"evse_processing": Processing.Finished, "control_mode": _mode_of_schedule(r)},
    dc.DC_CableCheckReq: lambda r: {"evse_processing": Processing.Finished},
    dc.DC_PreChargeReq: lambda r: {"evse_present_voltage": _ZERO},
    delivery.PowerDeliveryReq: lambda r: {},
    dc.DC_ChargeLoopReq: lambda r: {
        "evse_present_current": _ZERO,
        "evse_present_voltage": _ZERO,
        "evse_power_limit_achieved": False,
        "evse_current_limit_achieved": False,
        "evse_voltage_limit_achieved": False,
        "control_mode": _zeros(r.control_mode),
    },
    metering.MeteringConfirmationReq: lambda r: {},
    dc.DC_WeldingDetectionReq: lambda r: {"evse_present_voltage": _ZERO},
    session.SessionStopReq: lambda r: {},
    parking.VehicleCheckInReq: lambda r: {},
    parking.VehicleCheckOutReq: lambda r: {"evse_check_out_status": parking.EVSECheckOutStatus.Completed},
}

SPOKEN: Final = frozenset((supportedAppProtocolReq, *_FILLERS))
"""The requests that have a refusal: all that a charger of ours understands."""


def refusal(request: Message, code: ResponseCode, *, session_id: bytes, time_stamp: int) -> Message:
    """The response that refuses `request` with `code`. Raises KeyError unless the request is in `SPOKEN`."""
    if type(request) is supportedAppProtocolReq:
        return supportedAppProtocolRes(response_code=AppProtocolResponseCode.Failed_NoNegotiation)
    header = Header(session_id=session_id, time_stamp=time_stamp)
    response: Any = response_of(type(request))
    refused: Message = response(header=header, response_code=code, **_FILLERS[type(request)](request))
    return refused
