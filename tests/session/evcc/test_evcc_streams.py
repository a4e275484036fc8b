"""`session.evcc.streams`: the car negotiates its schedule anew and confirms readings, while the charge loop goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.v20 import dc
from iso15118.messages.v20 import delivery as pd
from iso15118.messages.v20 import metering as mt
from iso15118.messages.v20 import schedule as se
from iso15118.messages.v20.common import EVSENotification, MeterInfo, Processing, ResponseCode
from iso15118.messages.v20.rational import number
from iso15118.sequence.streams import PAYLOAD_TYPES, Stream
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Arm, Disarm, Send
from iso15118.session.evcc import Config
from iso15118.session.evcc.state import Rest
from iso15118.session.events import Elapsed, NotificationWanted, Received, Sent, StopWanted
from iso15118.session.services import ControlMode, ServiceID
from tests.session.evcc.bench import DYNAMIC, SCHEDULED, SESSION_ID, Bench, loop_response, schedule_tuple

RENEW = EVSENotification.ScheduleRenegotiation
CONFIRM = EVSENotification.MeteringConfirmation
READING = MeterInfo(meter_id="M1", charged_energy_reading_wh=4711, bpt_discharged_energy_reading_wh=12, meter_timestamp=5)
MODES = pytest.mark.parametrize("modes", [SCHEDULED, DYNAMIC])
THREE = ["DC_ChargeParameterDiscoveryReq", "ScheduleExchangeReq", "PowerDeliveryReq"]


def looping(loops: int = 2, **config: Any) -> Bench:
    """A car that has had so many pairs of the charge loop and waits for the next response."""
    bench = Bench(Config(**config)).run(dc.DC_ChargeLoopReq)
    while bench.session.loops < loops or bench.session.outstanding is None:
        bench.turn()
    return bench


def wishing(wish: EVSENotification, *, times: int = 1, **fields: Any) -> Callable[[Any, Any], Message]:
    """Answers of the loop that ask for something so many times, and then are good ones."""
    left = [times]

    def answer(request: Any, good: Any) -> Message:
        left[0] -= 1
        status = wish if left[0] >= 0 else None
        return loop_response(type(request.control_mode), notification=status, header=good.header, **(fields if status else {}))

    return answer


def names(bench: Bench) -> list[str]:
    return [type(message).__name__ for _, message in bench.aside]


def played(bench: Bench, loops: int) -> Bench:
    """On until so many pairs of the loop have been."""
    for _ in range(200):
        if bench.closed or bench.session.loops >= loops:
            break
        bench.turn()
    return bench


# Schedules.


@MODES
@pytest.mark.case("REN-01")
def test_the_car_follows_the_wish_for_a_new_schedule_at_once(modes: tuple[ControlMode, ...]) -> None:
    bench = looping(control_modes=modes)
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW, times=1)
    at = bench.world.now
    bench.turn()
    assert names(bench) == THREE[:1]
    assert bench.world.now - at < 1.0
    played(bench, 8)
    assert names(bench) == THREE
    assert {stream for stream, _ in bench.aside} == {Stream.SCHEDULE}
    assert (bench.session.renewals, bench.closed, dict(bench.session.asides)) == (1, None, {})


def test_the_request_of_a_side_stream_has_its_payload_type_and_goes_ahead_of_the_loop() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    commands = bench.turn()
    sends = [(command.payload_type, type(command.message)) for command in commands if isinstance(command, Send)]
    assert sends == [(0x8101, dc.DC_ChargeParameterDiscoveryReq)]
    assert Timer.PACE in [command.timer for command in commands if isinstance(command, Arm)]


def test_a_repeated_wish_is_followed_once_at_a_time() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW, times=3)
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(evse_processing=Processing.Ongoing)
    played(bench, 6)
    assert names(bench)[:1] == THREE[:1]
    assert names(bench).count("DC_ChargeParameterDiscoveryReq") == 1


@MODES
@pytest.mark.case("REN-02")
def test_the_car_may_begin_by_its_own_plan(modes: tuple[ControlMode, ...]) -> None:
    bench = played(Bench(Config(renew_schedule_after=3, loops=8, control_modes=modes)).run(dc.DC_ChargeLoopReq), 2)
    assert names(bench) == []
    played(bench, 5)
    assert names(bench) == THREE
    bench.run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.session.renewals, bench.session.loops) == (True, 1, 8)


def test_the_driver_may_want_another_schedule_before_the_loop_has_begun() -> None:
    """It is asked for after the first pair [V2G20-1846]."""
    bench = Bench(Config()).run(se.ScheduleExchangeReq)
    bench.feed(NotificationWanted(RENEW, "I stay longer"))
    bench.run(dc.DC_ChargeLoopReq)
    assert names(bench) == []
    bench.turn()
    assert names(bench) == THREE[:1]
    assert played(bench, 4).session.renewals == 1


def test_a_new_schedule_bounds_the_next_request_and_not_the_one_before() -> None:
    """[V2G20-1050] [V2G20-1051]: 50 kW at 390 V is more than 100 A, 3.9 kW is 10 A."""
    bench = looping(control_modes=SCHEDULED)
    offer = se.Scheduled_SEResControlMode(schedule_tuple=(schedule_tuple(9, (86_400, 3_900.0), back=((86_400, -1_000.0),)),))
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(control_mode=offer)
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    assert number(bench.last.control_mode.ev_target_current) == 100.0
    bench.turn()
    for _ in range(2):
        bench.turn()
        assert bench.session.chosen is not None
        assert bench.session.chosen.id == 7
    played(bench, 6)
    assert bench.session.chosen.id == 9
    assert number(bench.last.control_mode.ev_target_current) == pytest.approx(10.0)
    delivery = bench.aside[-1][1]
    assert delivery.charge_progress is pd.ChargeProgress.ScheduleRenegotiation
    assert delivery.ev_power_profile.control_mode.selected_schedule_tuple_id == 9


def test_a_charger_that_still_plans_is_asked_again_unchanged() -> None:
    """[V2G20-1582]: unchanged but for its time stamp; the loop goes on meanwhile."""
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    answers = iter([Processing.Ongoing, Processing.Ongoing, Processing.Finished])
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(evse_processing=next(answers))
    played(bench, 8)
    assert names(bench) == [THREE[0], *[THREE[1]] * 3, THREE[2]]
    asked = [message for _, message in bench.aside[1:4]]
    assert len({message.header.time_stamp for message in asked}) == 3
    assert len({repr(message.but(header=asked[0].header)) for message in asked}) == 1
    assert Timer.SCHEDULE_ONGOING not in bench.timers


def test_a_charger_that_plans_for_ever_ends_the_session() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(evse_processing=Processing.Ongoing)
    played(bench, 5)
    assert bench.timers[Timer.SCHEDULE_ONGOING] == 60.0
    bench.feed(Elapsed(Timer.SCHEDULE_ONGOING))
    assert bench.closed is not None
    assert bench.safe()


def test_a_side_stream_has_its_own_message_timer() -> None:
    """2 s from when the request has left; the loop's is not touched [V2G20-1041]."""
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.turn()
    commands = bench.feed(Sent(Stream.SCHEDULE))
    assert [(c.timer, c.seconds) for c in commands if isinstance(c, Arm)] == [(Timer.SCHEDULE_MESSAGE, 2.0)]
    answer = bench.charger.answer(bench.aside[-1][1])
    assert answer is not None
    commands = bench.feed(Received(answer, 0x8101))
    assert [c.timer for c in commands if isinstance(c, Disarm)] == [Timer.SCHEDULE_MESSAGE]


