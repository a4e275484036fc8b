"""The order of messages, written out once more, independently of the product: the tables are held against this."""

from __future__ import annotations

# Phase: what it takes beside SessionStopReq, with outcome, next phase and the kinds of transfer it holds for.
# No contracts.
ORDER = """
APP_PROTOCOL         supportedAppProtocolReq         DONE         SESSION_SETUP       all
SESSION_SETUP        SessionSetupReq                 DONE         AUTHORIZATION_SETUP all
SESSION_SETUP        SessionSetupReq                 JOIN         CHARGE_PARAMETERS   all
AUTHORIZATION_SETUP  AuthorizationSetupReq           DONE         AUTHORIZATION       all
AUTHORIZATION        AuthorizationReq                AGAIN        AUTHORIZATION       all
AUTHORIZATION        AuthorizationReq                DONE         SERVICE_DISCOVERY   all
AUTHORIZATION        CertificateInstallationReq      DONE         AUTHORIZATION       all
SERVICE_DISCOVERY    CertificateInstallationReq      DONE         SERVICE_DISCOVERY   all
SERVICE_DISCOVERY    ServiceDiscoveryReq             DONE         SERVICE_DETAIL      all
SERVICE_DETAIL       ServiceDetailReq                DONE         SERVICE_SELECTION   all
SERVICE_SELECTION    ServiceDetailReq                DONE         SERVICE_SELECTION   all
SERVICE_SELECTION    ServiceSelectionReq             DONE         CHARGE_PARAMETERS   all
CHARGE_PARAMETERS    DC_ChargeParameterDiscoveryReq  DONE         SCHEDULE_EXCHANGE   DC
CHARGE_PARAMETERS    AC_ChargeParameterDiscoveryReq  DONE         SCHEDULE_EXCHANGE   AC AC_DER_IEC AC_DER_SAE
CHARGE_PARAMETERS    AC_ChargeParameterDiscoveryReq  AGAIN        CHARGE_PARAMETERS   AC_DER_IEC AC_DER_SAE
CHARGE_PARAMETERS    ServiceDiscoveryReq             DONE         SERVICE_DETAIL      AC_DER_IEC AC_DER_SAE
SCHEDULE_EXCHANGE    ScheduleExchangeReq             AGAIN        SCHEDULE_EXCHANGE   all
SCHEDULE_EXCHANGE    ScheduleExchangeReq             DONE         CABLE_CHECK         DC
SCHEDULE_EXCHANGE    ScheduleExchangeReq             DONE         POWER_DELIVERY      AC AC_DER_IEC AC_DER_SAE
CABLE_CHECK          DC_CableCheckReq                AGAIN        CABLE_CHECK         DC
CABLE_CHECK          DC_CableCheckReq                DONE         PRE_CHARGE          DC
CABLE_CHECK          PowerDeliveryReq                AGAIN        CABLE_CHECK         DC
CABLE_CHECK          PowerDeliveryReq                STANDBY      STANDBY             DC
CABLE_CHECK          PowerDeliveryReq                STOP         WELDING_DETECTION   DC
PRE_CHARGE           DC_PreChargeReq                 AGAIN        PRE_CHARGE          DC
PRE_CHARGE           DC_PreChargeReq                 DONE         POWER_DELIVERY      DC
POWER_DELIVERY       PowerDeliveryReq                AGAIN        POWER_DELIVERY      all
POWER_DELIVERY       PowerDeliveryReq                START        CHARGE_LOOP         all
POWER_DELIVERY       PowerDeliveryReq                STANDBY      STANDBY             all
POWER_DELIVERY       PowerDeliveryReq                STOP         WELDING_DETECTION   DC
POWER_DELIVERY       PowerDeliveryReq                STOP         SESSION_STOP        AC AC_DER_IEC AC_DER_SAE
CHARGE_LOOP          DC_ChargeLoopReq                DONE         CHARGE_LOOP         DC
CHARGE_LOOP          AC_ChargeLoopReq                DONE         CHARGE_LOOP         AC AC_DER_IEC AC_DER_SAE
CHARGE_LOOP          PowerDeliveryReq                AGAIN        CHARGE_LOOP         all
CHARGE_LOOP          PowerDeliveryReq                STOP         WELDING_DETECTION   DC
CHARGE_LOOP          PowerDeliveryReq                STOP         SESSION_STOP        AC AC_DER_IEC AC_DER_SAE
CHARGE_LOOP          PowerDeliveryReq                STANDBY      STANDBY             all
STANDBY              DC_ChargeLoopReq                DONE         STANDBY             DC
STANDBY              AC_ChargeLoopReq                DONE         STANDBY             AC AC_DER_IEC AC_DER_SAE
STANDBY              PowerDeliveryReq                AGAIN        STANDBY             all
STANDBY              PowerDeliveryReq                STANDBY      STANDBY             all
STANDBY              PowerDeliveryReq                START        CHARGE_LOOP         all
STANDBY              PowerDeliveryReq                STOP         WELDING_DETECTION   DC
STANDBY              PowerDeliveryReq                STOP         SESSION_STOP        AC AC_DER_IEC AC_DER_SAE
WELDING_DETECTION    DC_WeldingDetectionReq          AGAIN        WELDING_DETECTION   DC
WELDING_DETECTION    DC_WeldingDetectionReq          DONE         SESSION_STOP        DC
WELDING_DETECTION    SessionStopReq                  RENEGOTIATE  SERVICE_DISCOVERY   DC
SESSION_STOP         SessionStopReq                  RENEGOTIATE  SERVICE_DISCOVERY   all
"""
STOPS = """AUTHORIZATION_SETUP AUTHORIZATION SERVICE_DISCOVERY SERVICE_DETAIL SERVICE_SELECTION CHARGE_PARAMETERS SCHEDULE_EXCHANGE
POWER_DELIVERY SESSION_STOP"""
STOPS_DC = "CABLE_CHECK PRE_CHARGE WELDING_DETECTION"
"""SessionStopReq is taken after SessionSetup until the first Start, and after the loop; not in the loop."""

