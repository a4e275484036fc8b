"""The one document of DIN 70121: a header, and the request or response as its body."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Head, Message
from iso15118.messages.din.ac import ChargingStatusReq, ChargingStatusRes, MeteringReceiptReq, MeteringReceiptRes
from iso15118.messages.din.authorization import ContractAuthenticationReq, ContractAuthenticationRes, PaymentDetailsReq, PaymentDetailsRes
from iso15118.messages.din.certificate import (
    CertificateInstallationReq,
    CertificateInstallationRes,
    CertificateUpdateReq,
    CertificateUpdateRes,
)
from iso15118.messages.din.dc import (
    CableCheckReq,
    CableCheckRes,
    CurrentDemandReq,
    CurrentDemandRes,
    PreChargeReq,
    PreChargeRes,
    WeldingDetectionReq,
    WeldingDetectionRes,
)
from iso15118.messages.din.delivery import PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.din.facets import SessionID
from iso15118.messages.din.parameters import ChargeParameterDiscoveryReq, ChargeParameterDiscoveryRes
from iso15118.messages.din.service import (
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServicePaymentSelectionReq,
    ServicePaymentSelectionRes,
)
from iso15118.messages.din.session import SessionSetupReq, SessionSetupRes, SessionStopReq, SessionStopRes
from iso15118.messages.enumerations import FaultCode
from iso15118.messages.facets import FaultMessage
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
        CableCheckReq
        | CableCheckRes
        | CertificateInstallationReq
        | CertificateInstallationRes
        | CertificateUpdateReq
        | CertificateUpdateRes
        | ChargeParameterDiscoveryReq
        | ChargeParameterDiscoveryRes
        | ChargingStatusReq
        | ChargingStatusRes
        | ContractAuthenticationReq
        | ContractAuthenticationRes
        | CurrentDemandReq
        | CurrentDemandRes
        | MeteringReceiptReq
        | MeteringReceiptRes
        | PaymentDetailsReq
        | PaymentDetailsRes
        | PowerDeliveryReq
        | PowerDeliveryRes
        | PreChargeReq
        | PreChargeRes
        | ServiceDetailReq
        | ServiceDetailRes
        | ServiceDiscoveryReq
        | ServiceDiscoveryRes
        | ServicePaymentSelectionReq
        | ServicePaymentSelectionRes
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
