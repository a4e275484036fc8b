"""Messages as a session has them. Those of the charge loop come in many variants: readings do not repeat, and a codec that remembers
numbers must not look faster than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocol, supportedAppProtocolReq
from iso15118.messages.v20 import dc, schedule, service, session
from iso15118.messages.v20.common import DisplayParameters, EVSEStatus, Header, MeterInfo, Processing, RationalNumber, ResponseCode
from iso15118.messages.v20.common import EVSENotification as Notification
from iso15118.messages.v20.price import PriceLevelSchedule, PriceLevelScheduleEntry, PriceLevelScheduleEntryList
from iso15118.messages.v20.rational import rational
from iso15118.session.services import dc_service

SESSION_ID = bytes.fromhex("6A09E667F3BCC908")
BEGAN = 1_780_000_000_000_000
VARIANTS = 256
OK = ResponseCode.OK


def header(i: int = 0, session_id: bytes = SESSION_ID) -> Header:
    """The header of the i-th message, a quarter of a second after the last."""
    return Header(session_id=session_id, time_stamp=BEGAN + i * 250_000)


def app_protocol() -> supportedAppProtocolReq:
    """Three protocols to choose from."""
    names = ("urn:iso:std:iso:15118:-20:DC", "urn:iso:15118:2:2013:MsgDef", "urn:din:70121:2012:MsgDef")
    offers = (
        AppProtocol(protocol_namespace=name, version_number_major=1 if i == 1 else 2, version_number_minor=0, schema_id=i, priority=i)
        for i, name in enumerate(names, 1)
    )
    return supportedAppProtocolReq(app_protocol=tuple(offers))


def service_detail() -> service.ServiceDetailRes:
    """DC_BPT in both control modes."""
    sets = tuple(each.to_wire() for each in dc_service(bidirectional=True).sets)
    parameters = service.ServiceParameterList(parameter_set=sets)
    return service.ServiceDetailRes(header=header(), response_code=OK, service_id=6, service_parameter_list=parameters)


def schedules(tuples: int = 3, entries: int = 96) -> schedule.ScheduleExchangeRes:
    """A day in quarters of an hour, charging and discharging, with a price level each."""
    offered = []
    for index in range(1, tuples + 1):
        both = tuple(_schedule(index, entries, sign) for sign in (1, -1))
        offered.append(schedule.ScheduleTuple(schedule_tuple_id=index, charging_schedule=both[0], discharging_schedule=both[1]))
    mode = schedule.Scheduled_SEResControlMode(schedule_tuple=tuple(offered))
    return schedule.ScheduleExchangeRes(header=header(), response_code=OK, evse_processing=Processing.Finished, control_mode=mode)


def _schedule(index: int, entries: int, sign: int) -> schedule.ChargingSchedule:
    powers = (sign * (2_000 + 130 * ((i * 7 + index) % 60)) for i in range(entries))
    listed = tuple(schedule.PowerScheduleEntry(duration=900, power=rational(power)) for power in powers)
    levels = tuple(PriceLevelScheduleEntry(duration=900, price_level=(i * 5 + index) % 4) for i in range(entries))
    return schedule.ChargingSchedule(
        power_schedule=schedule.PowerSchedule(
            time_anchor=BEGAN, power_schedule_entries=schedule.PowerScheduleEntryList(power_schedule_entry=listed)
        ),
        price_schedule=PriceLevelSchedule(
            time_anchor=BEGAN,
            price_schedule_id=index,
            number_of_price_levels=4,
            price_level_schedule_entries=PriceLevelScheduleEntryList(price_level_schedule_entry=levels),
        ),
    )


def loop_request(i: int, *, dynamic: bool, session_id: bytes = SESSION_ID) -> dc.DC_ChargeLoopReq:
    """The car's turn in DC_BPT: everything it may say."""
    limits = {
        "ev_maximum_charge_power": rational(50_000 - 10 * (i % 97)),
        "ev_minimum_charge_power": rational(0),
        "ev_maximum_charge_current": rational(round(125 - 0.1 * (i % 83), 1)),
        "ev_maximum_voltage": rational(450),
        "ev_minimum_voltage": rational(300),
        "ev_maximum_discharge_power": rational(50_000 - 10 * (i % 89)),
        "ev_minimum_discharge_power": rational(0),
        "ev_maximum_discharge_current": rational(round(125 - 0.1 * (i % 79), 1)),
    }
    mode: dc.BPT_Dynamic_DC_CLReqControlMode | dc.BPT_Scheduled_DC_CLReqControlMode
    if dynamic:
        mode = dc.BPT_Dynamic_DC_CLReqControlMode(
            departure_time=28_800 - i,
            ev_target_energy_request=rational(24_000 - 7 * i),
            ev_maximum_energy_request=rational(30_000 - 7 * i),
            ev_minimum_energy_request=rational(-12_000 - 7 * i),
            ev_maximum_v2x_energy_request=rational(15_000 - 7 * i),
            ev_minimum_v2x_energy_request=rational(-9_000 - 7 * i),
            **limits,
        )
    else:
        wanted = rational(round((-1) ** i * (20 + 0.1 * (i % 100)), 1))
        mode = dc.BPT_Scheduled_DC_CLReqControlMode(ev_target_current=wanted, ev_target_voltage=rational(430), **limits)
    return dc.DC_ChargeLoopReq(
        header=header(i, session_id),
        display_parameters=DisplayParameters(present_soc=40 + i % 50, target_soc=80, charging_complete=False),
        meter_info_requested=i % 20 == 0,
        ev_present_voltage=rational(round(398 + 0.1 * (i % 61), 1)),
        control_mode=mode,
    )


