"""The other end, for `answer`: a client on a blocking socket, which costs the least and is the same for every server.

Its session is written down, not decided: the requests a car would send, with the charger's own schedule in the power profile.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from time import perf_counter_ns
from typing import TypeVar

from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocol, supportedAppProtocolReq
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20 import authorization, dc, delivery, schedule, service, session
from iso15118.messages.v20.common import Header, Processing
from iso15118.messages.v20.rational import number, rational
from iso15118.session.services import ControlMode, ParameterSet
from iso15118.units import MICROSECONDS
from iso15118.wire.v2gtp import frame_bytes
from tools.bench.measure import NANO
from tools.bench.messages import VARIANTS, loop_request

HEADER = 8
PATIENCE = 5.0
"""s a server has for an answer, or the bench stops."""
PAUSE = 0.02
"""s before an Ongoing request is repeated; not timed."""
DC_BPT = 6
VOLTAGE = 400.0
"""Of the battery."""
EIM = authorization.Authorization.EIM
_OFFER = AppProtocol(
    protocol_namespace="urn:iso:std:iso:15118:-20:DC", version_number_major=1, version_number_minor=0, schema_id=1, priority=1
)

M = TypeVar("M", bound=Message)


class Line:
    """A connection on which a request is answered by a response."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_connection(("::1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def say(self, octets: bytes) -> None:
        """Send without waiting for anything."""
        self._socket.sendall(octets)

    def exchange(self, request: bytes, size: int | None = None) -> tuple[bytes, float]:
        """The response and the seconds it took. `size`: its octets; None: as its header says. Raises OSError at the end of the line."""
        receive = self._socket.recv
        began = perf_counter_ns()
        self._socket.sendall(request)
        data = receive(65536)
        wanted = size or HEADER + int.from_bytes(data[4:8], "big")
        while data and len(data) < wanted:
            more = receive(65536)
            data = data + more if more else b""
        took = (perf_counter_ns() - began) * NANO
        if not data:
            raise ConnectionError("the server closed the connection")
        return data, took


