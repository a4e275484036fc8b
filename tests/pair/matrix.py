"""Bad input as a table, by the families of cases. `test_matrix` plays each row over the kinds of session it is meant for.

Behind each it plays an honest session on the same metal, which is the positive control as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import cycle
from typing import Any, Final

from iso15118.messages.v20.common import ResponseCode
from iso15118.sequence.table import Transfer
from iso15118.service.pair import EPOCH
from iso15118.session.protocols import NAMESPACES
from iso15118.sim.misbehaviour import (
    Deaf,
    Duplicate,
    Framed,
    Garbled,
    Gone,
    Half,
    Ident,
    Instead,
    Late,
    Misbehaviour,
    Silent,
    WrongSession,
    WrongValues,
)
from iso15118.units import MICROSECONDS
from tests.pair.octets import SET_UP, SETUP, string_too_long, unknown_enumeration
from tests.pair.rows import Borne, Ends, Leaves, Outcome, Refused, Row

SETUPS: Final = "SessionSetup AuthorizationSetup Authorization ServiceDiscovery ServiceDetail ServiceSelection".split()
ORDER: Final = [
    *((name, "") for name in (*SETUPS, "*_ChargeParameterDiscovery", "ScheduleExchange")),
    *((name, "DC") for name in ("DC_CableCheck", "DC_PreCharge")),
    *((name, "") for name in ("PowerDelivery", "*_ChargeLoop")),
    ("DC_WeldingDetection", "DC"),
    ("SessionStop", ""),
]
"""The messages of a session behind the first one, in order, without Req and Res, and on which current."""
SOME: Final = [
    (name, on) for name, on in ORDER if name in ("ServiceDiscovery", "ScheduleExchange", "DC_PreCharge", "PowerDelivery", "*_ChargeLoop")
]
"""Of each part of a session one."""
AC_ORDER, DC_ORDER = ([name for name, on in ORDER if on in ("", current)] for current in ("AC", "DC"))
APP, APP_ANSWER = "supportedAppProtocolReq", "supportedAppProtocolRes"
LOOP, LOOPS = "*_ChargeLoopReq", "*_ChargeLoopRes"
PARAMETERS, PARAMETERS_TOLD = "*_ChargeParameterDiscoveryReq", "*_ChargeParameterDiscoveryRes"
SELECTION, SELECTED = "ServiceSelectionReq", "SelectedEnergyTransferService"
EXCHANGE, DELIVERY = "ScheduleExchangeReq", "PowerDeliveryReq"
SEQUENCE: Final = "FAILED_SequenceError"
NO_MESSAGE: Final = Ends("not a message")
FAILURES: Final = [code for code in ResponseCode if code.startswith("FAILED")]


def said(message: str, **elements: object) -> str:
    """A message as JSON."""
    return json.dumps({message: elements})


def both(
    cases: str, deed: type[Misbehaviour], outcome: Outcome, at: tuple[str, ...] = ("ServiceDiscovery", "*_ChargeLoop"), **how: Any
) -> list[Row]:
    """The misdeed of the car in its requests, and of the charger in its responses."""
    return [Row(cases, deed(at=name + end, **how), outcome) for name in at for end in ("Req", "Res")]


def first(current: str) -> int:
    """Which PowerDeliveryReq is the one that starts: with direct current the first waits for the car's own contactor."""
    return 2 if current == "DC" else 1


STOP, PAUSE, RENEGOTIATE = (said("SessionStopReq", ChargingSession=how) for how in ("Terminate", "Pause", "ServiceRenegotiation"))
SCHEDULED = said(EXCHANGE, MaximumSupportingPoints=1024, Scheduled_SEReqControlMode={})


def number(value: int, exponent: int = 0) -> dict[str, int]:
    return {"Exponent": exponent, "Value": value}


