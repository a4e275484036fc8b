"""The schema sets by name and by payload type, and which response pairs with which request.

A stream does not say which set it belongs to: the payload type of its frame does. A new message is found by itself, since a class
bears the name of its element; a new set is a line in `SCHEMAS`, in `PAYLOADS` and in `_TYPE_OF_MODULE`. The sets of older editions
share the payload type of SAP, so that the namespace negotiated tells them apart. All but those that every session needs are imported
when first asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Final, TypeAlias

from iso15118.errors import CodecError, LocalError
from iso15118.exi import Message, Schema
from iso15118.messages import app_protocol, xmldsig
from iso15118.messages.names import common_messages as common_messages_names
from iso15118.messages.names import dc as dc_names
from iso15118.messages.names import sap as sap_names
from iso15118.messages.names import xmldsig as xmldsig_names
from iso15118.messages.v20 import authorization, certificate, dc, delivery, metering, parking, schedule, service, session
from iso15118.messages.v20.certificate import ContractCertificateChain, SignedCertificateChain
from iso15118.messages.v20.common import ChargeParameterDiscoveryReq, ChargeParameterDiscoveryRes, Request, Response
from iso15118.messages.v20.price import AbsolutePriceSchedule, PriceLevelSchedule

MessageClass: TypeAlias = type[Message]


def _schema(name: str, names: ModuleType, *subjects: ModuleType, signed: Mapping[str, MessageClass] | None = None) -> Schema:
    """The set whose global elements are the classes of `subjects`; `signed` are local elements that digests are made of."""
    known = (value for module in subjects for value in vars(module).values())
    spoken = (value for value in known if isinstance(value, type) and issubclass(value, Message) and "abstract" not in vars(value))
    classes = {value.__name__: value for value in spoken}
    roots = {element: classes[element] for element in names.ELEMENTS if element in classes}
    return Schema(
        name,
        elements=names.ELEMENTS,
        roots=roots,
        fragment_elements=names.FRAGMENT_ELEMENTS,
        fragment_roots={**roots, **(signed or {})},
    )


_SETS: Final = (
    _schema("SAP", sap_names, app_protocol),
    _schema("XMLDSIG", xmldsig_names, xmldsig),
    _schema(
        "CommonMessages",
        common_messages_names,
        *(session, authorization, service, schedule, delivery, metering, certificate, parking, xmldsig),
        signed={
            "AbsolutePriceSchedule": AbsolutePriceSchedule,
            "ContractCertificateChain": ContractCertificateChain,
            "OEMProvisioningCertificateChain": SignedCertificateChain,
            "PnC_AReqAuthorizationMode": authorization.PnC_AReqAuthorizationMode,
            "PriceLevelSchedule": PriceLevelSchedule,
        },
    ),
    _schema("DC", dc_names, dc, xmldsig),
)


def _ac() -> Schema:
    from iso15118.messages.names import ac as names
    from iso15118.messages.v20 import ac

    return _schema("AC", names, ac, xmldsig)


def _acdp() -> Schema:
    from iso15118.messages.names import acdp as names
    from iso15118.messages.v20 import acdp

    return _schema("ACDP", names, acdp, xmldsig)


def _wpt() -> Schema:
    from iso15118.messages.names import wpt as names
    from iso15118.messages.v20 import wpt

    return _schema("WPT", names, wpt, xmldsig)


def _ac_der_iec() -> Schema:
    from iso15118.messages.names import ac_der_iec as names
    from iso15118.messages.v20 import ac, der_iec

    return _schema("AC_DER_IEC", names, ac, der_iec, xmldsig)


def _ac_der_sae() -> Schema:
    from iso15118.messages.names import ac_der_sae as names
    from iso15118.messages.v20 import ac, der_sae, der_sae_grid_code

    return _schema("AC_DER_SAE", names, ac, der_sae_grid_code, der_sae, xmldsig)


def _iso2() -> Schema:
    from iso15118.messages.iso2 import certificate, common, delivery, message, parameters, schedule
    from iso15118.messages.names import iso2 as names

    signed: dict[str, MessageClass] = {
        "ContractSignatureCertChain": certificate.CertificateChain,
        "ContractSignatureEncryptedPrivateKey": certificate.ContractSignatureEncryptedPrivateKey,
        "DHpublickey": certificate.DHpublickey,
        "SalesTariff": schedule.SalesTariff,
        "eMAID": certificate.EMAIDFragment,
    }
    return _schema("ISO2", names, message, common, delivery, parameters, schedule, xmldsig, signed=signed)


def _din() -> Schema:
    from iso15118.messages.din import common, delivery, message, parameters, schedule, service
    from iso15118.messages.names import din as names

    signed = {"SalesTariff": schedule.SalesTariff}
    return _schema("DIN", names, message, common, delivery, parameters, schedule, service, xmldsig, signed=signed)


class _Sets(Mapping[str, Schema]):
    """Schemas by name; where a function makes one, it does so when first asked."""

    def __init__(self, sets: Mapping[str, Schema | Callable[[], Schema]]) -> None:
        self._sets = dict(sets)

    def __getitem__(self, name: str) -> Schema:
        found = self._sets[name]
        if not isinstance(found, Schema):
            found = self._sets[name] = found()
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)


SCHEMAS: Final[Mapping[str, Schema]] = _Sets(
    {
        **{schema.name: schema for schema in _SETS},
        "AC": _ac,
        "ACDP": _acdp,
        "WPT": _wpt,
        "AC_DER_IEC": _ac_der_iec,
        "AC_DER_SAE": _ac_der_sae,
        "ISO2": _iso2,
        "DIN": _din,
    }
)
"""Set name to schema."""

NEGOTIATED: Final[Mapping[str, str]] = {"urn:iso:15118:2:2013:MsgDef": "ISO2", "urn:din:70121:2012:MsgDef": "DIN"}
"""Namespace of an older edition to its set: once it is negotiated, payload type 0x8001 means that set."""

ENERGY: Final[Mapping[str, str]] = {
    "urn:iso:std:iso:15118:-20:AC": "AC",
    "urn:iso:std:iso:15118:-20:DC": "DC",
    "urn:iso:std:iso:15118:-20:ACDP": "DC",
    "urn:iso:std:iso:15118:-20:WPT": "WPT",
    "urn:iso:std:iso:15118:-20:AC-DER-IEC": "AC_DER_IEC",
    "urn:iso:std:iso:15118:-20:AC-DER-SAE": "AC_DER_SAE",
}
"""Namespace negotiated to the set with the charge parameters of its energy transfer: ACDP positions and connects, what flows is DC."""

PAYLOADS: Final[Mapping[int, str]] = {
    0x8001: "SAP",
    0x8002: "CommonMessages",
    0x8003: "AC",
    0x8004: "DC",
    0x8005: "ACDP",
    0x8006: "WPT",
    0x8010: "AC_DER_IEC",
    0x8011: "AC_DER_SAE",
    0x8101: "CommonMessages",
    0x8102: "CommonMessages",
    0x8103: "ACDP",
    0x8104: "CommonMessages",
}
"""V2GTP payload type to set name: the main stream up to 0x80FF, from 0x8101 the side streams."""

COMMON: Final = "CommonMessages"
"""The set that all kinds of energy transfer share."""

RENEGOTIATION: Final = 0x8101
"""Side stream of a schedule renegotiation, the one that carries messages of two sets."""

_PACKAGE: Final = f"{__name__.rpartition('.')[0]}."
_TYPE_OF_MODULE: Final = {
    "app_protocol": 0x8001,
    **dict.fromkeys(("v20.session", "v20.authorization", "v20.service", "v20.schedule", "v20.delivery", "v20.certificate"), 0x8002),
    "v20.ac": 0x8003,
    "v20.dc": 0x8004,
    "v20.acdp": 0x8005,
    "v20.wpt": 0x8006,
    "v20.der_iec": 0x8010,
    "v20.der_sae": 0x8011,
    "v20.metering": 0x8102,
    "v20.parking": 0x8104,
}


def schema_for(payload_type: int, namespace: str = "", *, parameters: bool = False) -> Schema:
    """The schema of a frame's payload. Raises CodecError where none is known.

    `namespace`: the protocol negotiated, "" before. `parameters`: on the renegotiation stream, the message due is a charge parameter
    discovery, which the set of the energy transfer codes; every other message there is a common one.
    """
    name = PAYLOADS.get(payload_type)
    if payload_type == 0x8001:
        name = NEGOTIATED.get(namespace, name)
    elif payload_type == RENEGOTIATION and parameters:
        name = ENERGY.get(namespace)
    if name is None:
        raise CodecError(f"payload type {payload_type:#06x} has no schema here")
    return SCHEMAS[name]


def schema_of(message: Message, payload_type: int) -> Schema:
    """The schema in which `message` travels under this payload type. Raises CodecError or LocalError where none is known."""
    return schema_for(payload_type_of(message) if payload_type == RENEGOTIATION else payload_type)


def renegotiated(octets: bytes, sets: tuple[str, ...]) -> Message:
    """The message of a frame of the renegotiation stream. `sets`: the names of those it may be in, the one that is due first.

    Of the set of an energy transfer only charge parameters travel here, so that what reads as anything else was meant in the other set: a
    message out of order is seen for what it is. Raises CodecError where it is in none of them.
    """
    failure: CodecError | None = None
    for name in sets:
        try:
            message = SCHEMAS[name].decode(octets)
        except CodecError as error:
            failure = failure or error
            continue
        if name == COMMON or isinstance(message, ChargeParameterDiscoveryReq | ChargeParameterDiscoveryRes):
            return message
    raise failure or CodecError("neither charge parameters nor a common message")


@cache
def response_of(request: MessageClass) -> MessageClass | None:
    """The class of the response that pairs with a class of requests; None where it is no request."""
    name = request.__name__
    if not name.endswith("Req"):
        return None
    found: MessageClass | None = vars(sys.modules[request.__module__]).get(f"{name[:-3]}Res")
    return found


def payload_type_of(message: Message | MessageClass) -> int:
    """The payload type under which a request or response travels, if not within a renegotiation. Raises LocalError for anything else."""
    cls = message if isinstance(message, type) else type(message)
    payload_type = _type_of(cls)
    if payload_type is None:
        raise LocalError(f"{cls.__name__} is no message of its own")
    return payload_type


@cache
def _type_of(cls: MessageClass) -> int | None:
    name = cls.__name__
    if name == "V2G_Message":  # what both older editions call their one document
        return 0x8001
    if name in ("ACDP_SystemStatusReq", "ACDP_SystemStatusRes"):
        return 0x8103
    spoken = name.endswith(("Req", "Res")) and issubclass(cls, (Request, Response, *_SETS[0].roots.values()))
    return _TYPE_OF_MODULE.get(cls.__module__.removeprefix(_PACKAGE)) if spoken else None