TRANSFERS = ("DC", "AC", "AC_DER_IEC", "AC_DER_SAE")
_ROWS = [(phase, name, outcome, next_, where) for phase, name, outcome, next_, *where in map(str.split, ORDER.strip().splitlines())]
_ROWS += [(phase, "SessionStopReq", "DONE", "ENDED", ["all"]) for phase in STOPS.split()]
_ROWS += [(phase, "SessionStopReq", "DONE", "ENDED", ["DC"]) for phase in STOPS_DC.split()]

EXPECTED: dict[str | None, dict[tuple[str, str, str], str]] = {
    transfer: {(phase, name, outcome): next_ for phase, name, outcome, next_, where in _ROWS if {"all", transfer} & {*where}}
    for transfer in (None, *TRANSFERS)
}
"""By transfer; None: no service is selected yet."""
LEGAL = {transfer: {(phase, name) for phase, name, _ in rows} for transfer, rows in EXPECTED.items()}
ALWAYS = {transfer: {(phase, name) for phase, name in rows if name != "CertificateInstallationReq"} for transfer, rows in LEGAL.items()}
"""Without what is legal only where it was announced."""

# What is awaited on a side stream, and what it takes.
ASIDE = """
SCHEDULE  CHARGE_PARAMETERS      DC_ChargeParameterDiscoveryReq  DONE   SCHEDULE_EXCHANGE      DC
SCHEDULE  CHARGE_PARAMETERS      AC_ChargeParameterDiscoveryReq  DONE   SCHEDULE_EXCHANGE      AC AC_DER_IEC AC_DER_SAE
SCHEDULE  CHARGE_PARAMETERS      AC_ChargeParameterDiscoveryReq  AGAIN  CHARGE_PARAMETERS      AC_DER_IEC AC_DER_SAE
SCHEDULE  SCHEDULE_EXCHANGE      ScheduleExchangeReq             AGAIN  SCHEDULE_EXCHANGE      all
SCHEDULE  SCHEDULE_EXCHANGE      ScheduleExchangeReq             DONE   POWER_DELIVERY         all
SCHEDULE  POWER_DELIVERY         PowerDeliveryReq                AGAIN  POWER_DELIVERY         all
SCHEDULE  POWER_DELIVERY         PowerDeliveryReq                DONE   CHARGE_PARAMETERS      all
METERING  METERING_CONFIRMATION  MeteringConfirmationReq         DONE   METERING_CONFIRMATION  all
PARKING   PARKING_STATUS         VehicleCheckInReq               DONE   PARKING_STATUS         all
PARKING   PARKING_STATUS         VehicleCheckOutReq              DONE   PARKING_STATUS         all
"""
_ASIDE = [
    (stream, due, name, outcome, next_, where) for stream, due, name, outcome, next_, *where in map(str.split, ASIDE.strip().splitlines())
]
EXPECTED_ASIDE: dict[str | None, dict[tuple[str, str, str], str]] = {
    transfer: {(due, name, outcome): next_ for _, due, name, outcome, next_, where in _ASIDE if {"all", transfer} & {*where}}
    for transfer in TRANSFERS
} | {None: {}}
"""By transfer; None: no service is selected yet, and no side stream is open."""
BEGINS = {"SCHEDULE": "CHARGE_PARAMETERS", "METERING": "METERING_CONFIRMATION", "PARKING": "PARKING_STATUS"}
