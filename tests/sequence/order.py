"""The order of messages of a DC session, written out once more, independently of the product: the tables are held against this."""

from __future__ import annotations

# Phase: what it takes beside SessionStopReq, with outcome and next phase. No pause, no standby, no schedule renegotiation, no contracts.
ORDER = """
APP_PROTOCOL         supportedAppProtocolReq         DONE   SESSION_SETUP
SESSION_SETUP        SessionSetupReq                 DONE   AUTHORIZATION_SETUP
AUTHORIZATION_SETUP  AuthorizationSetupReq           DONE   AUTHORIZATION
AUTHORIZATION        AuthorizationReq                AGAIN  AUTHORIZATION
AUTHORIZATION        AuthorizationReq                DONE   SERVICE_DISCOVERY
SERVICE_DISCOVERY    ServiceDiscoveryReq             DONE   SERVICE_DETAIL
SERVICE_DETAIL       ServiceDetailReq                DONE   SERVICE_SELECTION
SERVICE_SELECTION    ServiceDetailReq                DONE   SERVICE_SELECTION
SERVICE_SELECTION    ServiceSelectionReq             DONE   CHARGE_PARAMETERS
CHARGE_PARAMETERS    DC_ChargeParameterDiscoveryReq  DONE   SCHEDULE_EXCHANGE
SCHEDULE_EXCHANGE    ScheduleExchangeReq             AGAIN  SCHEDULE_EXCHANGE
SCHEDULE_EXCHANGE    ScheduleExchangeReq             DONE   CABLE_CHECK
CABLE_CHECK          DC_CableCheckReq                AGAIN  CABLE_CHECK
CABLE_CHECK          DC_CableCheckReq                DONE   PRE_CHARGE
PRE_CHARGE           DC_PreChargeReq                 AGAIN  PRE_CHARGE
PRE_CHARGE           DC_PreChargeReq                 DONE   POWER_DELIVERY
POWER_DELIVERY       PowerDeliveryReq                AGAIN  POWER_DELIVERY
POWER_DELIVERY       PowerDeliveryReq                START  CHARGE_LOOP
POWER_DELIVERY       PowerDeliveryReq                STOP   WELDING_DETECTION
CHARGE_LOOP          DC_ChargeLoopReq                DONE   CHARGE_LOOP
CHARGE_LOOP          PowerDeliveryReq                AGAIN  CHARGE_LOOP
CHARGE_LOOP          PowerDeliveryReq                STOP   WELDING_DETECTION
WELDING_DETECTION    DC_WeldingDetectionReq          AGAIN  WELDING_DETECTION
WELDING_DETECTION    DC_WeldingDetectionReq          DONE   SESSION_STOP
WELDING_DETECTION    SessionStopReq                  RENEGOTIATE  SERVICE_DISCOVERY
SESSION_STOP         SessionStopReq                  RENEGOTIATE  SERVICE_DISCOVERY
"""
STOPS = """AUTHORIZATION_SETUP AUTHORIZATION SERVICE_DISCOVERY SERVICE_DETAIL SERVICE_SELECTION CHARGE_PARAMETERS SCHEDULE_EXCHANGE
CABLE_CHECK PRE_CHARGE POWER_DELIVERY WELDING_DETECTION SESSION_STOP"""
"""SessionStopReq is taken after SessionSetup until the first Start, and after the loop; not in the loop."""

EXPECTED = {(phase, name, outcome): next_ for phase, name, outcome, next_ in map(str.split, ORDER.strip().splitlines())}
EXPECTED |= {(phase, "SessionStopReq", "DONE"): "ENDED" for phase in STOPS.split()}
LEGAL = {(phase, name) for phase, name, _ in EXPECTED}