ENERGY: Final = {f"EV{each}EnergyRequest": number(int(each != "Minimum")) for each in ("Target", "Maximum", "Minimum")}
DYNAMIC = said(EXCHANGE, MaximumSupportingPoints=1024, Dynamic_SEReqControlMode={"DepartureTime": 7200, **ENERGY})
LIMITS: Final = {
    "AC": {f"EV{end}ChargePower": number(value) for end, value in (("Maximum", 11_000), ("Minimum", 0))},
    "DC": {
        f"EV{end}{what}": number(value)
        for what, values in {"ChargePower": (30_000, 0), "ChargeCurrent": (125, 0), "Voltage": (420, 290)}.items()
        for end, value in zip(("Maximum", "Minimum"), values, strict=True)
    },
}
BACK: Final = {
    "AC": {f"EV{end}DischargePower": number(0) for end in ("Maximum", "Minimum")},
    "DC": {f"EV{end}Discharge{what}": number(0) for what in ("Power", "Current") for end in ("Maximum", "Minimum")},
}


def parameters(current: str, bpt: bool) -> str:
    """Charge parameters of a service with or without discharge."""
    mode = {**LIMITS[current], **(BACK[current] if bpt else {})}
    return said(f"{current}_ChargeParameterDiscoveryReq", **{f"{'BPT_' if bpt else ''}{current}_CPDReqEnergyTransferMode": mode})


def loop(current: str, mode: str, bpt: bool) -> str:
    """A request of the charge loop in one of the control modes, as small as can be."""
    wants: Mapping[str, object] = {
        "AC Scheduled": {"EVPresentActivePower": number(0)},
        "AC Dynamic": {**ENERGY, **LIMITS["AC"], "EVPresentActivePower": number(0), "EVPresentReactivePower": number(0)},
        "DC Scheduled": {"EVTargetCurrent": number(0), "EVTargetVoltage": number(400)},
        "DC Dynamic": {**ENERGY, **{name: value for name, value in LIMITS["DC"].items() if name != "EVMinimumChargeCurrent"}},
    }[f"{current} {mode}"]
    back = {name: value for name, value in BACK[current].items() if name != "EVMinimumDischargeCurrent"}
    element = {**wants, **(back if bpt and mode == "Dynamic" else {})}
    present = {"EVPresentVoltage": number(400)} if current == "DC" else {}
    name = f"{'BPT_' if bpt else ''}{mode}_{current}_CLReqControlMode"
    return said(f"{current}_ChargeLoopReq", MeterInfoRequested=False, **present, **{name: element})


FRAMES: Final = [
    Row("V2G-06", Framed(at=APP, payload_type=0x8002), NO_MESSAGE),
    *both("V2G-07", Framed, Borne(), payload_type=0x8050, extra=True),
    *both("V2G-08", Framed, Borne(), payload_type=0xA000, extra=True),
    *both("V2G-09", Garbled, NO_MESSAGE, octets=b""),
    Row("V2G-10", Half(at="ServiceDiscoveryReq", octets=8), Ends(after=2.0)),  # a frame that has begun is complete by then
    Row("V2G-10", Half(at=LOOP, nth=3, octets=8), Ends(after=0.5)),
    *both("V2G-11", Framed, Ends("65537 octets announced"), length=65_537),
]


def protocol(
    namespace: str = "urn:iso:std:iso:15118:-20:*", major: int = 1, minor: int = 0, priority: int = 1, schema: int = 1
) -> dict[str, object]:
    return {
        "ProtocolNamespace": namespace,
        "VersionNumberMajor": major,
        "VersionNumberMinor": minor,
        "SchemaID": schema,
        "Priority": priority,
    }


def offering(*protocols: dict[str, object]) -> Instead:
    return Instead(at=APP, say=said(APP, AppProtocol=protocols))


