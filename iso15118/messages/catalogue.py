"""The schema sets by name and by payload type, and which response pairs with which request.

A stream does not say which set it belongs to: the payload type of its frame does. A new message is found by itself, since a class
bears the name of its element; a new set is a line in `SCHEMAS` and in `_PAYLOAD_TYPES`. The sets of older editions share the payload
type of SAP, so that the namespace negotiated tells them apart; they are imported when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


SCHEMAS: Final[Mapping[str, Schema]] = _Sets({**{schema.name: schema for schema in _SETS}, "ISO2": _iso2, "DIN": _din})
"""Set name to schema."""

_PAYLOAD_TYPES: Final = {0x8001: SCHEMAS["SAP"], 0x8002: SCHEMAS["CommonMessages"], 0x8004: SCHEMAS["DC"]}
"""V2GTP payload type of the main stream to schema."""

NEGOTIATED: Final[Mapping[str, str]] = {"urn:iso:15118:2:2013:MsgDef": "ISO2", "urn:din:70121:2012:MsgDef": "DIN"}
"""Namespace of an older edition to its set: once it is negotiated, payload type 0x8001 means that set."""

RESPONSES: Final[Mapping[MessageClass, MessageClass]] = {
    request: schema.roots[f"{name[:-3]}Res"]
    for schema in _PAYLOAD_TYPES.values()
    for name, request in schema.roots.items()
    if name.endswith("Req")
}
"""Request class to the class of the response that pairs with it."""

_TYPE_OF_CLASS: Final = {
    cls: payload_type
    for payload_type, schema in _PAYLOAD_TYPES.items()
    for cls in schema.roots.values()
    if cls in RESPONSES or cls in RESPONSES.values()
}


def schema_for(payload_type: int, namespace: str = "") -> Schema:
    """The schema of a frame's payload; `namespace`: the protocol negotiated, "" before. Raises CodecError where none is known."""
    if payload_type == 0x8001 and namespace in NEGOTIATED:
        return SCHEMAS[NEGOTIATED[namespace]]
    schema = _PAYLOAD_TYPES.get(payload_type)
    if schema is None:
        raise CodecError(f"payload type {payload_type:#06x} has no schema here")
    return schema


def payload_type_of(message: Message) -> int:
    """The payload type under which a request or response travels on the main stream. Raises LocalError for anything else."""
    if type(message).__name__ == "V2G_Message":  # what both older editions call their one document
        return 0x8001
    payload_type = _TYPE_OF_CLASS.get(type(message))
    if payload_type is None:
        raise LocalError(f"{type(message).__name__} is no message of its own")
    return payload_type