@pytest.mark.parametrize("stream", [Stream.SCHEDULE, Stream.METERING])
def test_silence_on_a_side_stream_ends_the_session(stream: Stream) -> None:
    """The same rules hold on side streams [V2G20-1042]."""
    bench = looping()
    wish = RENEW if stream is Stream.SCHEDULE else CONFIRM
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(wish, meter_info=READING)
    bench.turn()
    timer = Timer.SCHEDULE_MESSAGE if stream is Stream.SCHEDULE else Timer.METERING_MESSAGE
    bench.feed(Sent(stream))
    bench.feed(Elapsed(timer))
    assert bench.closed is not None
    assert bench.closed.clean is False
    assert bench.safe()


def test_a_timer_that_was_overtaken_says_nothing() -> None:
    bench = looping()
    for timer in (Timer.SCHEDULE_MESSAGE, Timer.METERING_MESSAGE, Timer.SCHEDULE_ONGOING, Timer.SCHEDULE_PACE):
        assert bench.feed(Elapsed(timer)) == ()


def test_a_refusal_on_a_side_stream_ends_the_session() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    code = ResponseCode.FAILED_WrongChargeParameter
    bench.charger.answers[dc.DC_ChargeParameterDiscoveryReq] = lambda request, good: good.but(response_code=code)
    played(bench, 6)
    assert bench.closed is not None
    assert "FAILED_WrongChargeParameter" in bench.closed.why
    assert bench.safe()


