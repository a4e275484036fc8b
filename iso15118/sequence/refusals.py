"""The total refusal table: for every request the response that pairs with it, schema-valid and promising nothing [V2G20-736].

Total over all that can be decoded, so that whatever is said in an ISO 15118-20 session is answered, also what is for kinds of transfer that
are not served. What a response must hold is filled with the least that can be said; only where that says too much, or where the request is
to be met in kind, the filling is written out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from iso15118.exi import Binary, Enumeration, Integer, Message
from iso15118.exi.describe import Row, rows
from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolReq, supportedAppProtocolRes
from iso15118.messages.catalogue import response_of
from iso15118.messages.v20 import authorization, certificate, schedule, service
from iso15118.messages.v20.common import Header, RationalNumber, ResponseCode

_ZERO: Final = RationalNumber(exponent=0, value=0)


def _least(row: Row) -> Any:
    """What says the least in the place of an element: no, nothing, nobody; of words the first."""
    value: Any = row.value
    least: Any
    if value is RationalNumber:
        least = _ZERO
    elif value is bool:
        least = False
    elif isinstance(value, Integer):
        least = max(value.low or 0, 0)
    elif isinstance(value, type) and issubclass(value, Enumeration):
        least = next(iter(value))
    elif isinstance(value, type) and issubclass(value, Message):
        least = least_of(value)
    else:
        least = bytes(value.min) if isinstance(value, Binary) else ""
    return least if row.high == 1 else (least,) * row.low


def least_of(cls: type[Message], **said: Any) -> Message:
    """The message of this class that holds `said`, and beside it only what it must: the least of each."""
    others = {name for group in cls.choice for name in group[1:]}
    least: dict[str, Any] = {}
    for row in rows(cls):
        if row.low and row.field not in said and row.field not in least and row.field not in others:
            least[row.field] = _least(row)
    return cls(**least, **said)


def _in_kind(mode: Message) -> Message:
    """The mode element that answers `mode` in kind [V2G20-1600], every mandatory number 0."""
    cls = type(mode)
    answer: type[Message] = vars(sys.modules[cls.__module__])[cls.__name__.replace("Req", "Res")]
    return least_of(answer)


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


_FILLERS: Final[dict[type[Message], Callable[[Any], dict[str, Any]]]] = {
    authorization.AuthorizationSetupReq: lambda r: {"authorization_mode": authorization.EIM_ASResAuthorizationMode()},
    certificate.CertificateInstallationReq: lambda r: {"signed_installation_data": _installation_data()},
    service.ServiceDetailReq: lambda r: {"service_id": r.service_id, "service_parameter_list": _parameters()},
    schedule.ScheduleExchangeReq: lambda r: {"control_mode": _mode_of_schedule(r)},
}
_MODES: Final = ("energy_transfer_mode", "control_mode")


def _filling(request: Message) -> dict[str, Any]:
    fill = _FILLERS.get(type(request))
    if fill is not None:
        return fill(request)
    return {name: _in_kind(getattr(request, name)) for name in _MODES if name in type(request).__fields__}


def asks(message: Message) -> bool:
    """True for a request: a charger answers it, whatever it asks."""
    return response_of(type(message)) is not None


def refusal(request: Message, code: ResponseCode, *, session_id: bytes, time_stamp: int) -> Message:
    """The response that refuses `request` with `code`. Raises KeyError unless it is a request."""
    response = response_of(type(request))
    if response is None:
        raise KeyError(f"{type(request).__name__} is no request")
    if type(request) is supportedAppProtocolReq:
        return supportedAppProtocolRes(response_code=AppProtocolResponseCode.Failed_NoNegotiation)
    header = Header(session_id=session_id, time_stamp=time_stamp)
    return least_of(response, header=header, response_code=code, **_filling(request))
