"""The phases of an ISO 15118-20 session, named after the request that is awaited in them."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where a session stands. Both roles count alike: the charger waits in a phase for the request that the car is about to send."""

    __hash__ = str.__hash__  # a key of tables that every message looks up

    APP_PROTOCOL = "supportedAppProtocol"
    SESSION_SETUP = "SessionSetup"
    AUTHORIZATION_SETUP = "AuthorizationSetup"
    AUTHORIZATION = "Authorization"
    SERVICE_DISCOVERY = "ServiceDiscovery"
    SERVICE_DETAIL = "ServiceDetail"
    SERVICE_SELECTION = "ServiceSelection"
    CHARGE_PARAMETERS = "ChargeParameterDiscovery"
    SCHEDULE_EXCHANGE = "ScheduleExchange"
    CABLE_CHECK = "CableCheck"
    PRE_CHARGE = "PreCharge"
    POWER_DELIVERY = "PowerDelivery"
    CHARGE_LOOP = "ChargeLoop"
    STANDBY = "Standby"
    """The charge loop at zero power, contactors closed."""
    WELDING_DETECTION = "WeldingDetection"
    SESSION_STOP = "SessionStop"
    ENDED = "ended"

    @property
    def loop(self) -> bool:
        """True where the request of the charge loop is awaited."""
        return self is Phase.CHARGE_LOOP or self is Phase.STANDBY

    @property
    def energised(self) -> bool:
        """True where energy may flow."""
        return self is Phase.CHARGE_LOOP