def test_an_answer_to_nothing_on_a_side_stream_is_passed_over() -> None:
    bench = looping()
    answer = bench.charger.good(bench.last)
    assert isinstance(answer, dc.DC_ChargeLoopRes)
    bench.feed(Received(answer, 0x8101))
    assert bench.notes[-1:] == ["DC_ChargeLoopRes was not awaited and is ignored"]
    assert bench.session.outstanding is not None


def test_new_limits_that_do_not_suit_the_battery_end_the_session_in_order() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.charger.answers[dc.DC_ChargeParameterDiscoveryReq] = lambda request, good: good.but(
        energy_transfer_mode=good.energy_transfer_mode.but(evse_maximum_voltage=good.energy_transfer_mode.evse_minimum_voltage)
    )
    bench.run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.session.stop_code) == (True, "IncompatibleLimits")
    assert names(bench) == THREE[:1]


def test_on_the_way_out_nothing_more_is_asked_aside() -> None:
    """[V2G20-1446]: also what was under way ends with the loop."""
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.turn()
    bench.feed(StopWanted("the driver"))
    bench.run()
    assert names(bench) == THREE[:1]
    assert bench.closed is not None
    assert bench.closed.clean is True


def test_a_pause_wanted_meanwhile_ends_what_is_under_way() -> None:
    """The loop is left for it, and nothing more is asked beside it."""
    bench = looping(control_modes=DYNAMIC, on_pause=Rest.PAUSE)
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.charger.answers[se.ScheduleExchangeReq] = lambda request, good: good.but(evse_processing=Processing.Ongoing)
    played(bench, 4)
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(EVSENotification.Pause, times=99)
    for _ in range(200):
        if bench.closed:
            break
        bench.turn()
    assert bench.closed is not None
    assert bench.closed.clean is True
    assert names(bench)[-1] == "ScheduleExchangeReq"


def test_a_wish_on_the_way_out_is_not_followed() -> None:
    bench = looping(loops=2)
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW, times=99)
    bench.feed(StopWanted("the driver"))
    bench.run()
    assert names(bench) == []


@pytest.mark.case("REN-05")
def test_a_failed_renegotiation_is_told_and_tried_again() -> None:
    """The charger warns and asks once more [V2G20-2235]."""
    bench = looping()
    code = ResponseCode.WARNING_ScheduleRenegotiationFailed
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW, response_code=code)
    played(bench, 6)
    assert names(bench) == THREE
    assert bench.notes == ["DC_ChargeLoopRes says WARNING_ScheduleRenegotiationFailed"]


def test_where_the_charger_wishes_for_another_schedule_at_once_it_gets_one() -> None:
    """A tolerance that was not agreed on comes with the wish to negotiate again [V2G20-1954]."""
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    again = iter([loop_response(dc.Dynamic_DC_CLReqControlMode, notification=RENEW).evse_status, None])

    def delivered(request: Any, good: Any) -> Message:
        renewing = request.charge_progress is pd.ChargeProgress.ScheduleRenegotiation
        return good.but(evse_status=next(again)) if renewing else good

    bench.charger.answers[pd.PowerDeliveryReq] = delivered
    played(bench, 8)
    assert names(bench) == THREE * 2
    assert bench.session.renewals == 2


def test_a_wish_of_the_driver_meanwhile_is_not_lost() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.turn()
    bench.feed(NotificationWanted(RENEW, "I stay longer"))
    assert names(bench) == THREE[:1]
    played(bench, 8)
    assert names(bench) == THREE * 2