def loop_response(i: int, *, dynamic: bool) -> dc.DC_ChargeLoopRes:
    """The charger's turn to it."""
    kind = dc.BPT_Dynamic_DC_CLResControlMode if dynamic else dc.BPT_Scheduled_DC_CLResControlMode
    mode = kind(
        evse_maximum_charge_power=rational(30_000 - 10 * (i % 53)),
        evse_minimum_charge_power=rational(0),
        evse_maximum_charge_current=rational(75),
        evse_maximum_voltage=rational(500),
        evse_maximum_discharge_power=rational(30_000 - 10 * (i % 47)),
        evse_minimum_discharge_power=rational(0),
        evse_maximum_discharge_current=rational(75),
        evse_minimum_voltage=rational(150),
    )
    meter = MeterInfo(meter_id="SIM-0001", charged_energy_reading_wh=1_000 + i, bpt_discharged_energy_reading_wh=500 + i)
    return dc.DC_ChargeLoopRes(
        header=header(i),
        response_code=OK,
        meter_info=meter if i % 20 == 0 else None,
        evse_status=EVSEStatus(notification_max_delay=20, evse_notification=Notification.Terminate) if i % 100 == 99 else None,
        evse_present_current=rational(round(20 + 0.1 * (i % 100), 1)),
        evse_present_voltage=rational(round(398 + 0.1 * (i % 59), 1)),
        evse_power_limit_achieved=i % 3 == 0,
        evse_current_limit_achieved=False,
        evse_voltage_limit_achieved=False,
        control_mode=mode,
    )


def unseen(count: int) -> Sequence[Message]:
    """Loop requests whose numbers have not been seen before, each an object of its own: nothing to remember."""
    draw = Random(count)
    return [_unlike(loop_request(i, dynamic=True), draw) for i in range(count)]


def _unlike(message: dc.DC_ChargeLoopReq, draw: Random) -> dc.DC_ChargeLoopReq:
    mode = message.control_mode
    values = {name: getattr(mode, name) for name in type(mode).__fields__}
    for name, value in values.items():
        if isinstance(value, RationalNumber):
            values[name] = RationalNumber(exponent=draw.randrange(-8, 8), value=draw.randrange(-(2**15), 2**15))
    return message.but(control_mode=type(mode)(**values))


def realistic() -> dict[str, tuple[int, Sequence[Message]]]:
    """Name -> payload type and variants."""
    return {
        "supportedAppProtocolReq": (0x8001, [app_protocol()]),
        "SessionSetupReq": (0x8002, [session.SessionSetupReq(header=header(i), evcc_id="WMIV1234567890ABCDEX") for i in range(8)]),
        "ServiceDetailRes": (0x8002, [service_detail()]),
        "ScheduleExchangeRes 3 x 33": (0x8002, [schedules(entries=33)]),
        "ScheduleExchangeRes 3 x 96": (0x8002, [schedules()]),
        "DC_ChargeLoopReq dynamic": (0x8004, [loop_request(i, dynamic=True) for i in range(VARIANTS)]),
        "DC_ChargeLoopRes dynamic": (0x8004, [loop_response(i, dynamic=True) for i in range(VARIANTS)]),
        "DC_ChargeLoopReq scheduled": (0x8004, [loop_request(i, dynamic=False) for i in range(VARIANTS)]),
        "DC_ChargeLoopRes scheduled": (0x8004, [loop_response(i, dynamic=False) for i in range(VARIANTS)]),
    }
