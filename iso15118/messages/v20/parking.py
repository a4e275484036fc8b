"""Checking in to and out of a place where the vehicle is guided to the charging device."""

from __future__ import annotations

from iso15118.exi import Enumeration
from iso15118.messages.facets import Short, UnsignedLong
from iso15118.messages.v20.common import Request, Response


class EVCheckInStatus(Enumeration):
    """How far the vehicle is with coming in."""

    CheckIn = "CheckIn"
    Processing = "Processing"
    Completed = "Completed"


class EVCheckOutStatus(Enumeration):
    """How far the vehicle is with leaving."""

    CheckOut = "CheckOut"
    Processing = "Processing"
    Completed = "Completed"


class EVSECheckOutStatus(Enumeration):
    """How far the charger is with letting it go."""

    Scheduled = "Scheduled"
    Completed = "Completed"


class ParkingMethod(Enumeration):
    """Who steers the vehicle in."""

    AutoParking = "AutoParking"
    MVGuideManual = "MVGuideManual"
    Manual = "Manual"


class VehicleCheckInReq(Request):
    """The vehicle comes in, and tells its measures."""

    ev_check_in_status: EVCheckInStatus
    parking_method: ParkingMethod
    vehicle_frame: Short | None = None
    device_offset: Short | None = None
    vehicle_travel: Short | None = None


class VehicleCheckInRes(Response):
    """Where to go."""

    parking_space: Short | None = None
    device_location: Short | None = None
    target_distance: Short | None = None


class VehicleCheckOutReq(Request):
    """The vehicle leaves, and when (microseconds)."""

    ev_check_out_status: EVCheckOutStatus
    check_out_time: UnsignedLong


class VehicleCheckOutRes(Response):
    """Whether it may."""

    evse_check_out_status: EVSECheckOutStatus
