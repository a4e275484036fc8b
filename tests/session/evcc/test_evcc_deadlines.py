"""`session.evcc`: the timers of single requests and of phases."""

from __future__ import annotations

import pytest

from iso15118.exi import Message
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq, DC_PreChargeReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.service import ServiceDetailReq
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.sequence.timers import Timer, Times
from iso15118.session.commands import Apply
from iso15118.session.evcc import Config
from iso15118.session.events import Connected, Elapsed, Sent
from tests.session.evcc.bench import PHASES, Bench

pytestmark = pytest.mark.long

# Timers around one request.


@pytest.mark.parametrize("kind", PHASES)
def test_each_request_is_written_in_time_and_answered_in_time(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    assert bench.timers[Timer.WRITE] == 0.5
    assert Timer.MESSAGE not in bench.timers
    bench.feed(Sent())
    assert Timer.WRITE not in bench.timers
    assert bench.timers[Timer.MESSAGE] == {DC_ChargeLoopReq: 0.5, ServiceDetailReq: 5.0}.get(kind, 2.0)
    bench.feed(Elapsed(Timer.MESSAGE))
    assert bench.closed is not None
    assert kind.__name__ in bench.closed.why
    assert not bench.closed.clean
    assert bench.safe()


def test_a_slow_counterparty_may_be_given_longer_in_the_loop() -> None:
    bench = Bench(Config(times=Times(charge_loop=2.5))).run(DC_ChargeLoopReq)
    bench.feed(Sent())
    assert bench.timers[Timer.MESSAGE] == 2.5


@pytest.mark.parametrize("kind", PHASES)
def test_a_charger_that_does_not_read(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    bench.feed(Elapsed(Timer.WRITE))
    assert bench.closed is not None
    assert bench.safe()


def test_a_response_that_overtakes_the_report_of_the_writing() -> None:
    bench = Bench().run(AuthorizationReq)
    bench.answer()
    assert bench.session.writing == 2
    bench.feed(Sent())
    assert Timer.MESSAGE not in bench.timers
    bench.feed(Sent())
    assert bench.timers[Timer.MESSAGE] == 2.0
    assert Timer.WRITE not in bench.timers


def test_a_pause_has_no_message_timer() -> None:
    bench = Bench().run(DC_ChargeLoopReq)
    bench.answer()
    bench.feed(Sent())
    assert Timer.MESSAGE not in bench.timers


@pytest.mark.parametrize("timer", Timer)
@pytest.mark.parametrize("kind", PHASES)
def test_a_timer_that_was_overtaken_says_nothing(kind: type[Message], timer: Timer) -> None:
    """Of all timers only those that run at this moment may do anything."""
    bench = Bench(Config(loops=1)).run(kind)
    bench.feed(Sent())
    if timer in bench.timers:
        return
    assert bench.feed(Elapsed(timer)) == ()
    assert bench.closed is None


# Timers of phases.


@pytest.mark.case("TIM-04")
def test_the_setup_of_a_session_is_limited() -> None:
    bench = Bench()
    bench.feed(Connected())
    assert bench.timers[Timer.SETUP] == 20.0
    bench.run(SessionSetupReq)
    assert Timer.SETUP in bench.timers
    late = Bench().run(SessionSetupReq)
    late.feed(Elapsed(Timer.SETUP))
    assert late.closed is not None
    assert late.safe()
    bench.turn()
    assert Timer.SETUP not in bench.timers


@pytest.mark.case("CAB-04")
@pytest.mark.parametrize(
    ("kind", "timer", "seconds"), [(DC_CableCheckReq, Timer.CABLE_CHECK, 40.0), (DC_PreChargeReq, Timer.PRE_CHARGE, 10.0)]
)
@pytest.mark.parametrize("pausing", [True, False])
def test_cable_check_and_pre_charge_are_limited(kind: type[Message], timer: Timer, seconds: float, pausing: bool) -> None:
    bench = Bench()
    bench.precharges = False
    bench.run(kind)
    assert bench.timers[timer] == seconds
    if pausing:
        bench.answer(**{"evse_processing": Processing.Ongoing} if kind is DC_CableCheckReq else {})
        assert Timer.PACE in bench.timers
    bench.feed(Elapsed(timer))
    assert bench.closed is not None
    assert bench.safe()
    assert not any(isinstance(c, Apply) and c.setpoint.contactor for c in bench.trace)


@pytest.mark.case("AUT-20")
@pytest.mark.parametrize("kind", [AuthorizationReq, ScheduleExchangeReq])
def test_an_endless_ongoing(kind: type[Message]) -> None:
    bench = Bench().run(kind)
    bench.answer(evse_processing=Processing.Ongoing)
    assert bench.timers[Timer.ONGOING] == 60.0
    del bench.timers[Timer.ONGOING]
    bench.turn()
    bench.answer(evse_processing=Processing.Ongoing)
    assert Timer.ONGOING not in bench.timers  # counted from the first, not started anew
    bench.feed(Elapsed(Timer.ONGOING))
    assert bench.closed is not None
    assert "60 s" in bench.closed.why
    assert bench.safe()


@pytest.mark.case("AUT-20")
def test_a_person_may_take_longer() -> None:
    bench = Bench().run(AuthorizationReq)
    bench.answer(evse_processing=Processing.Ongoing)
    bench.wait(50.0)
    bench.turn()
    bench.answer(evse_processing=Processing.Ongoing_WaitingForCustomerInteraction)
    assert bench.timers[Timer.ONGOING] == pytest.approx(190.0 - 50.2)
    armed = bench.timers.pop(Timer.ONGOING)
    bench.turn()
    bench.answer(evse_processing=Processing.Ongoing)
    assert Timer.ONGOING not in bench.timers
    assert armed > 60.0
    bench.turn()
    bench.answer()
    assert type(bench.last).__name__ == "ServiceDiscoveryReq"
    assert bench.session.ongoing_since is None