NONE_LEFT: Final = Refused("Failed_NoNegotiation")
OWN: Final = str(protocol()["ProtocolNamespace"])
OLDER: Final = "urn:iso:15118:2:2013:MsgDef"
PROTOCOLS: Final = [
    Row("SAP-02", offering(protocol(minor=5)), Borne(code="OK_SuccessfulNegotiationWithMinorDeviation")),
    Row("SAP-03", offering(protocol(major=9)), NONE_LEFT),
    Row("SAP-04", offering(protocol("urn:example:charging")), NONE_LEFT),
    Row("SAP-05", offering(protocol(OLDER, 2, priority=2, schema=2), protocol()), Borne()),
    Row("SAP-06", offering(protocol(OLDER, 2, schema=2), protocol(priority=2)), Borne()),  # the older edition is not served
    Row("SAP-07", offering(protocol(NAMESPACES[Transfer.DC])), NONE_LEFT, "AC"),
    Row("SAP-07", offering(protocol(NAMESPACES[Transfer.AC])), NONE_LEFT, "DC"),
    Row("SAP-08", offering(*(protocol(f"urn:example:{n}", priority=n, schema=n) for n in range(2, 21)), protocol()), Borne()),
    Row("SAP-09", offering(protocol(OWN.upper())), NONE_LEFT),
    Row("SAP-09", offering(protocol(OWN + " ")), NONE_LEFT),
    Row("SAP-10", Instead(at="SessionSetupReq", say=said(APP, AppProtocol=[protocol()])), Ends("refused with FAILED_SequenceError")),
    Row(
        "SAP-11",
        WrongValues(at=APP_ANSWER, values={"ResponseCode": "Failed_NoNegotiation", "SchemaID": None}),
        Ends("speaks no protocol of ours"),
    ),
    Row("SAP-12", WrongValues(at=APP_ANSWER, values={"SchemaID": 77}), Ends("77")),
    Row("SAP-13", WrongValues(at=APP_ANSWER, values={"SchemaID": None}), Ends("which was not offered")),
    Row("SAP-15", Silent(at=APP), Ends("no request while supportedAppProtocol was awaited"), few=True),
]