class Visit:
    """One DC_BPT session at a charger. `breath`: seconds between a charge-loop answer and the next request.

    `times`: message name -> seconds; `sizes`: octets of request and response, with their headers.
    """

    def __init__(self, port: int, mode: ControlMode, breath: float = 0.0, *, tls: ssl.SSLContext | None = None) -> None:
        self._breath = breath
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.sizes: dict[str, tuple[int, int]] = {}
        self._line = Line(port, tls)
        self._mode = mode
        self._id = bytes(8)
        self._stamp = 0

    def run(self, loops: int) -> None:
        """The whole session. Raises ValueError where the charger refuses, OSError where it hangs up."""
        try:
            parameters = self._open()
            profile = self._schedule(parameters)
            self._ready()
            self._ask(self._delivery(delivery.ChargeProgress.Start, profile), delivery.PowerDeliveryRes)
            self._loop(loops)
            self._ask(self._delivery(delivery.ChargeProgress.Stop), delivery.PowerDeliveryRes)
            self._ask(dc.DC_WeldingDetectionReq(header=self._header(), ev_processing=Processing.Finished), dc.DC_WeldingDetectionRes)
            stop = session.SessionStopReq(header=self._header(), charging_session=session.ChargingSession.Terminate)
            self._ask(stop, session.SessionStopRes)
        finally:
            self._line.close()

    def _open(self) -> ParameterSet:
        self._ask(supportedAppProtocolReq(app_protocol=(_OFFER,)), Message)
        response = self._ask(session.SessionSetupReq(header=self._header(), evcc_id="WMIV1234567890ABCDEX"), session.SessionSetupRes)
        self._id = response.header.session_id
        self._ask(authorization.AuthorizationSetupReq(header=self._header()), Message)
        by = authorization.EIM_AReqAuthorizationMode()
        for _ in self._until_finished():
            asked = authorization.AuthorizationReq(header=self._header(), selected_authorization_service=EIM, authorization_mode=by)
            if self._ask(asked, authorization.AuthorizationRes).evse_processing is Processing.Finished:
                break
        self._ask(service.ServiceDiscoveryReq(header=self._header()), Message)
        detail = self._ask(service.ServiceDetailReq(header=self._header(), service_id=DC_BPT), service.ServiceDetailRes)
        sets = [ParameterSet.from_wire(each) for each in detail.service_parameter_list.parameter_set]
        chosen = next(each for each in sets if each.control_mode is self._mode)
        wanted = service.SelectedService(service_id=DC_BPT, parameter_set_id=chosen.id)
        self._ask(service.ServiceSelectionReq(header=self._header(), selected_energy_transfer_service=wanted), Message)
        return chosen

    def _schedule(self, parameters: ParameterSet) -> delivery.EVPowerProfile | None:
        power, current, none = rational(50_000), rational(125), rational(0)
        mode = dc.BPT_DC_CPDReqEnergyTransferMode(
            ev_maximum_charge_power=power,
            ev_minimum_charge_power=none,
            ev_maximum_charge_current=current,
            ev_minimum_charge_current=none,
            ev_maximum_voltage=rational(450),
            ev_minimum_voltage=rational(300),
            ev_maximum_discharge_power=power,
            ev_minimum_discharge_power=none,
            ev_maximum_discharge_current=current,
            ev_minimum_discharge_current=none,
        )
        self._ask(dc.DC_ChargeParameterDiscoveryReq(header=self._header(), energy_transfer_mode=mode), Message)
        asked: schedule.Dynamic_SEReqControlMode | schedule.Scheduled_SEReqControlMode = schedule.Scheduled_SEReqControlMode()
        if parameters.control_mode is ControlMode.DYNAMIC:
            asked = schedule.Dynamic_SEReqControlMode(
                departure_time=28_800,
                ev_target_energy_request=rational(24_000),
                ev_maximum_energy_request=rational(30_000),
                ev_minimum_energy_request=rational(-12_000),
            )
        request = schedule.ScheduleExchangeReq(header=self._header(), maximum_supporting_points=1024, control_mode=asked)
        offered = self._ask(request, schedule.ScheduleExchangeRes).control_mode
        if not isinstance(offered, schedule.Scheduled_SEResControlMode):
            return None
        first = offered.schedule_tuple[0]
        plan = first.charging_schedule.power_schedule
        return delivery.EVPowerProfile(
            time_anchor=plan.time_anchor,
            control_mode=delivery.Scheduled_EVPPTControlMode(selected_schedule_tuple_id=first.schedule_tuple_id),
            ev_power_profile_entries=delivery.EVPowerProfileEntryList(
                ev_power_profile_entry=plan.power_schedule_entries.power_schedule_entry
            ),
        )

    def _ready(self) -> None:
        """Cable check and pre-charge, up to the voltage of the battery."""
        for _ in self._until_finished():
            checked = self._ask(dc.DC_CableCheckReq(header=self._header()), dc.DC_CableCheckRes)
            if checked.evse_processing is Processing.Finished:
                break
        for _ in self._until_finished():
            charged = self._ask(self._pre_charge(Processing.Ongoing), dc.DC_PreChargeRes)
            if abs(number(charged.evse_present_voltage) - VOLTAGE) < 5:
                break
        time.sleep(0.3)  # the imagined battery closes its contactor
        self._ask(self._pre_charge(Processing.Finished), dc.DC_PreChargeRes)

    def _pre_charge(self, processing: Processing) -> dc.DC_PreChargeReq:
        level = rational(VOLTAGE)
        return dc.DC_PreChargeReq(header=self._header(), ev_processing=processing, ev_present_voltage=level, ev_target_voltage=level)

    def _loop(self, loops: int) -> None:
        dynamic = self._mode is ControlMode.DYNAMIC
        name = f"DC_ChargeLoop {self._mode.name.lower()}{'' if self._breath else ', in heaps'}"
        requests = [self._frame(loop_request(i, dynamic=dynamic, session_id=self._id)) for i in range(min(loops, VARIANTS))]
        data = b""
        for i in range(loops):
            time.sleep(self._breath)
            data, took = self._line.exchange(requests[i % len(requests)])
            self.times[name].append(took)
        self.sizes[name] = len(requests[0]), len(data)
        self._answered(data, dc.DC_ChargeLoopRes)

    def _delivery(self, progress: delivery.ChargeProgress, profile: delivery.EVPowerProfile | None = None) -> delivery.PowerDeliveryReq:
        return delivery.PowerDeliveryReq(
            header=self._header(), ev_processing=Processing.Finished, charge_progress=progress, ev_power_profile=profile
        )

    def _ask(self, request: Message, kind: type[M]) -> M:
        data, took = self._line.exchange(octets := self._frame(request))
        name = type(request).__name__.removesuffix("Req")
        self.times[name].append(took)
        self.sizes[name] = len(octets), len(data)
        return self._answered(data, kind)

    def _answered(self, data: bytes, kind: type[M]) -> M:
        message = schema_for(int.from_bytes(data[2:4], "big")).decode(data[HEADER:])
        code = str(getattr(message, "response_code", ""))
        if not isinstance(message, kind) or not code.startswith("OK"):
            raise ValueError(f"the charger refuses: {type(message).__name__} {code}")
        return message

    def _frame(self, message: Message) -> bytes:
        payload_type = payload_type_of(message)
        return frame_bytes(payload_type, schema_for(payload_type).encode(message))

    def _header(self) -> Header:
        self._stamp = max(self._stamp + 1, int(time.time() * MICROSECONDS))
        return Header(session_id=self._id, time_stamp=self._stamp)

    def _until_finished(self) -> Iterator[None]:
        """A turn every `PAUSE`, for as long as a charger may be busy. Raises ValueError after that."""
        for _ in range(500):
            yield
            time.sleep(PAUSE)
        raise ValueError("the charger stays busy")


def greeted(port: int, tls: ssl.SSLContext) -> float:
    """Seconds from nothing to the first answer of a charger: connection, handshake, supportedAppProtocol. Raises OSError."""
    time.sleep(PAUSE)  # the outlet has to hear first that the last one has gone
    began = perf_counter_ns()
    line = Line(port, tls)
    try:
        payload_type = payload_type_of(greeting := supportedAppProtocolReq(app_protocol=(_OFFER,)))
        line.exchange(frame_bytes(payload_type, schema_for(payload_type).encode(greeting)))
    finally:
        line.close()
    return (perf_counter_ns() - began) * NANO


def echo_greeted(port: int, tls: ssl.SSLContext) -> float:
    """The same at the echo. Raises OSError."""
    time.sleep(PAUSE)
    began = perf_counter_ns()
    line = Line(port, tls)
    try:
        line.say((43).to_bytes(4, "big") + (12).to_bytes(4, "big"))
        line.exchange(bytes(43), 12)
    finally:
        line.close()
    return (perf_counter_ns() - began) * NANO


def echoed(
    port: int, request: int, response: int, calls: int, breath: float = 0.0, *, tls: ssl.SSLContext | None = None
) -> Sequence[float]:
    """Seconds of `calls` exchanges of these sizes with the echo, `breath` seconds apart."""
    line = Line(port, tls)
    try:
        line.say(request.to_bytes(4, "big") + response.to_bytes(4, "big"))
        octets = bytes(request)
        times = []
        for _ in range(calls):
            time.sleep(breath)
            times.append(line.exchange(octets, response)[1])
        return times
    finally:
        line.close()
