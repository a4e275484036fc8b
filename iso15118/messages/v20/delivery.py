"""Starting and stopping the transfer, with the power the vehicle means to take."""

from __future__ import annotations

from typing import Annotated

from iso15118.exi import Enumeration, Message, Name, Occurs
from iso15118.messages.facets import NumericID, UnsignedLong
from iso15118.messages.v20.common import EVSEStatus, Processing, Request, Response
from iso15118.messages.v20.schedule import PowerScheduleEntry


class ChargeProgress(Enumeration):
    """Where the vehicle wants to go."""

    Start = "Start"
    Stop = "Stop"
    Standby = "Standby"
    ScheduleRenegotiation = "ScheduleRenegotiation"


class ChannelSelection(Enumeration):
    """The direction, where charge and discharge have channels of their own."""

    Charge = "Charge"
    Discharge = "Discharge"


class PowerToleranceAcceptance(Enumeration):
    """Whether the vehicle will keep within the schedule's tolerance."""

    PowerToleranceNotConfirmed = "PowerToleranceNotConfirmed"
    PowerToleranceConfirmed = "PowerToleranceConfirmed"


class Dynamic_EVPPTControlMode(Message):
    """The charger steers: there is no schedule to name."""


class Scheduled_EVPPTControlMode(Message):
    """The schedule chosen."""

    selected_schedule_tuple_id: NumericID
    power_tolerance_acceptance: PowerToleranceAcceptance | None = None


class EVPowerProfileEntryList(Message):
    """The vehicle's powers (W, + into the vehicle), each following the last."""

    ev_power_profile_entry: Annotated[tuple[PowerScheduleEntry, ...], Occurs(1, 2048)]


class EVPowerProfile(Message):
    """The power the vehicle means to take, from an anchor (microseconds) on."""

    time_anchor: UnsignedLong
    control_mode: Dynamic_EVPPTControlMode | Scheduled_EVPPTControlMode
    ev_power_profile_entries: EVPowerProfileEntryList


class PowerDeliveryReq(Request):
    """The vehicle asks for power, for none, for standby, or for another schedule."""

    ev_processing: Processing
    charge_progress: ChargeProgress
    ev_power_profile: EVPowerProfile | None = None
    bpt_channel_selection: Annotated[ChannelSelection | None, Name("BPT_ChannelSelection")] = None


class PowerDeliveryRes(Response):
    """Whether it is so."""

    evse_status: EVSEStatus | None = None