HOUR: Final = EPOCH + 3600 * MICROSECONDS
IDENTITY: Final = [
    Row(
        "SES-02", WrongValues(at="SessionSetupReq", values={"Header.SessionID": "0102030405060708"}), Borne(code="OK_NewSessionEstablished")
    ),
    Row("SES-04", WrongValues(at="SessionSetupReq", values={"EVCCID": "x" * 255}), Borne()),
    Row("SES-04 MAL-04", Garbled(at="SessionSetupReq", octets=string_too_long(SETUP, "evcc_id")), Ends("EVCCID")),
    Row("MAL-04", Garbled(at="SessionSetupRes", octets=string_too_long(SET_UP, "evse_id")), Ends("EVSEID")),
    Row("MAL-04", Garbled(at="SessionStopReq", octets=unknown_enumeration()), Ends("SessionStopReq at bit")),
    *(
        Row("SES-05 SES-06", WrongSession(at=f"{name}Req", how=how), Refused("FAILED_UnknownSession"), on)
        for how, messages in ((Ident.BIT, ORDER[1:]), (Ident.ZERO, SOME))
        for name, on in messages
    ),
    *(Row("SES-05", WrongSession(at=LOOP, nth=3, how=how), Ends("octets are not within 8..8")) for how in (Ident.SHORT, Ident.LONG)),
    *(Row("SES-07", WrongSession(at=f"{name}Res"), Ends("for another session"), on) for name, on in SOME),
    *(Row("SES-08", WrongSession(at=LOOPS, nth=3, how=how), Ends("for another session")) for how in (Ident.BIT, Ident.ZERO)),
    Row("SES-10", WrongValues(at="SessionSetupRes", values={"Header.TimeStamp": HOUR}), Borne()),
    Row("SES-11", WrongValues(at=LOOP, nth=2, times=2, values={"Header.TimeStamp": EPOCH // MICROSECONDS}), Borne("V2G20-2676")),
    Row("SES-11", WrongValues(at=LOOPS, nth=2, times=2, values={"Header.TimeStamp": EPOCH // MICROSECONDS}), Borne("V2G20-2676")),
    Row("SES-12", WrongValues(at=LOOP, nth=2, values={"Header.TimeStamp": EPOCH - 10 * MICROSECONDS}), Borne("V2G20-1537")),
    Row("SES-12", WrongValues(at=LOOPS, nth=2, values={"Header.TimeStamp": EPOCH - 10 * MICROSECONDS}), Borne("V2G20-1537")),
    Row("SES-13", Late(at="SessionSetupRes", by=2.1), Ends("no answer to SessionSetupReq within 2 s")),
    Row("SES-13", Late(at="SessionSetupRes", by=1.9), Borne()),
    *(Row("SES-14", Instead(at=f"{name}Req", say="SessionSetupReq"), Refused(SEQUENCE), on) for name, on in SOME),
    *(
        Row("SES-15", WrongValues(at=LOOPS, nth=3, values={"ResponseCode": code}), Ends(f"says {code}", at_once=True), few=True)
        for code in FAILURES
    ),
    *(
        Row("SES-15 AUT-21", WrongValues(at=f"{name}Res", values={"ResponseCode": "FAILED"}), Ends("says FAILED", at_once=True), on)
        for name, on in ORDER
    ),
]

ORDERS: Final = [
    # What comes two messages later comes now: in each state a request that is not due.
    *(
        Row("SEQ-01", Instead(at=f"{now}Req", say=f"{later}Req"), Refused(SEQUENCE), current)
        for current, order in (("AC", AC_ORDER), ("DC", DC_ORDER))
        for now, later in zip(order[:-1], [*order[2:], "SessionSetup"], strict=True)
        if (now, later) != ("PowerDelivery", "SessionStop") and later != "SessionStop"
    ),
    *(Row("SEQ-02", Instead(at=f"{name}Req", say=STOP), Borne(), on) for name, on in ORDER[2:-3] if name != "*_ChargeLoop"),
    Row("SEQ-02", Instead(at=LOOP, nth=3, say=STOP), Refused(SEQUENCE)),
    Row("SEQ-03", Instead(at="AuthorizationSetupReq", say="AuthorizationReq"), Refused(SEQUENCE)),
    Row("SEQ-04", Instead(at="AuthorizationReq", say="CertificateInstallationReq"), Refused(SEQUENCE)),
    Row("SEQ-05", WrongValues(at="DC_PreChargeReq", times=0, values={"EVProcessing": "Ongoing"}), Refused(SEQUENCE, DELIVERY), "DC"),
    Row("SEQ-06", Instead(at="DC_PreChargeReq", say="DC_CableCheckReq"), Refused(SEQUENCE), "DC"),
    *(Row("SEQ-07", Instead(at=f"{at}Req", say="DC_CableCheckReq"), Refused(SEQUENCE), "AC") for at in ("PowerDelivery", "*_ChargeLoop")),
    *(
        Row(
            "SEQ-08", Instead(at=at, say=said(DELIVERY, EVProcessing="Finished", ChargeProgress="ScheduleRenegotiation")), Refused(SEQUENCE)
        )
        for at in (DELIVERY, LOOP)
    ),
    Row("SEQ-09", Instead(at="DC_WeldingDetectionReq", say=STOP), Borne("V2G20-2020"), "DC"),
    *(Row("SEQ-11", Instead(at=f"{name}Res", say="SessionSetupRes"), Ends("no answer to"), on) for name, on in SOME),
    *(Row("SEQ-12", Duplicate(at=f"{name}Res"), Borne("was not awaited and is ignored"), on) for name, on in SOME),
]

AUTHORISATION: Final = [
    Row("AUT-18", WrongValues(at="AuthorizationSetupRes", values={"AuthorizationServices": ["PnC", "EIM"]}), Borne()),
]

SERVICES: Final = [
    Row("SVC-02", WrongValues(at="ServiceDiscoveryReq", values={"SupportedServiceIDs": {"ServiceID": [1, 2, 5, 6]}}), Borne()),
    Row("SVC-03", WrongValues(at="ServiceDetailReq", values={"ServiceID": 99}), Refused("FAILED_ServiceIDInvalid")),
    Row("SVC-07", WrongValues(at=SELECTION, values={"ParameterSetID": 77}), Refused("FAILED_ServiceSelectionInvalid")),
    Row(
        "SVC-11",
        WrongValues(at=SELECTION, values={"SelectedVASList": {"SelectedService": [{"ServiceID": 65, "ParameterSetID": 1}]}}),
        Refused("FAILED_ServiceSelectionInvalid"),
    ),
    Row(
        "SVC-12",
        WrongValues(at="ServiceDiscoveryRes", values={"EnergyTransferServiceList": {"Service": [{"ServiceID": 3, "FreeService": False}]}}),
        Leaves("NoCommonService"),
    ),
]

WRONG: Final = Refused("FAILED_WrongChargeParameter")
BEYOND: Final = {"Exponent": 127, "Value": 32767}
PARAMETER: Final = [
    *(
        Row("CPD-01", Instead(at=PARAMETERS, say=parameters(current, bpt)), WRONG, f"{current} {'plain' if bpt else 'BPT'}")
        for current in ("AC", "DC")
        for bpt in (False, True)
    ),
    Row("CPD-02", WrongValues(at=PARAMETERS, values={"EVMaximumChargePower": 100, "EVMinimumChargePower": 0}), WRONG),
    Row("CPD-02", WrongValues(at=PARAMETERS, values={"EVMaximumChargeCurrent": 1}), WRONG, "DC"),
    Row("CPD-03", WrongValues(at=PARAMETERS, values={"EVMinimumVoltage": 900, "EVMaximumVoltage": 300}), WRONG, "DC"),
    Row("CPD-03", WrongValues(at=PARAMETERS, values={"EVMinimumChargePower": 12_000, "EVMaximumChargePower": 11_000}), WRONG),
    Row("CPD-04", WrongValues(at=PARAMETERS, values={"EVMaximumChargePower": -11_000}), WRONG),
    Row("CPD-05", WrongValues(at=PARAMETERS, values={"EVMaximumChargePower": BEYOND}), WRONG),
    Row("CPD-05", WrongValues(at=PARAMETERS, values={"EVMaximumDischargePower": BEYOND}), WRONG, "BPT"),
    Row(
        "CPD-08",
        WrongValues(at=PARAMETERS_TOLD, values={"EVSEMinimumVoltage": 800, "EVSEMaximumVoltage": 900}),
        Leaves("IncompatibleLimits"),
        "DC",
    ),
    Row("CPD-08", WrongValues(at=PARAMETERS_TOLD, values={"EVSEMinimumChargePower": 12_000}), Leaves("IncompatibleLimits"), "AC"),
    *(
        Row("CPD-09", WrongValues(at=PARAMETERS_TOLD, values={"EVSEMaximumDischargePower": value}), Borne(), "BPT")
        for value in (10_000, -10_000)
    ),
    Row("CPD-10", WrongValues(at=PARAMETERS, values={"TargetSOC": None}), Borne(), "DC"),
]

SCHEDULES: Final = [
    Row("SCH-04", Instead(at=EXCHANGE, say=DYNAMIC), Refused("FAILED"), "scheduled"),
    Row("SCH-04", Instead(at=EXCHANGE, say=SCHEDULED), Refused("FAILED"), "dynamic"),
    Row(
        "SCH-10",
        WrongValues(at=EXCHANGE, values={"Dynamic_SEReqControlMode.EVMaximumV2XEnergyRequest": number(1000)}),
        Refused("FAILED"),
        "BPT dynamic",
    ),
    Row("SCH-11", WrongValues(at=EXCHANGE, values={"EVMinimumEnergyRequest": 30_000, "EVTargetEnergyRequest": 1_000}), Borne("V2G20-1640")),
]

PROFILE: Final = "FAILED_EVPowerProfileInvalid"
PROGRESS: Final = said(DELIVERY, EVProcessing="Finished", ChargeProgress="Start")
DELIVERIES: Final = [
    row
    for current in ("AC", "DC")
    for row in (
        Row(
            "PWR-01",
            WrongValues(at=DELIVERY, nth=first(current), values={"SelectedScheduleTupleID": 99}),
            Refused("FAILED_ScheduleSelectionInvalid"),
            f"{current} scheduled",
        ),
        Row("PWR-02", WrongValues(at=DELIVERY, nth=first(current), values={"Power": 90_000}), Refused(PROFILE), f"{current} scheduled"),
        Row(
            "PWR-03",
            WrongValues(at=DELIVERY, nth=first(current), values={"EVPowerProfile": None}),
            Refused(PROFILE),
            f"{current} scheduled",
        ),
        Row(
            "PWR-13",
            WrongValues(at="PowerDeliveryRes", nth=first(current), values={"ResponseCode": "FAILED_ContactorError"}),
            Ends("FAILED_ContactorError", at_once=True),
            current,
        ),
    )
]

CHARGING: Final = [
    Row("CLP-03", Late(at=LOOPS, nth=3, by=0.6), Ends(after=0.5)),
    Row("CLP-03", Late(at=LOOPS, nth=3, by=0.4), Borne()),
    *(
        Row(
            "CLP-04",
            Instead(at=LOOP, nth=3, say=loop(current, mode, bpt)),
            Refused("FAILED"),
            f"{current} {'BPT' if bpt else 'plain'} {'scheduled' if mode == 'Dynamic' else 'dynamic'}",
        )
        for current in ("AC", "DC")
        for mode in ("Scheduled", "Dynamic")
        for bpt in (False, True)
    ),
    *(
        Row(
            "CLP-04",
            Instead(at=LOOP, nth=3, say=loop(current, mode, bpt)),
            Refused("FAILED"),
            f"{current} {'plain' if bpt else 'BPT'} {mode.lower()}",
        )
        for current in ("AC", "DC")
        for mode in ("Scheduled", "Dynamic")
        for bpt in (False, True)
    ),
    Row("CLP-04", Instead(at=LOOP, nth=3, say="DC_ChargeLoopReq"), Refused(SEQUENCE), "AC"),
    Row("CLP-04", Instead(at=LOOP, nth=3, say="AC_ChargeLoopReq"), Refused(SEQUENCE), "DC"),
    Row("CLP-10", WrongValues(at=LOOP, times=0, values={"DisplayParameters": None}), Borne()),
]

ENDINGS: Final = [
    Row("PAU-02", Instead(at="SessionStopReq", say=PAUSE), Refused("FAILED_PauseNotAllowed"), "dynamic"),
    Row("REN-07", Instead(at="SessionStopReq", say=RENEGOTIATE), Refused("FAILED_NoServiceRenegotiationSupported")),
    *(Row("STP-03", Gone(at=LOOP, nth=3, reset=reset), Ends("reset" if reset else "closed")) for reset in (False, True)),
    *(Row("STP-04", Gone(at=LOOPS, nth=3, reset=reset), Ends("reset" if reset else "closed")) for reset in (False, True)),
    Row(
        "STP-05",
        WrongValues(at="SessionStopReq", values={"EVTerminationCode": "Fatigue", "EVTerminationExplanation": "out of tea"}),
        Borne("out of tea"),
    ),
]

TIMERS: Final = [
    Row("TIM-02", Silent(at=APP_ANSWER), Ends(after=2.0)),
    *(
        Row("TIM-01", Silent(at=f"{name}Req"), Ends(after=60.0), on or current, few=True)
        for (name, on), current in zip(ORDER, cycle(("AC", "DC")), strict=False)
        if name != "*_ChargeLoop"
    ),
    Row("TIM-05", Silent(at=LOOP, nth=3), Ends(after=0.5)),
    *(
        Row("TIM-02", Silent(at=f"{name}Res"), Ends(after={"ServiceDetail": 5.0, "*_ChargeLoop": 0.5}.get(name, 2.0)), on)
        for name, on in ORDER
    ),
]

MALFORMED: Final = [
    *(row for octets in (b"\x80", bytes(64), b"\x80" + b"\xff" * 64) for row in both("MAL-01", Garbled, NO_MESSAGE, octets=octets)),
    *(row for keep in (1, 11, 20) for row in both("MAL-02", Garbled, NO_MESSAGE, at=("*_ChargeLoop",), nth=3, keep=keep)),
    Row("MAL-05", Instead(at=LOOP, nth=3, say=LOOPS), Ends(after=0.5)),
    Row("MAL-05", Instead(at=LOOPS, nth=3, say=LOOP), Ends(after=0.5)),
    *both("", Framed, Ends("version 0x02"), version=0x02FD),
    Row("", Deaf(at=LOOP, nth=3, every=0.05), Ends("the car does not read its answers"), few=True),
]

ROWS: Final = [
    *FRAMES,
    *PROTOCOLS,
    *IDENTITY,
    *ORDERS,
    *AUTHORISATION,
    *SERVICES,
    *PARAMETER,
    *SCHEDULES,
    *DELIVERIES,
    *CHARGING,
    *ENDINGS,
    *TIMERS,
    *MALFORMED,
]
