"""`session.evcc.parking`: the car checks in to its parking space once services are selected, and out before it stops the session."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.parking import ParkingMethod, VehicleCheckInReq, VehicleCheckOutReq, VehicleCheckOutRes
from iso15118.messages.v20.service import Service, ServiceDetailReq, ServiceDiscoveryReq, ServiceList, ServiceParameterList
from iso15118.messages.v20.session import SessionStopReq
from iso15118.sequence.streams import BEGIN, Stream
from iso15118.sequence.timers import Timer
from iso15118.session.evcc import Config, Parking, begin
from iso15118.session.evcc.parking import ask
from iso15118.session.evcc.state import Aside
from iso15118.session.evcc.streams import closed
from iso15118.session.events import Elapsed, StopWanted
from iso15118.session.value_added import WantedVas, parking_status
from iso15118.value import replace
from tests.session.evcc.bench import HEADER, Bench

IN, OUT = WantedVas(66, (("IntendedService", 1),)), WantedVas(66, (("IntendedService", 2),))
STATUSES = ["CheckIn", "Processing", "Completed"], ["CheckOut", "Processing", "Completed"]


def parked(*wanted: WantedVas, **config: Any) -> Bench:
    """A car that wants these at a charger that offers ParkingStatus."""
    bench = Bench(Config(**{"loops": 3, "value_added": wanted, **config}))
    offered = ServiceList(service=(Service(service_id=66, free_service=True),))
    bench.charger.answers[ServiceDiscoveryReq] = lambda request, good: good.but(vas_list=offered)
    variants = ServiceParameterList(parameter_set=tuple(variant.to_wire() for variant in parking_status().variants))

    def detail(request: Any, good: Any) -> Any:
        return good if request.service_id != 66 else good.but(service_parameter_list=variants)

    bench.charger.answers[ServiceDetailReq] = detail
    return bench


def told(bench: Bench) -> tuple[list[str], list[str]]:
    """The statuses of check-in and of check-out, as they were sent."""
    assert all(stream is Stream.PARKING for stream, _ in bench.aside)
    coming = [str(m.ev_check_in_status) for _, m in bench.aside if isinstance(m, VehicleCheckInReq)]
    return coming, [str(m.ev_check_out_status) for _, m in bench.aside if isinstance(m, VehicleCheckOutReq)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [((), ([], [])), ((IN,), (STATUSES[0], [])), ((OUT,), ([], STATUSES[1])), ((IN, OUT), STATUSES), ((WantedVas(66),), (STATUSES[0], []))],
)
def test_a_session_with_what_was_taken(wanted: tuple[WantedVas, ...], expected: tuple[list[str], list[str]]) -> None:
    bench = parked(*wanted).run()
    assert bench.closed is not None
    assert bench.closed.clean
    assert bench.session.loops == 3
    assert told(bench) == expected


def test_check_in_comes_with_the_selection() -> None:
    bench = parked(IN, parking=Parking(ParkingMethod.AutoParking, 7, -8, 9)).run(dc.DC_ChargeParameterDiscoveryReq)
    ((_, request),) = bench.aside
    assert (request.parking_method, request.vehicle_frame, request.device_offset, request.vehicle_travel) == ("AutoParking", 7, -8, 9)


def test_the_session_is_stopped_after_check_out_only() -> None:
    bench = parked(OUT).run(SessionStopReq)
    assert told(bench) == ([], STATUSES[1])
    assert all(request.check_out_time == request.header.time_stamp for _, request in bench.aside)
    order = [message for message in bench.trace if hasattr(message, "message")]
    assert [type(send.message) for send in order[-4:]] == [VehicleCheckOutReq] * 3 + [SessionStopReq]  # type: ignore[attr-defined]


def test_what_lives_beside_the_loop_ends_with_it_but_not_the_parking_status() -> None:
    asides = {stream: Aside(BEGIN[stream]) for stream in BEGIN}
    assert set(closed(replace(begin(Config()), asides=asides)).asides) == {Stream.PARKING}


def test_a_driver_who_leaves_early_checks_out_too() -> None:
    bench = parked(IN, OUT).run(dc.DC_CableCheckReq)
    bench.feed(StopWanted("the driver leaves"))
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean
    assert told(bench) == STATUSES


def test_a_car_about_to_leave_comes_in_no_more() -> None:
    bench = parked(IN, OUT).run(dc.DC_ChargeParameterDiscoveryReq)
    bench.feed(StopWanted("the driver leaves"))
    bench.run()
    assert told(bench) == (["CheckIn"], STATUSES[1])


def test_a_charger_that_does_not_answer_there_ends_the_session() -> None:
    bench = parked(IN)
    bench.charger.answers[VehicleCheckInReq] = lambda request, good: None
    bench.run(dc.DC_ChargeParameterDiscoveryReq)
    bench.turn()
    assert bench.timers[Timer.PARKING_MESSAGE] == 2.0
    bench.feed(Elapsed(Timer.PARKING_MESSAGE))
    assert bench.closed is not None
    assert "parking status" in bench.closed.why
    assert bench.safe()


def test_a_charger_that_refuses_to_let_it_go_ends_the_session() -> None:
    bench = parked(OUT)
    bench.charger.answers[VehicleCheckOutReq] = lambda request, good: good.but(response_code=ResponseCode.FAILED)
    bench.run()
    assert bench.closed is not None
    assert f"{VehicleCheckOutRes.__name__} says FAILED" in bench.closed.why


def test_there_is_nothing_to_ask_without_the_service() -> None:
    with pytest.raises(LocalError):
        ask(begin(Config()), HEADER)
