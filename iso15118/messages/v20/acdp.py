"""The automatic connection device (ACDP), a pantograph for instance: positioning, connecting, disconnecting, and the system status.

The system status runs on a side stream of its own; energy is transferred as in `dc`.
"""

from __future__ import annotations

from iso15118.exi import Enumeration, Message
from iso15118.messages.facets import Percent, Short
from iso15118.messages.v20.common import Processing, RationalNumber, Request, Response


class CPStatus(Enumeration):
    """Control pilot state of the vehicle."""

    StateA = "StateA"
    StateB = "StateB"
    StateC = "StateC"
    StateD = "StateD"
    StateE = "StateE"


class ErrorCode(Enumeration):
    """What is wrong with the vehicle, if anything."""

    OK_NoEVError = "OK_NoEVError"
    FAILED = "FAILED"
    FAILED_EmergencyEvent = "FAILED_EmergencyEvent"
    FAILED_Breaker = "FAILED_Breaker"
    FAILED_RESSTemperatureInhibit = "FAILED_RESSTemperatureInhibit"
    FAILED_RESS = "FAILED_RESS"
    FAILED_ChargingCurrentDifferential = "FAILED_ChargingCurrentDifferential"
    FAILED_ChargingVoltageOutOfRange = "FAILED_ChargingVoltageOutOfRange"
    FAILED_Reserved1 = "FAILED_Reserved1"
    FAILED_Reserved2 = "FAILED_Reserved2"


class IsolationStatus(Enumeration):
    """What the isolation monitor has found."""

    Invalid = "Invalid"
    Safe = "Safe"
    Warning = "Warning"
    Fault = "Fault"


class ElectricalChargingDeviceStatus(Enumeration):
    """Electrical state of the connection device: A separated, B connected, C and D ready for energy."""

    State_A = "State_A"
    State_B = "State_B"
    State_C = "State_C"
    State_D = "State_D"


class MechanicalChargingDeviceStatus(Enumeration):
    """Where the connection device is."""

    Home = "Home"
    Moving = "Moving"
    EndPosition = "EndPosition"


class EVTechnicalStatus(Message):
    """How the vehicle stands: ready, immobile, its control pilot, state of charge in percent and faults. Signal strength in dBm."""

    ev_ready_to_charge: bool
    ev_immobilization_request: bool
    ev_immobilized: bool | None = None
    ev_wlan_strength: RationalNumber | None = None
    ev_cp_status: CPStatus | None = None
    ev_soc: Percent | None = None
    ev_error_code: ErrorCode | None = None
    ev_timeout: bool | None = None


class ACDP_VehiclePositioningReq(Request):
    """The vehicle asks where it stands under (or over) the connection device."""

    ev_mobility_status: bool
    ev_positioning_support: bool


class ACDP_VehiclePositioningRes(Response):
    """Where the vehicle stands: deviations and the window of contact, in mm along (X) and across (Y) the direction of travel."""

    evse_processing: Processing
    evse_positioning_support: bool
    ev_relative_x_deviation: Short
    ev_relative_y_deviation: Short
    contact_window_xc: Short
    contact_window_yc: Short
    ev_in_charge_position: bool


class ACDP_ConnectReq(Request):
    """The vehicle asks for the connection device to come, and tells the state of its own side."""

    ev_electrical_charging_device_status: ElectricalChargingDeviceStatus


class ACDP_ConnectRes(Response):
    """How far the device has come, electrically and mechanically."""

    evse_processing: Processing
    evse_electrical_charging_device_status: ElectricalChargingDeviceStatus
    evse_mechanical_charging_device_status: MechanicalChargingDeviceStatus


class ACDP_DisconnectReq(Request):
    """The vehicle asks for the device to go."""

    ev_electrical_charging_device_status: ElectricalChargingDeviceStatus


class ACDP_DisconnectRes(Response):
    """How far the device has gone."""

    evse_processing: Processing
    evse_electrical_charging_device_status: ElectricalChargingDeviceStatus
    evse_mechanical_charging_device_status: MechanicalChargingDeviceStatus


class ACDP_SystemStatusReq(Request):
    """The vehicle's state, told again and again on a stream of its own."""

    ev_technical_status: EVTechnicalStatus


class ACDP_SystemStatusRes(Response):
    """The charger's state, told in return."""

    evse_mechanical_charging_device_status: MechanicalChargingDeviceStatus
    evse_ready_to_charge: bool
    evse_isolation_status: IsolationStatus
    evse_disabled: bool
    evse_utility_interrupt_event: bool
    evse_emergency_shutdown: bool
    evse_malfunction: bool
    ev_in_charge_position: bool
    ev_association_status: bool
