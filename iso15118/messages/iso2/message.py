"""The one document of ISO 15118-2: a header, and the request or response as its body."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message
from iso15118.messages.enumerations import FaultCode
from iso15118.messages.facets import FaultMessage
from iso15118.messages.iso2.ac import ChargingStatusReq, ChargingStatusRes
from iso15118.messages.iso2.authorization import AuthorizationReq, AuthorizationRes, PaymentDetailsReq, PaymentDetailsRes
from iso15118.messages.iso2.certificate import (
    CertificateInstallationReq,
    CertificateInstallationRes,
    CertificateUpdateReq,
    CertificateUpdateRes,
)
from iso15118.messages.iso2.dc import (
    CableCheckReq,
    CableCheckRes,
    CurrentDemandReq,
    CurrentDemandRes,
    PreChargeReq,
    PreChargeRes,
    WeldingDetectionReq,
    WeldingDetectionRes,
)
from iso15118.messages.iso2.delivery import PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.iso2.facets import SessionID
from iso15118.messages.iso2.metering import MeteringReceiptReq, MeteringReceiptRes
from iso15118.messages.iso2.parameters import ChargeParameterDiscoveryReq, ChargeParameterDiscoveryRes
from iso15118.messages.iso2.service import (
    PaymentServiceSelectionReq,
    PaymentServiceSelectionRes,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
)
from iso15118.messages.iso2.session import SessionSetupReq, SessionSetupRes, SessionStopReq, SessionStopRes
from iso15118.messages.xmldsig import Signature


class Notification(Message):
    """What went wrong with the message before."""

    fault_code: FaultCode
    fault_msg: FaultMessage | None = None


class Header(Message):
    """The session, a fault of the message before, and the signature over elements of the message, if any is signed."""

    session_id: SessionID
    notification: Notification | None = None
    signature: Signature | None = None


class Body(Message):
    """The request or response; without one there is nothing to say."""

    body_element: Annotated[
        AuthorizationReq
        | AuthorizationRes
        | CableCheckReq
        | CableCheckRes
        | CertificateInstallationReq
        | CertificateInstallationRes
        | CertificateUpdateReq
        | CertificateUpdateRes
        | ChargeParameterDiscoveryReq
        | ChargeParameterDiscoveryRes
        | ChargingStatusReq
        | ChargingStatusRes
        | CurrentDemandReq
        | CurrentDemandRes
        | MeteringReceiptReq
        | MeteringReceiptRes
        | PaymentDetailsReq
        | PaymentDetailsRes
        | PaymentServiceSelectionReq
        | PaymentServiceSelectionRes
        | PowerDeliveryReq
        | PowerDeliveryRes
        | PreChargeReq
        | PreChargeRes
        | ServiceDetailReq
        | ServiceDetailRes
        | ServiceDiscoveryReq
        | ServiceDiscoveryRes
        | SessionSetupReq
        | SessionSetupRes
        | SessionStopReq
        | SessionStopRes
        | WeldingDetectionReq
        | WeldingDetectionRes
        | None,
        Head("BodyElement"),
    ] = None


class V2G_Message(Message):
    """A request or response with its header."""

    header: Header
    body: Body