def test_a_car_on_alternating_current_negotiates_alike() -> None:
    config = Config(services=(ServiceID.AC,), renew_schedule_after=2, loops=5)
    bench = Bench(config, alternating=True, bidirectional=False).run()
    assert bench.closed is not None
    assert (bench.closed.clean, bench.closed.why) == (True, "5 exchanges done")
    assert names(bench) == ["AC_ChargeParameterDiscoveryReq", *THREE[1:]]


def test_the_frames_of_a_renegotiation_are_read_in_the_set_that_is_due() -> None:
    bench = looping()
    assert bench.session.renegotiated_in == ("DC", "CommonMessages")
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.turn()
    assert bench.session.renegotiated_in == ("DC", "CommonMessages")
    bench.turn()
    assert bench.session.renegotiated_in == ("CommonMessages", "DC")


def test_after_an_exchange_of_the_loop_at_the_earliest() -> None:
    with pytest.raises(LocalError, match="after 1 exchange"):
        Config(renew_schedule_after=0)


# Readings.


@MODES
@pytest.mark.case("NOT-07")
def test_the_car_confirms_the_reading_as_it_was_told(modes: tuple[ControlMode, ...]) -> None:
    bench = looping(control_modes=modes)
    loops = bench.session.loops
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(CONFIRM, meter_info=READING)
    played(bench, loops + 4)
    ((stream, asked),) = bench.aside
    data = asked.signed_metering_data
    assert stream is Stream.METERING
    assert PAYLOAD_TYPES[stream] == 0x8102
    assert (data.session_id, data.meter_info, data.receipt) == (SESSION_ID, READING, None)
    dynamic = modes is DYNAMIC
    mode = mt.Dynamic_SMDTControlMode() if dynamic else mt.Scheduled_SMDTControlMode(selected_schedule_tuple_id=7)
    assert data.control_mode == mode
    assert (bench.session.confirmed, bench.session.unconfirmed) == (READING, None)
    assert (bench.session.loops, bench.closed) == (loops + 4, None)


def test_both_side_streams_at_once() -> None:
    bench = looping()
    told = iter([(RENEW, None), (CONFIRM, READING)])

    def answer(request: Any, good: Any) -> Message:
        wish, meter = next(told, (None, None))
        return loop_response(type(request.control_mode), notification=wish, header=good.header, meter_info=meter)

    bench.charger.answers[dc.DC_ChargeLoopReq] = answer
    bench.charger.answers[dc.DC_ChargeParameterDiscoveryReq] = lambda request, good: None
    bench.turn()
    bench.wait(0.25)
    bench.feed(Elapsed(Timer.PACE))
    bench.feed(Received(answer(bench.last, bench.charger.good(bench.last)), 0x8004))
    assert set(bench.session.asides) == {Stream.SCHEDULE, Stream.METERING}
    assert names(bench) == ["DC_ChargeParameterDiscoveryReq", "MeteringConfirmationReq"]


@pytest.mark.parametrize("why", ["no reading", "first pair"])
def test_a_confirmation_without_ground_is_told_and_passed_over(why: str) -> None:
    """[V2G20-1083] [V2G20-1622]."""
    bench = Bench(Config()).run(dc.DC_ChargeLoopReq) if why == "first pair" else looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(CONFIRM, meter_info=READING if why == "first pair" else None)
    played(bench, 4)
    assert bench.aside == []
    assert bench.notes == ["the charger asks for MeteringConfirmation, which is not followed"]


def test_a_refused_confirmation_ends_the_session() -> None:
    bench = looping()
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(CONFIRM, meter_info=READING)
    code = ResponseCode.FAILED_MeteringSignatureNotValid
    bench.charger.answers[mt.MeteringConfirmationReq] = lambda request, good: good.but(response_code=code)
    played(bench, 6)
    assert bench.closed is not None
    assert "FAILED_MeteringSignatureNotValid" in bench.closed.why


def test_a_charger_that_does_not_read_a_side_stream_is_left() -> None:
    bench = looping()
    bench.feed(Sent())
    bench.charger.answers[dc.DC_ChargeLoopReq] = wishing(RENEW)
    bench.turn()
    bench.feed(Elapsed(Timer.WRITE))
    assert bench.closed is not None
    assert bench.closed.why == "the charger does not read our requests"
