"""`service.punctual`: what is late is counted by name, on the clock of the loop, and ends nothing."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.exi import Message
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes
from iso15118.messages.v20.delivery import PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.service import ServiceDetailReq, ServiceDetailRes
from iso15118.sequence.streams import Stream
from iso15118.service.car import CarConfig
from iso15118.service.pair import Pair, PairResult
from iso15118.service.punctual import Punctuality
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.session.services import ControlMode, ServiceID

MAIN = Stream.MAIN
Exchange = tuple[type[Message], type[Message]]


@pytest.mark.case("TIM-03")
@pytest.mark.parametrize(
    ("exchange", "allowed"),
    [
        ((PowerDeliveryReq, PowerDeliveryRes), 1.5),
        ((ServiceDetailReq, ServiceDetailRes), 4.5),
        ((DC_ChargeLoopReq, DC_ChargeLoopRes), 0.25),
    ],
)
def test_an_answer_has_its_time(exchange: Exchange, allowed: float) -> None:
    asked, answered = exchange
    side = Punctuality()
    for began, took in ((10.0, allowed - 0.01), (20.0, allowed), (30.0, allowed + 0.01), (40.0, allowed + 1.0)):
        side.heard(MAIN, asked, began)
        side.said(MAIN, answered, began + took)
    assert side.late == {answered.__name__: 2}
    assert side.told == f"{answered.__name__} 2"


@pytest.mark.parametrize(("before", "allowed"), [(DC_ChargeLoopReq, 0.25), (ServiceDetailReq, 40.0)])
def test_a_next_request_has_the_time_of_what_was_answered(before: type[Message], allowed: float) -> None:
    side, answer = Punctuality(), DC_ChargeLoopRes if before is DC_ChargeLoopReq else ServiceDetailRes
    for began, took in ((100.0, allowed - 0.01), (200.0, allowed + 0.01)):
        side.said(MAIN, before, began)
        side.heard(MAIN, answer, began + 0.1)
        side.said(MAIN, PowerDeliveryReq, began + 0.1 + took)
        side.heard(MAIN, PowerDeliveryRes, began + 60.0)
    assert side.late == {"PowerDeliveryReq": 1}


def test_streams_do_not_wait_for_each_other() -> None:
    side = Punctuality()
    side.heard(Stream.SCHEDULE, PowerDeliveryReq, 10.0)
    side.heard(MAIN, DC_ChargeLoopReq, 11.0)
    side.said(MAIN, DC_ChargeLoopRes, 11.1)
    side.said(Stream.SCHEDULE, PowerDeliveryRes, 11.4)
    assert side.told == ""


def test_who_speaks_first_is_not_late() -> None:
    side = Punctuality()
    side.said(MAIN, ServiceDetailReq, 1e6)
    assert side.late == {}


@pytest.mark.case("CLP-01", "CLP-02")
@pytest.mark.parametrize("mode", ControlMode)
def test_a_thousand_turns_in_time(mode: ControlMode) -> None:
    """Neither side is late on the clock of the session; and of a hundred answers not one takes a quarter of a second of real time."""

    async def main() -> PairResult:
        session = evcc.Config(services=(ServiceID.DC_BPT,), control_modes=(mode,), loops=1000)
        pair = Pair(car=CarConfig(session=session))
        result = await asyncio.wait_for(pair.run(), 3600)
        assert pair.driver is not None
        assert len(pair.driver.pace.waits) > 1000
        return result

    result = run(main())
    assert (result.clean, result.loops) == (True, 1000)
    assert (result.charger.late, result.car.late) == ((), ())
    assert sorted(result.answer_times)[int(0.99 * len(result.answer_times))] < 0.25


@pytest.mark.case("TIM-03")
def test_a_late_side_is_told_of_at_the_end_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> PairResult:
        pair = Pair(car=CarConfig(session=evcc.Config(loops=3)))

        def slow(pair: Pair) -> None:
            assert pair.charger is not None
            pair.charger.punctuality.heard(MAIN, DC_ChargeLoopReq, -1.0)
            pair.charger.punctuality.said(MAIN, DC_ChargeLoopRes, 0.0)

        asyncio.get_running_loop().call_later(1.0, slow, pair)
        return await pair.run()

    caplog.set_level("INFO")
    result = run(main())
    assert result.clean
    assert result.charger.late == (("DC_ChargeLoopRes", 1),)
    assert any("late: DC_ChargeLoopRes 1" in record.getMessage() for record in caplog.records)
